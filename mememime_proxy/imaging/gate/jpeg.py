"""JPEG: the markers up to the first scan, and the number of scans where there can be many.

ITU-T T.81, annex B. A baseline photograph is read up to its first scan only: a few hundred bytes and its metadata.
"""

from __future__ import annotations

import re

from mememime_proxy.errors import BrokenImageError, LimitError
from mememime_proxy.imaging.gate import exif
from mememime_proxy.imaging.gate.header import MAX_ICC_LENGTH, Buffer, Header

MAX_SCANS = 100
"""Each scan of a progressive picture goes through all its pixels again: 78 bytes cost 20 ms at 50 Mpx."""
_MAX_SEGMENTS = 4096

_SOI, _EOI, _SOS, _APP1, _APP2 = 0xD8, 0xD9, 0xDA, 0xE1, 0xE2
_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})

_EXIF_ID = b"Exif\x00\x00"
_ICC_ID = b"ICC_PROFILE\x00"
_MPF_ID = b"MPF\x00"
_ISO_GAIN_MAP_ID = b"urn:iso:std:iso:ts:21496:-1\x00"
_XMP_ID = b"http://ns.adobe.com/xap/1.0/\x00"
_HDRGM = re.compile(rb"http://ns\.adobe\.com/hdr-gain-map/1\.0/")
_SCAN_OR_END = re.compile(rb"\xff[\xda\xd9]")


def walk(data: Buffer) -> Header:
    """The header of a JPEG.

    Raises BrokenImageError where there is no picture in it, LimitError for more than ``MAX_SCANS`` scans or a colour
    profile that is too long. May raise IndexError where the data ends too soon.
    """
    width = height = bands = bits = 0
    turn, icc_length = 1, 0
    has_exif = progressive = several_images = gain_map = False
    at = 2
    for _ in range(_MAX_SEGMENTS):
        at, marker = _next_marker(data, at)
        if marker in _ALONE:
            continue
        if marker == _EOI:
            raise BrokenImageError("JPEG without a scan")
        length = data[at] << 8 | data[at + 1]
        if length < 2:
            raise BrokenImageError("JPEG segment without a length")
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
            segment = bytes(data[at + 2 : at + 2 + 28])
            if segment.startswith(_ICC_ID):
                icc_length += length - 16
            several_images = several_images or segment.startswith(_MPF_ID)
            gain_map = gain_map or segment.startswith(_ISO_GAIN_MAP_ID)
        at += length
    if not (width and height and bands):
        raise BrokenImageError("JPEG without a frame")
    if icc_length > MAX_ICC_LENGTH:
        raise LimitError(f"a colour profile of {icc_length} bytes")
    if progressive:
        _count_scans(data, at)
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
        gain_map=gain_map and several_images,
    )


def _next_marker(data: Buffer, at: int) -> tuple[int, int]:
    """The position after the next marker, and its code; bytes in front of it are passed over, as decoders do."""
    while data[at] != 0xFF:
        at += 1
    while data[at] == 0xFF:
        at += 1
    return at + 1, data[at]


def _count_scans(data: Buffer, at: int) -> None:
    """Count what follows the first scan; inside of a scan 0xFF is always followed by 0 or a restart marker."""
    scans = 1
    for found in _SCAN_OR_END.finditer(data, at):
        if data[found.start() + 1] == _EOI:
            return
        scans += 1
        if scans > MAX_SCANS:
            raise LimitError(f"JPEG with more than {MAX_SCANS} scans")
