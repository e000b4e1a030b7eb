"""What an alias may be called, and which names look alike.

A name is a path: 1 to 32 parts between slashes, 255 characters at most, in Unicode's composed form (NFC). Two names
that a reader cannot tell apart are one: they share a *skeleton*, in which case does not matter and letters of other
scripts stand as the plain letters that they look like (Unicode's table of confusables, UTS 39). Among plain letters
``1`` and ``l`` stay two, since part numbers differ by them.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Final

from confusable_homoglyphs import confusables

from mememime_proxy.errors import AliasNameError

MAX_LENGTH: Final = 255
MAX_PARTS: Final = 32
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
            if not character.isascii() and character.isalpha() and _prototype(character).isascii():
                raise AliasNameError(
                    f"found {character!r} (U+{ord(character):04X}) among plain letters, one of which it looks like"
                )


def skeleton(name: str) -> str:
    """What a reader sees in ``name`` (a normalised one): equal for names that must not both be there."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return unicodedata.normalize("NFC", "".join(_prototype(c) for c in folded))


@cache
def _prototype(character: str) -> str:
    """The letter that stands for all that look like ``character``: a plain one, where there is one among them."""
    if character.isascii():
        return character
    alike: list[str] = [entry["c"] for entry in confusables.confusables_data.get(character, ()) if len(entry["c"]) == 1]
    plain = sorted(c.lower() for c in alike if c.isascii() and c.isalnum())
    # A letter in a script of its own stays: only what can pass for a plain letter, or for a lower one, is another's.
    return plain[0] if plain else min([character, *(c for c in alike if not c.isascii())])
