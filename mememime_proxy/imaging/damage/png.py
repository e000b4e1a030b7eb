"""PNG: its pixel data, as far as it can be inflated, and zeros for the rest. PNG, third edition, sections 5, 7, 10.

libpng gives nothing of a compressed block that is cut, and nothing at all of an interlaced picture.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from mememime_proxy.errors import BrokenImageError
from mememime_proxy.imaging.damage.model import Damage, Repaired, is_repairable
from mememime_proxy.imaging.gate.header import Buffer, ImageHeader
from mememime_proxy.imaging.gate.png import SIGNATURE_LENGTH

_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Adam7: first column, first row, step across, step down."""
_BANDS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_FILTERS = bytes(kind if kind <= 4 else 0 for kind in range(256))
"""By filter type: the one to write."""
_FEED = 4096
"""Bytes that are inflated at once; no more than 4 MB come out of them."""
_LEVEL = 1
_HEADER_LENGTH = 2
"""Bytes of a zlib header; the data is inflated without it, so that neither it nor the checksum has to be right."""
_MIN_CHUNK = 12
"""Bytes of a chunk without contents."""


def repair(data: memoryview, _header: ImageHeader) -> Repaired:
    """Return a PNG with the same picture as far as its data goes; samples that are missing are 0.

    Checksums of critical chunks are made anew. Ancillary chunks whose checksum is wrong are left out, as libpng does.
    """
    ihdr = bytes(data[SIGNATURE_LENGTH + 8 : SIGNATURE_LENGTH + 21])
    parts = [bytes(data[:SIGNATURE_LENGTH]), _chunk(b"IHDR", ihdr)]
    pixels: list[memoryview] = []
    start = SIGNATURE_LENGTH + 25
    kind, end = b"IHDR", start
    for kind, body, checksum, end in chunks(data, start):
        if kind == b"IEND":
            break
        if kind == b"IDAT":
            pixels.append(body)
        elif end <= len(data) and not pixels and (kind == b"PLTE" or _crc(kind, body) == checksum):
            parts.append(_chunk(kind, bytes(body)))
    rows = _Rows(ihdr)
    packer = zlib.compressobj(_LEVEL)
    packed = [packer.compress(part) for part in rows.completed(_inflated(pixels))]
    packed.append(packer.flush())
    truncated = kind != b"IEND" and end + _MIN_CHUNK > len(data)
    file = b"".join([*parts, _chunk(b"IDAT", b"".join(packed)), _chunk(b"IEND", b"")])
    return Repaired(file, Damage.TRUNCATED if truncated else Damage.CORRUPT)


def verify(data: memoryview, _header: ImageHeader) -> None:
    """Raise BrokenImageError unless every chunk up to IEND is there with the right checksum."""
    end = SIGNATURE_LENGTH
    for kind, body, checksum, end in chunks(data, SIGNATURE_LENGTH):
        name = kind.decode("ascii")
        if end > len(data):
            raise BrokenImageError(f"PNG that ends in its chunk {name}")
        if _crc(kind, body) != checksum:
            raise BrokenImageError(f"PNG with a chunk {name} whose checksum is wrong")
        if kind == b"IEND":
            return
    raise BrokenImageError(f"PNG without its end: byte {end} starts no chunk")


def chunks(data: memoryview, at: int) -> Iterator[tuple[bytes, memoryview, int, int]]:
    """Yield type, contents, checksum and end of each chunk; end at what is no chunk.

    The last one may end beyond the data; its contents are what is there then, and its checksum is 0.
    """
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if not kind.isalpha() or length >> 31:
            return
        end = at + _MIN_CHUNK + length
        checksum = struct.unpack_from(">I", data, end - 4)[0] if end <= len(data) else 0
        yield kind, data[at + 8 : end - 4], checksum, end
        at = end


def _crc(kind: bytes, body: Buffer) -> int:
    return zlib.crc32(body, zlib.crc32(kind))


def _chunk(kind: bytes, body: bytes) -> bytes:
    return b"".join((struct.pack(">I", len(body)), kind, body, struct.pack(">I", _crc(kind, body))))


def _inflated(parts: list[memoryview]) -> Iterator[bytes]:
    """Yield what the deflate stream in ``parts`` gives before its first error."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    skip = _HEADER_LENGTH
    for part in parts:
        start = min(skip, len(part))
        skip -= start
        for at in range(start, len(part), _FEED):
            piece = part[at : at + _FEED]
            before = inflater.copy()
            try:
                yield inflater.decompress(piece)
            except zlib.error:
                yield from _byte_by_byte(before, piece)
                return
            if inflater.eof:
                return


def _byte_by_byte(inflater: zlib._Decompress, piece: memoryview) -> Iterator[bytes]:
    """Yield what comes out before the byte at which inflating fails: a call that fails gives nothing."""
    try:
        for at in range(len(piece)):
            yield inflater.decompress(piece[at : at + 1])
    except zlib.error:
        return


class _Rows:
    """The rows of a picture as they are before compression: a filter type, then the samples."""

    def __init__(self, ihdr: bytes) -> None:
        width, height, depth, color, _, _, interlace = struct.unpack(">IIBBBBB", ihdr)
        bits = depth * _BANDS[color]
        sizes = [(width, height)]
        if interlace:
            sizes = [
                ((width - left + across - 1) // across, (height - top + down - 1) // down)
                for left, top, across, down in _PASSES
            ]
        self._passes = [(1 + (columns * bits + 7) // 8, rows) for columns, rows in sizes if columns > 0 and rows > 0]
        self._total = self.missing = sum(length * rows for length, rows in self._passes)
        """Bytes that have not come yet."""

    def completed(self, parts: Iterator[bytes]) -> Iterator[bytes]:
        """Yield ``parts`` up to the picture's end, then zeros in place of what is missing.

        A filter type that does not exist is replaced by 0, at which no decoder stops. Raises BrokenImageError where
        too much is missing.
        """
        for part in parts:
            taken = bytearray(part[: self.missing])
            self._mend_filters(taken)
            self.missing -= len(taken)
            yield bytes(taken)
            if not self.missing:
                return
        left = self.missing
        if not is_repairable(self._total - left, left):
            raise BrokenImageError("PNG with too little data for its size")
        while left > 0:
            yield bytes(min(left, 1 << 20))
            left -= 1 << 20

    def _mend_filters(self, taken: bytearray) -> None:
        """Replace filter types in the bytes that come next, those of a pass at once: rows may be one pixel wide."""
        end = self._total - self.missing + len(taken)
        begin = end - len(taken)
        start = 0
        for length, rows in self._passes:
            stop = start + length * rows
            if start < end and begin < stop:
                first = start - begin if start >= begin else -(begin - start) % length
                place = slice(first, min(stop, end) - begin, length)
                taken[place] = taken[place].translate(_FILTERS)
            start = stop
