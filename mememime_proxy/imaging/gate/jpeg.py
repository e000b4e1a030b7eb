"""JPEG: the markers up to the first scan, and the number of scans where there can be many.

ITU-T T.81, annex B. A baseline photograph is read up to its first scan only: a few hundred bytes and its metadata.
"""

from __future__ import annotations

import re

from mememime_proxy.color.encoding import ColorEncoding
from mememime_proxy.errors import BrokenImageError, LimitError
from mememime_proxy.imaging.color import exif_tags
from mememime_proxy.imaging.gate import exif
from mememime_proxy.imaging.gate.header import MAX_ICC_LENGTH, ImageHeader

MAX_SCANS = 100
"""Each scan of a progressive picture goes through all its pixels again: 78 bytes cost 20 ms at 50 Mpx."""
MAX_MARKERS = 8192
_MAX_RUBBISH = 1 << 20
"""Bytes in front of a marker, before the first scan, that are skipped."""

_EOI, _SOS, _APP1, _APP2 = 0xD9, 0xDA, 0xE1, 0xE2
_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_ARITHMETIC = frozenset({0xC9, 0xCA, 0xCD, 0xCE})
_LOSSLESS = frozenset({0xC3, 0xC7, 0xCB})
_FIRST_WITH_LENGTH = 0xC0

_EXIF_PREFIX = b"Exif"
"""What libvips takes for EXIF, whatever follows."""
_UNKNOWN = b"----"
"""An identifier that no decoder knows."""
_ICC_ID = b"ICC_PROFILE\x00"
_MPF_ID = b"MPF\x00"
_ISO_GAIN_MAP_ID = b"urn:iso:std:iso:ts:21496:-1\x00"
_XMP_ID = b"http://ns.adobe.com/xap/1.0/\x00"
_HDRGM = re.compile(rb"http://ns\.adobe\.com/hdr-gain-map/1\.0/")
_MAX_ID_LENGTH = 32
_ICC_HEAD_LENGTH = 14
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd8\xff]")
"""A marker with a segment: no stuffed zero, no fill byte, no restart, no further SOI."""


def walk(data: memoryview) -> tuple[ImageHeader, bytes | None]:
    """Return the header of a JPEG, and the data to decode instead where there is EXIF that is not to be read.

    That has another identifier then, so that no offset in the file changes.
    Raises BrokenImageError where there is no picture in it, LimitError for more than ``MAX_SCANS`` scans or a colour
    profile that is too long. May raise IndexError where the data ends too soon.
    """
    width = height = bands = bits = 0
    progressive, coding, subsampling = False, "", 0.0
    metadata = _Metadata()
    at = 2
    for _ in range(MAX_MARKERS):
        at, marker = next_marker(data, at)
        if marker < _FIRST_WITH_LENGTH:
            continue
        if marker == _EOI:
            raise BrokenImageError("JPEG without a scan")
        length = _length(data, at)
        if marker == _SOS:
            progressive = progressive or data[at + 2] < bands
            break
        if marker in _FRAMES:
            if width:
                raise BrokenImageError("JPEG with two frames")
            bits, bands = data[at + 2], data[at + 7]
            height, width = data[at + 3] << 8 | data[at + 4], data[at + 5] << 8 | data[at + 6]
            progressive = marker in _PROGRESSIVE
            coding = "arithmetic" if marker in _ARITHMETIC else "lossless" if marker in _LOSSLESS else ""
            subsampling = _subsampling(data[at + 8 : at + length])
        elif marker in (_APP1, _APP2):
            metadata.read(data, marker, at + 2, at + length)
        at += length
    else:
        raise LimitError(f"JPEG with more than {MAX_MARKERS} markers")
    if not (width and height and bands):
        raise BrokenImageError("JPEG without a frame")
    if metadata.icc_length > MAX_ICC_LENGTH:
        raise LimitError(f"a colour profile of {metadata.icc_length} bytes")
    header = ImageHeader(
        format="jpeg",
        width=width,
        height=height,
        orientation=metadata.orientation,
        alpha=False,
        icc=metadata.icc_length > 0,
        exif=metadata.exif,
        bit_depth=bits,
        bands=bands,
        progressive=progressive,
        coding=coding,
        subsampling=subsampling,
        scans=_scans(data, at + length) if progressive else 1,
        gain_map=metadata.gain_map and metadata.several_pictures,
        color=metadata.color,
        exif_entries=metadata.budget.entries,
        metadata_bytes=metadata.length,
    )
    return header, _without(data, metadata.dropped)


