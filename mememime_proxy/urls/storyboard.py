"""The plans of the members of a storyboard: the WebVTT file, and its sheets, which are sprites."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mememime_proxy.errors import MemberError
from mememime_proxy.formats.film_still import VideoMoment, VideoTile
from mememime_proxy.formats.media_plan import MediaPlan
from mememime_proxy.formats.stream_members import Member, MemberKind
from mememime_proxy.plan import Plan

STORYBOARD_MEMBERS: Final = frozenset({MemberKind.STORYBOARD, MemberKind.SHEET})
_FORMATS: Final = {MemberKind.STORYBOARD: "vtt", MemberKind.SHEET: "jpeg"}
_ANY_SIDE: Final = 10_000
"""Stands for a side that follows from the film's aspect ratio: frames are fitted into a tile."""


def storyboard_plan(plan: Plan, member: Member, name: str) -> Plan:
    """Return the plan of a member of the storyboard that ``plan`` describes (``MediaPlan.storyboard``).

    Those of a stream and of a storyboard alone are equal. Raises MemberError where there is one sheet, and not this.
    """
    board = plan.media.storyboard
    if board.step < 0 and member.number:
        raise MemberError(f"found sheet {member.number}, and the whole film is on sheet 0")
    tile = VideoTile(
        board.step, board.columns, board.rows, board.width or _ANY_SIDE, board.height or _ANY_SIDE, trim=True
    )
    return replace(
        plan,
        format=_FORMATS[member.kind],
        video_tile=tile,
        video_moment=VideoMoment(value=member.number * board.columns * board.rows * max(0.0, board.step)),
        media=MediaPlan(storyboard=board, member=name),
    )
