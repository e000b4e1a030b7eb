"""Inputs that were faults once, by what was wrong."""

from __future__ import annotations

import struct

from mememime_proxy.workers import wire
from tests.support.color_files import exif_block
from tests.support.malformed_images import real_files


def _serial_number_on_the_header() -> bytes:
    """An EXIF block with a serial number that lies on the block's own header."""
    return struct.pack("<2sHIHHHIII", b"II", 42, 8, 1, 0xA431, 2, 8, 0, 0)


def _tiff_without_samples() -> bytes:
    file = real_files()["tiff"]
    at = file.index(struct.pack("<HHI", 277, 3, 1)) + 8
    return file[:at] + bytes(4) + file[at + 4 :]


def _white_far_away() -> bytes:
    """A ``cHRM`` chunk whose triangle is valid, and whose colours are so far from it that no profile can hold them."""
    return bytes([0x80]) + struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 1476464008, 0, 2097152000)


REGRESSIONS = {
    "text in a reply that is not UTF-8": (
        "wire.replies",
        b"\1" + wire.encode(wire.ErrorReply("a", "bcd")).replace(b"bcd", b"b\xffd"),
    ),
    "arrays in a reply": ("wire.replies", b"\1\x9f\xaaErrorReply\xa1a\xa1b\x01\xc2\x93\x01\x01\x01" + b"\x91" * 1900),
    "a manifest of arrays": ("client.manifest", b"[" * 4000),
    "primaries that no profile holds": ("metadata.colors", _white_far_away()),
    "TIFF without samples": ("pictures.tiff", _tiff_without_samples()),
    "serial number on the header": ("metadata.exif", _serial_number_on_the_header()),
    "EXIF that is whole": ("metadata.exif", exif_block({0x0112: (3, b"\6\0")})),
    "host in brackets that is no address": ("urls.source", b"http://[2001*db8::1]/"),
    "line end in an extension": ("urls.target", b"/_/raw:1/plain/http://example.com/a.%250d%250aX-A:b"),
    "address without a path": ("urls.explanation", b"http://localhost"),
    "a token's time far away": ("uploads.token", b".eJyrVsrJz0tXslJKHAWjYBQMKFCqBQDUr1h-.aw1FZaw1FZg.BTkbkb2elK"),
    "a token's time of no length": ("uploads.token", b"eyJhIjoxfQ.AAAAAAAAAAAAAAAAAAAA.BTkbkb2elK"),
}
"""Target and input."""
