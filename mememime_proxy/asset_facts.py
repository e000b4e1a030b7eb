"""What is known of an original once all of it has been decoded."""

from __future__ import annotations

import msgspec


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """A place in a picture: 0 to 1 from the left and from the top, after the orientation was applied."""

    x: float
    y: float


class AssetFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A worker's report; sides are in pixels, as one sees the picture."""

    media_type: str
    format: str
    width: int
    height: int
    orientation: int = 1
    """As EXIF counts them; already applied to the sides."""
    frames: int = 1
    """Of an animation, all of which were decoded; pages of a document, of which only the first is ever shown."""
    duration_ms: int = 0
    """Of an animation, once through."""
    color_space: str = ""
    has_alpha: bool = False
    depth: int = 8
    """Bits of a channel."""
    dominant_color: str = ""
    """``#rrggbb``."""
    blurhash: str = ""
    thumbhash: str = ""
    """In base64."""
    phash: str = ""
    """64 bits in hexadecimal; pictures that look alike differ in few of them."""
    exif: dict[str, str | int | float] = {}
    """What tells how a picture was taken, but not where, by whom, or with which copy of a camera."""
    saliency: Point | None = None
    """What draws the eye."""
