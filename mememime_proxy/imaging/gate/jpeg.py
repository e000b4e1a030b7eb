"""JPEG: the markers up to the first scan, and the number of scans where there can be many.

ITU-T T.81, annex B. A baseline photograph is read up to its first scan only: a few hundred bytes and its metadata.
"""

from __future__ import annotations

import re

from mememime_proxy.errors import BrokenImageError, LimitError
from mememime_proxy.imaging.gate import exif
from mememime_proxy.imaging.gate.header import MAX_ICC_LENGTH, Header

MAX_SCANS = 100
"""Each scan of a progressive picture goes through all its pixels again: 78 bytes cost 20 ms at 50 Mpx."""
_MAX_MARKERS = 8192

_EOI, _SOS, _APP1, _APP2 = 0xD9, 0xDA, 0xE1, 0xE2
_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_FIRST_WITH_LENGTH = 0xC0

_EXIF_ID = b"Exif\x00\x00"
_ICC_ID = b"ICC_PROFILE\x00"
_MPF_ID = b"MPF\x00"
_ISO_GAIN_MAP_ID = b"urn:iso:std:iso:ts:21496:-1\x00"
_XMP_ID = b"http://ns.adobe.com/xap/1.0/\x00"
_HDRGM = re.compile(rb"http://ns\.adobe\.com/hdr-gain-map/1\.0/")
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd8\xff]")
"""A marker with something behind it: no stuffed zero, no fill byte, no restart, no further SOI."""


def walk(data: memoryview) -> Header:
    """The header of a JPEG.

    Raises BrokenImageError where there is no picture in it, LimitError for more than ``MAX_SCANS`` scans or a colour
    profile that is too long. May raise IndexError where the data ends too soon.
    """
    width = height = bands = bits = 0
    turn, icc_length, scans = 1, 0, 1
    has_exif = progressive = several_images = gain_map = False
    at = 2
    for _ in range(_MAX_MARKERS):
        at, marker = _next_marker(data, at)
        if marker < _FIRST_WITH_LENGTH:
            continue
        if marker == _EOI:
            raise BrokenImageError("JPEG without a scan")
        length = _length(data, at)
        if marker in _FRAMES:
            if width:
                raise BrokenImageError("JPEG with two frames")
            bits, bands = data[at + 2], data[at + 7]
            height, width = data[at + 3] << 8 | data[at + 4], data[at + 5] << 8 | data[at + 6]
            progressive = marker in _PROGRESSIVE
        elif marker == _SOS:
            progressive = progressive or data[at + 2] < bands
            break
        elif marker == _APP1 and bytes(data[at + 2 : at + 8]) == _EXIF_ID:
            turn, has_exif = exif.orientation(data[at + 8 : at + length]), True
        elif marker == _APP1 and bytes(data[at + 2 : at + 2 + len(_XMP_ID)]) == _XMP_ID:
            gain_map = gain_map or _HDRGM.search(data, at, at + length) is not None
        elif marker == _APP2:
            segment = bytes(data[at + 2 : at + 2 + len(_ISO_GAIN_MAP_ID)])
            if segment.startswith(_ICC_ID):
                icc_length += length - 16
            several_images = several_images or segment.startswith(_MPF_ID)
            gain_map = gain_map or segment == _ISO_GAIN_MAP_ID
        at += length
    else:
        raise LimitError(f"JPEG with more than {_MAX_MARKERS} markers")
    if not (width and height and bands):
        raise BrokenImageError("JPEG without a frame")
    if icc_length > MAX_ICC_LENGTH:
        raise LimitError(f"a colour profile of {icc_length} bytes")
    if progressive:
        scans = _scans(data, at + length)
    return Header(
        format="jpeg",
        width=width,
        height=height,
        orientation=turn,
        alpha=False,
        icc=icc_length > 0,
        exif=has_exif,
        bit_depth=bits,
        bands=bands,
        progressive=progressive,
        scans=scans,
        gain_map=gain_map and several_images,
    )


def _next_marker(data: memoryview, at: int) -> tuple[int, int]:
    """The position after the next marker, and its code; bytes in front of it are passed over, as decoders do."""
    if data[at] == 0xFF and _FIRST_WITH_LENGTH <= (code := data[at + 1]) < 0xFF and not 0xD0 <= code <= 0xD8:
        return at + 2, code
    found = _MARKER.search(data, at)
    if found is None:
        raise BrokenImageError("JPEG without a scan")
    return found.end(), data[found.end() - 1]


def _length(data: memoryview, at: int) -> int:
    length = data[at] << 8 | data[at + 1]
    if length < 2:
        raise BrokenImageError("JPEG segment without a length")
    return length


def _scans(data: memoryview, at: int) -> int:
    """The number of scans, counted from inside the first one, where 0xFF is always followed by 0 or a restart marker.

    Segments between scans are stepped over by their length, so that nothing in a comment is taken for a marker. Data
    that ends too soon ends the counting.
    """
    scans = 1
    for _ in range(_MAX_MARKERS):
        found = _MARKER.search(data, at)
        if found is None:
            return scans
        at, marker = found.end(), data[found.end() - 1]
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
    raise LimitError(f"JPEG with more than {_MAX_MARKERS} markers")
