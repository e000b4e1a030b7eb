"""WebP: a container that ends where its data ends. RFC 9649, sections 2 and 3; RFC 6386, section 9."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from mememime_proxy.errors import BrokenImageError
from mememime_proxy.imaging.damage.model import ZEROS, Damage, Repaired, is_repairable
from mememime_proxy.imaging.gate.header import Buffer, ImageHeader

_RIFF_HEADER = 12
_CHUNK_HEADER = 8
_FRAME_HEADER = 16
"""Bytes in front of the chunks of an animation's frame."""
_RUNS = re.compile(rb"\x00{256,}")
_MIN_HOLE = 256
_BLOCKS_A_BYTE = 20
_IMAGES = frozenset({b"VP8 ", b"VP8L"})


def repair(data: memoryview, header: ImageHeader) -> Repaired:
    """Return a WebP whose sizes are right, with zeros in place of pixel data that is missing.

    Of the VP8 coder's arithmetic code zeros are blocks without a residual: the prediction from what is there goes on.
    A later frame of an animation that is not whole is left out, as metadata is.
    """
    truncated = False
    parts: list[Buffer] = []
    frames = 0
    for kind, body, length in chunks(data, _RIFF_HEADER):
        frames += kind == b"ANMF"
        if len(body) == length:
            parts += _chunk(kind, [body])
            continue
        truncated = True
        if kind in _IMAGES:
            parts += _chunk(kind, _completed(kind, body, length, header))
        elif kind == b"ANMF" and frames == 1:
            parts += _chunk(kind, _completed_frame(body, header))
    file = b"".join((b"RIFF", struct.pack("<I", sum(map(len, parts)) + 4), b"WEBP", *parts))
    return Repaired(file, Damage.TRUNCATED if truncated else Damage.CORRUPT)


def verify(data: memoryview, _header: ImageHeader) -> None:
    """Raise BrokenImageError unless every chunk is whole, and no pixel data has zeros that no encoder writes."""
    (size,) = struct.unpack_from("<I", data, 4)
    if 8 + size > len(data):
        raise BrokenImageError(f"WebP of {len(data)} bytes that claims {8 + size}")
    for kind, body, length in chunks(data[: 8 + size], _RIFF_HEADER):
        name = kind.decode("ascii", "replace").strip()
        if len(body) < length:
            raise BrokenImageError(f"WebP that ends in its chunk {name}")
        for inner, content, inner_length in chunks(body, _FRAME_HEADER) if kind == b"ANMF" else ((kind, body, length),):
            if len(content) < inner_length:
                raise BrokenImageError("WebP with a frame that ends too soon")
            if inner in _IMAGES and _has_hole(inner, content):
                raise BrokenImageError("WebP with zeros in place of pixel data")


def _has_hole(kind: bytes, content: memoryview) -> bool:
    """Return whether pixel data has more zeros in a row than an encoder writes.

    VP8 codes a block of one colour by a fifth of a bit, which may be a zero.
    """
    if kind != b"VP8 ":
        return ZEROS.search(content) is not None
    width, height = content[6] | content[7] << 8, content[8] | content[9] << 8
    blocks = ((width & 0x3FFF) + 15 >> 4) * ((height & 0x3FFF) + 15 >> 4)
    longest: int = max((found.end() - found.start() for found in _RUNS.finditer(content)), default=0)
    return longest > max(_MIN_HOLE, blocks // _BLOCKS_A_BYTE)


def chunks(data: memoryview, at: int) -> Iterator[tuple[bytes, memoryview, int]]:
    """Yield type, contents and announced length of each chunk; of the last one what is there."""
    while at + _CHUNK_HEADER <= len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        yield kind, data[at + _CHUNK_HEADER : at + _CHUNK_HEADER + length], length
        at += _CHUNK_HEADER + length + (length & 1)


def _completed_frame(body: memoryview, header: ImageHeader) -> list[Buffer]:
    parts: list[Buffer] = [body[:_FRAME_HEADER]]
    for kind, inner, length in chunks(body, _FRAME_HEADER):
        parts += _chunk(kind, _completed(kind, inner, length, header))
    return parts


def _completed(kind: bytes, body: memoryview, length: int, header: ImageHeader) -> list[Buffer]:
    """Return the contents of a chunk with zeros up to its length and beyond: wrong codes may be longer than right."""
    missing = length - len(body)
    if not missing:
        return [body]
    if not is_repairable(len(body), missing):
        missing = 0
    return [body, bytes(missing + header.width * header.height // (1 if kind == b"VP8L" else 4) + 64)]


def _chunk(kind: bytes, parts: list[Buffer]) -> list[Buffer]:
    length = sum(map(len, parts))
    return [struct.pack("<4sI", kind, length), *parts, bytes(length & 1)]
