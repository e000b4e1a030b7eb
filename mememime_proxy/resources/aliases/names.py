"""What an alias may be called, and which names look alike.

A name is a path: 1 to 32 parts between slashes, 255 characters at most, in Unicode's composed form (NFC). Two names
that a reader cannot tell apart are one: they share a *skeleton*, in which case does not matter and letters of other
scripts stand as the plain letters that they, or their capitals, look like (Unicode's table of confusables, UTS 39).
Among plain letters ``1`` and ``l`` stay two, since part numbers differ by them; and a letter whose two cases look like
two different plain ones stands for that of its small form (Greek U+03BD and U+039D: ``v``, never ``n``).
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Final

from confusable_homoglyphs import confusables

from mememime_proxy.errors import AliasNameError

MAX_LENGTH: Final = 255
MAX_PARTS: Final = 32
_ROUNDS: Final = 8
"""A prototype may have a small form or a simpler spelling, and that one a prototype; more than are ever needed."""
_SMALL_CAPITAL: Final = "LATIN LETTER SMALL CAPITAL "
_MARK: Final = "\u200e"
_FORBIDDEN: Final = frozenset("\\?#%")
"""Characters that mean something in URLs, or to other systems."""
_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
"""Control and format characters, what Unicode has not assigned or left to others, surrogates, and line separators."""


def normalised(name: str) -> str:
    """The one spelling of ``name``. AliasNameError says what is wrong with it."""
    try:
        name.encode()
    except UnicodeEncodeError:
        raise AliasNameError("expected valid Unicode") from None
    if len(name) > 4 * MAX_LENGTH:
        raise AliasNameError(f"found {len(name)} characters, at most {MAX_LENGTH} are allowed")
    found = unicodedata.normalize("NFC", name)
    if not 0 < len(found) <= MAX_LENGTH:
        raise AliasNameError(f"found {len(found)} characters, expected 1 to {MAX_LENGTH}")
    for character in found:
        if character in _FORBIDDEN or unicodedata.category(character) in _CATEGORIES:
            raise AliasNameError(f"found the character U+{ord(character):04X}, which names may not have")
        if character != " " and unicodedata.category(character) == "Zs":
            raise AliasNameError(f"found the space U+{ord(character):04X}, expected the plain one")
    parts = found.split("/")
    if len(parts) > MAX_PARTS:
        raise AliasNameError(f"found {len(parts)} parts, at most {MAX_PARTS} are allowed")
    for part in parts:
        _check_part(part)
    return found


def _check_part(part: str) -> None:
    if not part:
        raise AliasNameError("found an empty part: a slash stands between two parts, and nowhere else")
    if part.startswith("."):
        raise AliasNameError(f"found the part {part!r}, which begins with a full stop")
    if part != part.strip():
        raise AliasNameError(f"found the part {part!r}, with spaces around it")
    if unicodedata.combining(part[0]):
        raise AliasNameError(f"found the part {part!r}, which begins with a mark that belongs to a letter before it")
    if any(c.isascii() and c.isalpha() for c in part):
        for character in part:
            if character.isalpha() and not unicodedata.name(character, "").startswith("LATIN ") and _plain(character):
                raise AliasNameError(
                    f"found {character!r} (U+{ord(character):04X}) among plain letters, one of which it looks like"
                )


def skeleton(name: str) -> str:
    """What a reader sees in ``name`` (a normalised one): equal for names that must not both be there."""
    found = name
    for _ in range(_ROUNDS):
        folded = unicodedata.normalize("NFKC", found).casefold()
        seen = unicodedata.normalize("NFC", "".join(_prototype(c) for c in folded))
        if seen == found:
            break
        found = seen
    return found


@cache
def _prototype(character: str) -> str:
    """What stands for all that look like ``character``: plain letters, where they do."""
    if character.isascii():
        return character
    plain = _plain(character) or _plain(character.upper())
    if plain:
        return plain.lower()
    described = unicodedata.name(character, "")
    if described.startswith(_SMALL_CAPITAL) and len(described) == len(_SMALL_CAPITAL) + 1:
        return described[-1].lower()
    return _centre(character)


def _plain(character: str) -> str:
    """The plain letter or digit that ``character`` looks like as it is; '' where there is none."""
    found = _centre(character)
    return found if len(found) == 1 and found.isascii() and found.isalnum() else ""


def _centre(character: str) -> str:
    """UTS 39's prototype. The table has lost the direction: it is what many look like, or several characters."""
    if character.isascii():
        return character
    alike = _alike(character)
    if len(alike) != 1:
        return character  # it is a prototype itself, or looks like nothing else
    other = alike[0]
    if _MARK in other:  # letters that run from right to left stand between marks, and are nobody's prototype
        return character
    if len(_alike(other)) > 1 or len(other) > 1 or other.isascii():
        return other
    return min(character, other)


def _alike(text: str) -> list[str]:
    return [entry["c"] for entry in confusables.confusables_data.get(text, ())]
