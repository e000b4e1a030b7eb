"""WebP: the chunks of a RIFF container. RFC 9649, section 2."""

from __future__ import annotations

import struct

from mememime_proxy.color.encoding import ColorEncoding
from mememime_proxy.errors import BrokenImageError, LimitError
from mememime_proxy.imaging.color import exif_tags
from mememime_proxy.imaging.gate import exif
from mememime_proxy.imaging.gate.header import MAX_ICC_LENGTH, ImageHeader

MAX_FRAMES = 1024
"""Frames in the data to decode, more only where the plan allows them: libwebp goes through its list for each one."""
_MAX_CHUNKS = 100_000
_EXIF_FLAG, _ALPHA_FLAG, _ICC_FLAG, _ANIMATION_FLAG = 0x08, 0x10, 0x20, 0x02
_FLAGS_AT = 20
_UNKNOWN = b"----"
"""A chunk that no decoder knows."""
_METADATA = frozenset({b"EXIF", b"XMP "})
_VP8_START = b"\x9d\x01\x2a"
_VP8L_SIGNATURE = 0x2F


def walk(data: memoryview, max_frames: int) -> tuple[ImageHeader, bytes | None]:
    """Return the header of a WebP, and the data to decode instead where frames or EXIF are not to be read.

    Frames are counted up to ``max_frames`` + 1.
    Raises BrokenImageError and LimitError. May raise struct.error or IndexError where the data ends too soon.
    """
    kind, (length,) = bytes(data[12:16]), struct.unpack_from("<I", data, 16)
    if kind == b"VP8 ":
        width, height = _vp8(data, 20)
        return ImageHeader(format="webp", width=width, height=height, alpha=False, icc=False, bands=3), None
    if kind == b"VP8L":
        width, height, alpha = _vp8l(data, 20)
        bands = 4 if alpha else 3
        header = ImageHeader(
            format="webp", width=width, height=height, alpha=alpha, icc=False, bands=bands, coding="lossless"
        )
        return header, None
    if kind != b"VP8X" or length < 10:
        raise BrokenImageError("WebP without a picture")
    container = _Container(data, max(max_frames, MAX_FRAMES))
    container.read(20 + length + (length & 1))
    return container.header(max_frames), container.rewritten()


class _Container:
    """The chunks of an extended file."""

    def __init__(self, data: memoryview, max_frames: int) -> None:
        self._data = data
        self._max_frames = max_frames
        flags = data[_FLAGS_AT]
        self._animated, self._wants_exif = bool(flags & _ANIMATION_FLAG), bool(flags & _EXIF_FLAG)
        self._alpha, self._has_profile = bool(flags & _ALPHA_FLAG), bool(flags & _ICC_FLAG)
        self._orientation, self._coding, self._icc = 1, "", False
        self._frames = self._pictures = 0
        self._color: ColorEncoding | None = None
        """What EXIF says of the samples, where decoders do not get to see it."""
        self._exif_found = False
        self._budget = exif.ExifBudget()
        self._dropped: list[int] = []
        """Offsets of EXIF that is not to be read."""
        self._frames_end = 0
        """Offset behind the last frame that decoders get; 0 where they get all."""
        self._metadata: list[tuple[int, int]] = []
        """Start and end of metadata behind that."""
        self._length = 0

    def read(self, at: int) -> None:
        """Go through the chunks, up to the picture where nothing behind it is wanted."""
        data = self._data
        for _ in range(_MAX_CHUNKS):
            if at + 8 > len(data):
                return
            kind, (length,) = bytes(data[at : at + 4]), struct.unpack_from("<I", data, at + 4)
            following = at + 8 + length + (length & 1)
            if kind == b"ANMF":
                self._frames += 1
                if self._frames == self._max_frames + 1:
                    self._frames_end = at
            elif kind in (b"VP8 ", b"VP8L"):
                self._picture(kind, at + 8)
                if not (self._wants_exif or self._animated):
                    return
            elif kind == b"ICCP":
                self._icc = self._has_profile
                self._length += length
                if length > MAX_ICC_LENGTH:
                    raise LimitError(f"a colour profile of {length} bytes")
            elif kind in _METADATA:
                self._length += length
                if kind == b"EXIF" and not self._accepts(data[at + 8 : at + 8 + length]):
                    self._dropped.append(at)
                elif self._frames_end and following <= len(data):
                    self._metadata.append((at, following))
            at = following
        if not self._frames_end:
            raise LimitError(f"WebP with more than {_MAX_CHUNKS} chunks")

    def _picture(self, kind: bytes, at: int) -> None:
        self._pictures += 1
        if kind == b"VP8L":
            self._coding = "lossless"
            if not self._animated:
                self._alpha = self._alpha or _vp8l(self._data, at)[2]

    def _accepts(self, block: memoryview) -> bool:
        """Take note of the first EXIF block; return whether decoders may read it.

        "Readers MAY ignore all except the first one", RFC 9649, 2.7.1.5, and ours do.
        """
        if self._exif_found or not self._wants_exif:
            return True
        self._exif_found = True
        start = len(exif.EXIF_ID) if bytes(block[: len(exif.EXIF_ID)]) == exif.EXIF_ID else 0
        self._orientation = exif.orientation(block[start:])
        if self._budget.allows(block):
            return True
        self._color = exif_tags.color_encoding(block)
        return False

    def header(self, max_frames: int) -> ImageHeader:
        """Return the facts; BrokenImageError where there is no picture."""
        if not (self._frames or self._pictures):
            raise BrokenImageError("WebP without a picture")
        return ImageHeader(
            format="webp",
            width=1 + int.from_bytes(self._data[24:27], "little"),
            height=1 + int.from_bytes(self._data[27:30], "little"),
            pages=min(max(1, self._frames), max_frames + 1),
            animated=self._frames > 1,
            coding=self._coding,
            orientation=self._orientation,
            alpha=self._alpha,
            icc=self._icc,
            exif=self._wants_exif,
            bands=4 if self._alpha else 3,
            color=self._color,
            exif_entries=self._budget.entries,
            metadata_bytes=self._length,
        )

    def rewritten(self) -> bytes | None:
        """Return the file without what is not to be read; None where all is."""
        if not (self._dropped or self._frames_end):
            return None
        changed = bytearray(self._data[: self._frames_end or len(self._data)])
        for at in self._dropped:
            if at < len(changed):
                changed[at : at + 4] = _UNKNOWN
        if self._frames_end:
            for start, end in self._metadata:
                changed += self._data[start:end]
            struct.pack_into("<I", changed, 4, len(changed) - 8)
        return bytes(changed)


def _vp8(data: memoryview, at: int) -> tuple[int, int]:
    """Width and height of a key frame; RFC 6386, 9.1."""
    if bytes(data[at + 3 : at + 6]) != _VP8_START:
        raise BrokenImageError("WebP with a VP8 frame that is not a key frame")
    width, height = struct.unpack_from("<HH", data, at + 6)
    return _checked(width & 0x3FFF, height & 0x3FFF)


def _vp8l(data: memoryview, at: int) -> tuple[int, int, bool]:
    """Width, height and whether alpha is used; RFC 9649, 3.4."""
    signature, bits = struct.unpack_from("<BI", data, at)
    if signature != _VP8L_SIGNATURE:
        raise BrokenImageError("WebP with a lossless frame that is not one")
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1)


def _checked(width: int, height: int) -> tuple[int, int]:
    if not (width and height):
        raise BrokenImageError("WebP without pixels")
    return width, height
