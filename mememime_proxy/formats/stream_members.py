"""The tree of a stream or a storyboard: members below a signed path, behind ``/~/``. Their names are a closed list.

The signature covers the path of the playlist, and no member: whoever has it may have the whole tree, and nothing that
was not signed.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import StrEnum
from typing import NamedTuple

from mememime_proxy.errors import MemberError
from mememime_proxy.formats.outputs import OutputKind

MARK = "/~/"
"""Between the signed path and the name of a member."""


class MemberKind(StrEnum):
    """The kinds of members, named as the outputs that they are."""

    MASTER = "m3u8"
    MANIFEST = "mpd"
    PLAYLIST = "media.m3u8"
    HEADER = "header"
    SEGMENT = "m4s"
    SHEET = "jpeg"
    STORYBOARD = "vtt"


class Member(NamedTuple):
    """A member of a stream."""

    kind: MemberKind
    rendition: str = ""
    """``720``, ``720-av1``, ``copy``; ``a`` for sound beside pictures, with its kbit/s for sound alone."""
    number: int = 0
    """Of the segment, or of the sheet."""

    @property
    def is_sound(self) -> bool:
        """Whether it is of a rendition of sound."""
        return self.rendition.startswith("a")


STREAM_FORMAT = "m3u8"
"""Format of the plans of members: they are the same ones in the trees of HLS and of DASH."""
TREES = frozenset({OutputKind.STREAM, OutputKind.STORYBOARD})
"""Kinds of results that have members."""
MASTERS = {"m3u8": "master.m3u8", "mpd": "manifest.mpd", "vtt": "storyboard.vtt"}
"""The member that the signed path itself stands for, by its extension."""
_SINGLE = {
    "master.m3u8": Member(MemberKind.MASTER),
    "manifest.mpd": Member(MemberKind.MANIFEST),
    "storyboard.vtt": Member(MemberKind.STORYBOARD),
}
_NUMBER = r"(0|[1-9][0-9]{0,5})"
_VIDEO = r"([1-9][0-9]{0,4}(?:-av1)?|copy)"
_SOUND = r"(a(?:[1-9][0-9]{0,3})?)"
_PATTERNS = (
    (re.compile(rf"{_VIDEO}/v\.m3u8"), MemberKind.PLAYLIST),
    (re.compile(rf"{_SOUND}/a\.m3u8"), MemberKind.PLAYLIST),
    (re.compile(rf"(?:{_VIDEO}|{_SOUND})/init\.mp4"), MemberKind.HEADER),
    (re.compile(rf"(?:{_VIDEO}|{_SOUND})/{_NUMBER}\.m4s"), MemberKind.SEGMENT),
    (re.compile(rf"sb/{_NUMBER}\.jpg"), MemberKind.SHEET),
)


def parse_member(name: str, ladder: Collection[str]) -> Member:
    """Return the member of this name in a stream whose ladder names these renditions (``MediaPlan.ladder``).

    An empty ladder is one that is not known. Raises MemberError for a name that no stream has, and for a rendition that
    is not of the ladder.
    """
    if (single := _SINGLE.get(name)) is not None:
        return single
    for pattern, kind in _PATTERNS:
        if (match := pattern.fullmatch(name)) is not None:
            member = _member(kind, [group for group in match.groups() if group is not None])
            if ladder and member.rendition and not member.is_sound and not _is_in(member.rendition, ladder):
                raise MemberError(f"the ladder has no rendition {member.rendition!r}")
            return member
    raise MemberError(f"no stream has a member {name[:80]!r}")


def next_member(member: Member) -> str:
    """Return the name of the segment that follows a segment."""
    return f"{member.rendition}/{member.number + 1}.m4s"


def _member(kind: MemberKind, groups: list[str]) -> Member:
    match kind:
        case MemberKind.SHEET:
            return Member(kind, number=int(groups[0]))
        case MemberKind.SEGMENT:
            return Member(kind, groups[0], int(groups[1]))
        case _:
            return Member(kind, groups[0])


def _is_in(rendition: str, ladder: Collection[str]) -> bool:
    height, mark, codec = rendition.partition("-")
    return height in ladder and (not mark or codec in ladder)
