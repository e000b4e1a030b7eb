"""Names of aliases: validation, normalisation, and the skeletons of confusable names.

A name is a path: 1 to 32 parts between slashes, 255 characters at most, in Unicode's composed form (NFC). Confusable
names have the same *skeleton* (UTS 39): case is folded, and a letter of another script becomes the ASCII letter that
it, or its capital, looks like. Two rules differ from UTS 39. ``1`` and ``l`` stay different, since part numbers use
both. A letter whose two cases look like two different ASCII letters becomes the one of its small form (Greek U+03BD
and U+039D: ``v``, never ``n``).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

from confusable_homoglyphs import confusables

from mememime_proxy.errors import AliasNameError

MAX_LENGTH: Final = 255
MAX_PARTS: Final = 32
_ROUNDS: Final = 8
"""Limit of iterations: a prototype may fold to a character that has a prototype itself. Unicode needs fewer."""
_SMALL_CAPITAL: Final = "LATIN LETTER SMALL CAPITAL "
_DIRECTION_MARK: Final = "\u200e"
_FORBIDDEN: Final = frozenset("\\?#%")
"""Characters with a meaning in URLs or in file paths."""
_PLAIN: Final = re.compile(r"[\w ./~!@+,=-]*", re.ASCII)
"""Names of characters that are all allowed, which need no look at each."""
_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
"""Control and format characters, unassigned and private ones, surrogates, and line separators."""


def normalise(name: str) -> str:
    """Return ``name`` in NFC. Raises AliasNameError for an invalid name."""
    try:
        name.encode()
    except UnicodeEncodeError:
        raise AliasNameError("expected valid Unicode") from None
    if len(name) > 4 * MAX_LENGTH:
        raise AliasNameError(f"found {len(name)} characters, at most {MAX_LENGTH} are allowed")
    normal = unicodedata.normalize("NFC", name)
    if not 0 < len(normal) <= MAX_LENGTH:
        raise AliasNameError(f"found {len(normal)} characters, expected 1 to {MAX_LENGTH}")
    if not _PLAIN.fullmatch(normal):
        for character in normal:
            _check_character(character)
    parts = normal.split("/")
    if len(parts) > MAX_PARTS:
        raise AliasNameError(f"found {len(parts)} parts, at most {MAX_PARTS} are allowed")
    for part in parts:
        _check_part(part)
    return normal


def _check_character(character: str) -> None:
    if character in _FORBIDDEN or unicodedata.category(character) in _CATEGORIES:
        raise AliasNameError(f"found the character U+{ord(character):04X}, which is not allowed in names")
    if character != " " and unicodedata.category(character) == "Zs":
        raise AliasNameError(f"found the space U+{ord(character):04X}, expected U+0020")


def _check_part(part: str) -> None:
    if not part:
        raise AliasNameError("found an empty part: a name has no leading, trailing or double slash")
    if part.startswith("."):
        raise AliasNameError(f"found the part {part!r}, which begins with a full stop")
    if part != part.strip():
        raise AliasNameError(f"found the part {part!r}, with spaces around it")
    if unicodedata.combining(part[0]):
        raise AliasNameError(f"found the part {part!r}, which begins with a combining mark")
    if not part.isascii() and any(c.isascii() and c.isalpha() for c in part):
        for character in part:
            if (
                character.isalpha()
                and not unicodedata.name(character, "").startswith("LATIN ")
                and _ascii_lookalike(character)
            ):
                raise AliasNameError(
                    f"found {character!r} (U+{ord(character):04X}) among ASCII letters, one of which it looks like"
                )


def skeleton(name: str) -> str:
    """Return the skeleton of a normalised name: equal for names that look alike."""
    form = name
    for _ in range(_ROUNDS):
        folded = unicodedata.normalize("NFKC", form).casefold()
        next_form = unicodedata.normalize("NFC", "".join(_prototype(c) for c in folded))
        if next_form == form:
            break
        form = next_form
    return form


@cache
def _prototype(character: str) -> str:
    """Return the replacement of ``character`` in a skeleton: the ASCII letter that it looks like, if there is one."""
    if character.isascii():
        return character
    lookalike = _ascii_lookalike(character) or _ascii_lookalike(character.upper())
    if lookalike:
        return lookalike.lower()
    description = unicodedata.name(character, "")
    if description.startswith(_SMALL_CAPITAL) and len(description) == len(_SMALL_CAPITAL) + 1:
        return description[-1].lower()
    return _table_prototype(character)


def _ascii_lookalike(character: str) -> str:
    """Return the ASCII letter or digit that ``character`` looks like without a change of case; '' = none."""
    prototype = _table_prototype(character)
    return prototype if len(prototype) == 1 and prototype.isascii() and prototype.isalnum() else ""


def _table_prototype(character: str) -> str:
    """Return the prototype of UTS 39.

    The package's table has pairs without a direction; the prototype is the one with several partners or characters.
    """
    if character.isascii():
        return character
    partners = _confusables(character)
    if len(partners) != 1:
        return character  # a prototype itself, or without a confusable one
    partner = partners[0]
    if _DIRECTION_MARK in partner:  # right-to-left letters, which the table writes between marks, are no prototypes
        return character
    if len(_confusables(partner)) > 1 or len(partner) > 1 or partner.isascii():
        return partner
    return min(character, partner)


def _confusables(text: str) -> list[str]:
    return [entry["c"] for entry in confusables.confusables_data.get(text, ())]
