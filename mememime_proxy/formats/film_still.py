"""The moment of a film that a still shows, and the sprite of several, as frozen values."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class MomentKind(enum.StrEnum):
    """The way in which a moment of a film is named."""

    SECOND = "second"
    PERCENT = "percent"
    AUTO = "auto"


@dataclass(frozen=True, slots=True)
class VideoMoment:
    """The moment of a film that a still shows: seconds, from the end where negative; per cent; or ``auto``."""

    kind: MomentKind = MomentKind.SECOND
    value: float = 1.0


DEFAULT_MOMENT = VideoMoment()


@dataclass(frozen=True, slots=True)
class VideoTile:
    """A sprite of frames of a film, in place of one frame."""

    step: float
    """Seconds from one frame to the next; negative: the film by the number of tiles."""
    columns: int
    rows: int
    width: int
    """Of a tile; a frame is fitted into it."""
    height: int
    extend: bool = False
    """Fill each tile up to its sides with black."""
    trim: bool = False
    """Leave out rows and columns for which the film has no frames."""
    fill: bool = False
    """Fill each tile with the frame, of which parts are cut away."""
    focus_x: float = 0.5
    """With ``fill``: share of the frame's width at which what stays is centred."""
    focus_y: float = 0.5
