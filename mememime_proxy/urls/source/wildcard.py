"""Patterns with ``*``, for URL replacements and allowed sources.

``*`` stands for any text without a slash. As a regular expression a pattern with several stars would backtrack: k stars
could cost n to the power of k steps on a source of n characters. Here it is one pass over the text for each star.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

_AUTHORITY = re.compile(r"https?://[^/]*")
_SLASH = frozenset("/")
_HOST_END = frozenset("/?#@\\")
_AFTER_HOST = re.compile(r"[/?#]|:[0-9]|\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Match:
    """A pattern matched the text from its start to ``end``. ``groups``: what each star stood for."""

    end: int
    groups: tuple[str, ...]


class Wildcard:
    """One pattern, matched at the start of a text. Each star takes as much as it can, the first one first.

    With ``strict_host`` nothing escapes from the host of a web address: there a star also ends at ``?``, ``#``, ``@``
    and a backslash, and a pattern that ends with a whole host name (``https://example.com``) does not match a longer
    one (``https://example.com.evil.net``).
    """

    def __init__(self, pattern: str, *, strict_host: bool = False) -> None:
        self._literals = pattern.split("*")
        authority = _AUTHORITY.match(pattern) if strict_host else None
        in_host = authority.group().count("*") if authority else 0
        self._stops = [_HOST_END if star < in_host else _SLASH for star in range(len(self._literals) - 1)]
        self._bounded = authority is not None and authority.end() == len(pattern) and pattern[-1] not in ".-*:/"

    def match(self, text: str) -> Match | None:
        """Where the pattern matches ``text``, or None."""
        literals = self._literals
        if not text.startswith(literals[0]):
            return None
        reach = [_reach(text, stop) for stop in self._stops]
        # From the last literal to the first: where each of them stands so that all after it can follow.
        places = [self._last(text)]
        for index in range(len(literals) - 2, 0, -1):
            following, limit, size = places[-1], reach[index], len(literals[index])
            places.append([p for p in _occurrences(text, literals[index]) if _fits(following, p + size, limit)])
        places.reverse()
        if not self._stops:
            return Match(len(literals[0]), ()) if 0 in places[0] else None
        if not _fits(places[0], len(literals[0]), reach[0]):
            return None
        end, groups = len(literals[0]), []
        for literal, following, limit in zip(literals[1:], places, reach, strict=True):
            place = following[bisect_right(following, limit[end]) - 1]
            groups.append(text[end:place])
            end = place + len(literal)
        return Match(end, tuple(groups))

    def _last(self, text: str) -> list[int]:
        literal = self._literals[-1]
        places = _occurrences(text, literal) if self._stops else [0]
        if not self._bounded:
            return places
        return [p for p in places if _AFTER_HOST.match(text, p + len(literal))]


def _fits(following: list[int], end: int, limit: list[int]) -> bool:
    """Whether a star that begins at ``end`` can reach one of the places that may follow."""
    index = bisect_left(following, end)
    return index < len(following) and following[index] <= limit[end]


def _reach(text: str, stop: frozenset[str]) -> list[int]:
    """For each position, how far a star that begins there can go."""
    reach = [len(text)] * (len(text) + 1)
    for position in range(len(text) - 1, -1, -1):
        reach[position] = position if text[position] in stop else reach[position + 1]
    return reach


def _occurrences(text: str, literal: str) -> list[int]:
    return [match.start() for match in re.finditer(f"(?={re.escape(literal)})", text)]
