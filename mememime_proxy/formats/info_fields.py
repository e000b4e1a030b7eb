"""The parts of a description of an original."""

from __future__ import annotations

from dataclasses import dataclass

HASHSUMS = ("md5", "sha1", "sha256", "sha512")
"""Types of digests of an original's bytes."""


@dataclass(frozen=True, slots=True)
class InfoFields:
    """What a description of an original tells."""

    size: bool = True
    """Bytes of its file."""
    format: bool = True
    dimensions: bool = True
    """Width and height of the upright picture."""
    exif: bool = True
    canonical_names: bool = False
    """EXIF tags have their names of the standard, not titles."""
    iptc: bool = True
    """And the resolution in Photoshop's resources."""
    xmp: bool = True
    video_meta: bool = True
    """Of a film: its tags and streams."""
    detect_objects: bool = False
    colorspace: bool = False
    bands: bool = False
    sample_format: bool = False
    pages_number: bool = False
    alpha: bool = False
    check_transparency: bool = False
    """With ``alpha``: whether a pixel is transparent."""
    crop: bool = False
    """The area of the plan's ``crop``."""
    palette: int = 0
    """Number of colours."""
    average: bool = False
    ignore_transparent: bool = True
    dominant_colors: bool = False
    build_missed: bool = False
    """With ``dominant_colors``: kinds that no pixel has are made of others."""
    blurhash_x: int = 0
    """Components across; 0 = no BlurHash."""
    blurhash_y: int = 0
    thumb_hash: bool = False
    perceptual_hash: bool = False
    hashsums: tuple[str, ...] = ()
    lqip: int = 0
    """Longest side of a picture in the description itself."""
    lqip_format: str = "webp"
    focus: bool = False
    c2pa: bool = False
    """Its C2PA manifest."""

    @property
    def needs_pixels(self) -> bool:
        """Whether the original has to be decoded."""
        return bool(
            self.detect_objects
            or self.colorspace
            or self.bands
            or self.sample_format
            or self.alpha
            or self.crop
            or self.palette
            or self.average
            or self.dominant_colors
            or self.blurhash_x
            or self.thumb_hash
            or self.perceptual_hash
            or self.lqip
            or self.focus
        )

    @property
    def needs_whole_file(self) -> bool:
        """Whether the first bytes of the file do not answer."""
        return bool(self.needs_pixels or self.pages_number or self.hashsums or self.c2pa)
