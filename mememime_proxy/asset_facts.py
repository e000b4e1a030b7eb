"""Facts about an original, known once all of it was decoded."""

from __future__ import annotations

import msgspec


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """A place in a picture: 0 to 1 from the left and from the top, after the orientation was applied."""

    x: float
    y: float


class StreamReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A stream of a film or sound, with the names of imgproxy. Seconds, bits a second, hertz."""

    type: str
    """``video``, ``audio`` or ``subtitle``."""
    codec: str = ""
    duration: float = 0.0
    bps: int = 0
    fps: float = 0.0
    frequency: int = 0
    layout: str = ""
    language: str = ""


class PaletteColor(msgspec.Struct, frozen=True, kw_only=True):
    """A colour, ``#rrggbb``, and the share of a picture's visible pixels that it stands for, 0 to 1."""

    color: str
    share: float


class AssetFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A worker's report. Sides are in pixels, after the orientation was applied."""

    media_type: str
    format: str
    width: int
    height: int
    orientation: int = 1
    """As EXIF counts them; already applied to the sides."""
    frames: int = 1
    """Of an animation, all of which were decoded; pages of a document, of which only the first is ever shown."""
    duration_ms: int = 0
    """Of an animation, once through; of a film or sound."""
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
    """EXIF tags about the way the picture was taken, without place, author and serial numbers."""
    saliency: Point | None = None
    """The most salient point."""
    palette: list[PaletteColor] = []
    """At most five colours, the most frequent one first."""
    histogram: str = ""
    """256 bytes in base64: red, green, blue and brightness, for each 64 equal ranges from dark to light; a range's
    byte is its share of visible pixels, 255 for the fullest range of the four.
    """
    streams: list[StreamReport] = []
    """Of a film or sound."""
