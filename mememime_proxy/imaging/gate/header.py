"""What the gate learns about an original without decoding it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Facts of one original, read by bounded Python code.

    ``width`` and ``height`` are pixels of one frame as its decoder hands them over: before the EXIF orientation is
    applied, but after the turns of HEIF's own ``irot``, which its decoder never leaves to anybody else.
    """

    format: str
    width: int
    height: int
    pages: int = 1
    """Frames or pages; counted no further than one beyond what the plan's limits let through."""
    animated: bool = False
    """The pages are frames of an animation (GIF, WebP, JPEG XL, AVIF sequence), not pages of a document."""
    orientation: int = 1
    """EXIF orientation, 1–8."""
    alpha: bool | None = None
    """Whether pixels can be transparent; None where only the decoder knows."""
    bands: int = 3
    """Channels as they are stored, alpha among them (4 without alpha is CMYK); 1 for a palette of PNG or GIF."""
    bit_depth: int = 8
    """Bits of one channel; of one palette index where ``palette``."""
    palette: bool = False
    icc: bool | None = None
    """Whether there is a colour profile; None where that is not known."""
    exif: bool | None = None
    progressive: bool = False
    """The decoder holds the whole picture at once: progressive or many-scan JPEG, interlaced PNG or GIF."""
    scans: int = 1
    """Scans of a progressive JPEG."""
    gain_map: bool = False
    """A JPEG with an Ultra HDR gain map (hdrgm XMP or ISO 21496-1)."""
    thumbnail: bool = False
    """HEIC or AVIF with an embedded thumbnail."""