def _subsampling(components: memoryview) -> float:
    """Return the samples for each pixel; ``components``: three bytes each, T.81, B.2.2."""
    factors = [(factor >> 4, factor & 15) for factor in components[1::3]]
    across, down = max((h for h, _ in factors), default=0), max((v for _, v in factors), default=0)
    return sum(h * v for h, v in factors) / (across * down) if across and down else float(len(factors))


class _Metadata:
    """Facts from the application segments."""

    def __init__(self) -> None:
        self.orientation = 1
        self.exif = False
        self.icc_length = 0
        self.gain_map = False
        self.several_pictures = False
        self.color: ColorEncoding | None = None
        """What EXIF says of the samples, where decoders do not get to see it."""
        self.dropped: list[int] = []
        """Offsets of the identifiers of EXIF that is not to be read."""
        self.budget = exif.ExifBudget()
        self.length = 0

    def read(self, data: memoryview, marker: int, at: int, end: int) -> None:
        name = bytes(data[at : min(end, at + _MAX_ID_LENGTH)])
        self.length += max(0, end - at)
        if marker == _APP2:
            if name.startswith(_ICC_ID):
                self.icc_length += end - at - _ICC_HEAD_LENGTH
            self.several_pictures = self.several_pictures or name.startswith(_MPF_ID)
            self.gain_map = self.gain_map or name.startswith(_ISO_GAIN_MAP_ID)
        elif name.startswith(_EXIF_PREFIX):
            self._read_exif(data[at:end], at)
        elif name.startswith(_XMP_ID):
            self.gain_map = self.gain_map or _HDRGM.search(data, at, end) is not None

    def _read_exif(self, block: memoryview, at: int) -> None:
        first = not self.exif and bytes(block[: len(exif.EXIF_ID)]) == exif.EXIF_ID
        if first:  # of several blocks the first counts, as in libvips and browsers
            self.orientation = exif.orientation(block[len(exif.EXIF_ID) :])
            self.exif = True
        if not self.budget.allows(block):
            self.dropped.append(at)
            if first:
                self.color = exif_tags.color_encoding(block)


def _without(data: memoryview, identifiers: list[int]) -> bytes | None:
    if not identifiers:
        return None
    changed = bytearray(data)
    for at in identifiers:
        changed[at : at + len(_UNKNOWN)] = _UNKNOWN
    return bytes(changed)


def next_marker(data: memoryview, at: int) -> tuple[int, int]:
    """Return the position after the next marker, and its code; bytes in front of it are skipped, as decoders do."""
    if data[at] == 0xFF and _FIRST_WITH_LENGTH <= (code := data[at + 1]) < 0xFF and not 0xD0 <= code <= 0xD8:
        return at + 2, code
    match = _MARKER.search(data, at, at + _MAX_RUBBISH)
    if match is None:
        raise BrokenImageError("JPEG without a scan")
    return match.end(), data[match.end() - 1]


def _length(data: memoryview, at: int) -> int:
    length = data[at] << 8 | data[at + 1]
    if length < 2:
        raise BrokenImageError("JPEG segment without a length")
    return length


def _scans(data: memoryview, at: int) -> int:
    """Return the number of scans, counted from inside the first one.

    Inside a scan 0xFF is always followed by 0 or a restart marker.
    Segments between scans are stepped over by their length, so that nothing in a comment is taken for a marker. Data
    that ends too soon ends the counting.
    """
    scans = 1
    for _ in range(MAX_MARKERS):
        match = _MARKER.search(data, at)
        if match is None:
            return scans
        at, marker = match.end(), data[match.end() - 1]
        if marker == _EOI:
            return scans
        if marker < _FIRST_WITH_LENGTH:
            continue
        if marker == _SOS:
            scans += 1
            if scans > MAX_SCANS:
                raise LimitError(f"JPEG with more than {MAX_SCANS} scans")
        if at + 2 > len(data):
            return scans
        at += _length(data, at)
    raise LimitError(f"JPEG with more than {MAX_MARKERS} markers")
