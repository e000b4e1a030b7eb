"""Slugs: names that the service takes, made of any file name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from mememime_proxy.errors import AliasNameError
from mememime_proxy.service.alias_names import normalise, skeleton

_HYPHENS: Final = re.compile(r"-{2,}")
_PUNCTUATION: Final = frozenset("._")


def slug(path: str) -> str:
    """Return a path with each part as a slug; a part without a letter or digit is left out.

    Letters are small, ASCII letters have no accents, other scripts stay. Anything else but ``.`` and ``_`` becomes a
    hyphen. A letter among ASCII letters that only looks like one of them becomes that one.
    """
    return "/".join(filter(None, map(_part, path.split("/"))))


def _part(part: str) -> str:
    text = part.encode("utf-8", "replace").decode()  # bytes that are not UTF-8, which Python escapes, become ?
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    text = _HYPHENS.sub("-", "".join(_letters(text))).strip("-._")
    while text and unicodedata.combining(text[0]):
        text = text[1:]
    if not any(letter.isalnum() for letter in text):
        return ""
    try:
        return normalise(text)
    except AliasNameError:
        return skeleton(text)


def _letters(text: str) -> Iterator[str]:
    is_plain = False
    for letter in text:
        if is_plain and unicodedata.combining(letter):
            continue  # a further accent of a letter that has none here
        replaced = _letter(letter)
        is_plain = replaced.isascii() and replaced.isalpha()
        yield replaced


def _letter(letter: str) -> str:
    base = unicodedata.normalize("NFD", letter)[0]
    if base.isascii() and base.isalpha():
        return base
    return letter if letter.isalnum() or unicodedata.combining(letter) or letter in _PUNCTUATION else "-"
