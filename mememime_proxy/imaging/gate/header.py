"""Facts about an original that the gate reads without decoding it."""

from __future__ import annotations

import mmap
from dataclasses import dataclass

from mememime_proxy.color.encoding import ColorEncoding
from mememime_proxy.formats.frame_stack import StackFacts
from mememime_proxy.imaging.gate.drawing_work import DrawingWork

Buffer = bytes | bytearray | memoryview | mmap.mmap
"""Types of the bytes of an original."""

MAX_ICC_LENGTH = 4 * 1024 * 1024
"""Bytes of a colour profile, inflated; those of printing presses have up to three million."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TiffSamples:
    """What the samples of a TIFF mean; TIFF 6.0, PhotometricInterpretation, SampleFormat, ExtraSamples."""

    photometric: int = 1
    sample_format: int = 1
    """1 unsigned, 2 signed, 3 float."""
    extra: tuple[int, ...] = ()
    """Kinds of the channels behind the colour: 0 unspecified, 1 associated alpha, 2 unassociated alpha."""


MENDED = frozenset({"avif", "heic", "gif"})
"""Formats whose files the gate may describe otherwise for our decoders; other decoders get what came."""


@dataclass(frozen=True, slots=True)
class Aperture:
    """The part of a decoded and rotated picture that is to be seen, and the size of that picture."""

    left: int
    top: int
    width: int
    height: int
    full_width: int
    full_height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageHeader:
    """Facts of one original, read by bounded Python code.

    ``width`` and ``height`` are pixels of one frame as its loader hands them over: before the EXIF orientation is
    applied, but after HEIF's own rotation and clean aperture, which are always applied.
    """

    format: str
    width: int
    height: int
    pages: int = 1
    """Frames or pages; counted up to one more than the plan's limits allow."""
    page: int = 0
    """Number of the page of a PDF that the other facts are about."""
    animated: bool = False
    """The pages are frames that can all be loaded (GIF, WebP, AVIF), not pages of a document."""
    loop: int = 0
    """How often the frames of an AVIF are shown; 0 = for ever."""
    sequence: bool = False
    """AVIF, HEIC or JPEG XL with a track or frames of which only the first picture is loaded."""
    orientation: int = 1
    """EXIF orientation, 1–8."""
    alpha: bool | None = None
    """Whether pixels can be transparent; None = unknown before decoding."""
    bands: int = 3
    """Channels as they are stored, alpha among them (4 without alpha is CMYK); 1 for a palette."""
    bit_depth: int = 8
    """Bits of one channel; of one palette index where ``palette``; of one pixel in an icon's bitmap."""
    palette: bool = False
    icc: bool | None = None
    """Whether there is a colour profile; None = unknown."""
    exif: bool | None = None
    exif_entries: int = 0
    """Entries that libexif reads in its EXIF blocks; see ``exif.ExifBudget``."""
    metadata_bytes: int = 0
    """Bytes of EXIF, XMP, IPTC, text and profiles that decoders read, inflated where that is known."""
    progressive: bool = False
    """The decoder holds the whole picture at once: progressive or many-scan JPEG, interlaced PNG or GIF, HEIF, JPEG XL
    in several passes."""
    scans: int = 1
    """Scans of a progressive JPEG."""
    subsampling: float = 0.0
    """Samples that a JPEG has for each pixel, all components together: 1.5 where colours are halved both ways."""
    coding: str = ""
    """How samples are coded, where that decides what decoding costs: ``arithmetic`` or ``lossless`` for a JPEG,
    ``lossless`` for a WebP or JPEG XL, ``rle`` or ``masks`` for a BMP; for a TIFF the number of its Compression field.
    """
    planes: int = 0
    """Channels of a JPEG XL that are coded by their samples, those that nobody sees among them."""
    layers: int = 0
    """Frames that the first picture of a JPEG XL is laid over, as far as they can be told."""
    layer_pixels: int = 0
    """Pixels of them, and of frames that are only referred to; of the largest picture in a PDF."""
    strip_pixels: int = 0
    """Pixels that are decoded at a time: a row of tiles or a strip of a TIFF, the largest picture in a PDF."""
    color: ColorEncoding | None = None
    """What the container says of the samples, where no profile does."""
    color_over_icc: bool = False
    """That holds even where there is a profile."""
    premultiplied: bool = False
    """The colours of a HEIF picture are multiplied by its alpha."""
    gain_map: bool = False
    """A JPEG with an Ultra HDR gain map (hdrgm XMP or ISO 21496-1)."""
    thumbnail: bool = False
    """A HEIF file with a small copy of its picture."""
    entry: tuple[int, int] = (0, 0)
    """Offset and length in bytes of an icon's largest picture."""
    drawing: DrawingWork | None = None
    """What a drawing takes to be opened and rendered."""
    embedded: str = ""
    """Format of that picture: ``png`` or ``bmp``."""
    samples: TiffSamples | None = None
    aperture: Aperture | None = None
    """The clean aperture of an AVIF or HEIC picture; None where all of it is to be seen."""
    frame_pages: tuple[int, ...] = ()
    """Numbers that a GIF's frames have in the data to decode; empty where all of its pages are frames."""
    stack: StackFacts | None = None
    """Of a PNG with frames one below the other; it may name another size, which plans count by."""

    @property
    def nominal_size(self) -> tuple[int, int]:
        """Width and height that plans count by: those of the pixels, unless they were stored smaller."""
        return (self.width, self.height) if self.stack is None else (self.stack.width, self.stack.height)
