"""GIF: blocks that are whole, and a trailer. GIF89a specification, sections 15–27."""

from __future__ import annotations

from mememime_proxy.errors import BrokenImageError
from mememime_proxy.imaging.damage.model import Damage, Repaired
from mememime_proxy.imaging.gate.header import ImageHeader

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_DESCRIPTOR = 10
_END = bytes((0, _TRAILER))


def repair(data: memoryview, _header: ImageHeader) -> Repaired:
    """Return the same GIF up to its last whole sub-block, with the end that is missing.

    A frame of which only the descriptor is there is left out, so that decoders agree on the number of frames. What no
    code has drawn stays transparent.
    """
    layout = GifLayout(data)
    if layout.complete:
        return Repaired(data, Damage.CORRUPT)
    damage = Damage.TRUNCATED if layout.truncated else Damage.CORRUPT
    end = b"" if layout.in_data else _END[1:]
    return Repaired(bytes(data[: layout.end]) + (_END if layout.in_data else end), damage)


def verify(data: memoryview, _header: ImageHeader) -> None:
    """Raise BrokenImageError unless every block is whole and a trailer ends the file."""
    layout = GifLayout(data)
    if layout.truncated:
        raise BrokenImageError("GIF without its trailer: it ends in a frame or between frames")
    if not layout.complete:
        raise BrokenImageError(f"GIF with a byte at {layout.end} that starts no block")


class GifLayout:
    """The blocks of a GIF, read up to the trailer, the end of the data, or what is no block."""

    def __init__(self, data: memoryview) -> None:
        self.complete = False
        """Whether there is a trailer."""
        self.truncated = False
        """Whether the data ends before one; otherwise there are bytes that are no block."""
        self.in_data = False
        """Whether ``end`` is inside the data of a frame or an extension."""
        self.end = 13 + _table_length(data[10])
        """Position after the last whole block or sub-block."""
        try:
            self._read(data)
        except IndexError:
            self.truncated = True

    def _read(self, data: memoryview) -> None:
        while True:
            block = data[self.end]
            if block == _TRAILER:
                self.complete = True
                return
            if block == _IMAGE:
                first = self.end + _DESCRIPTOR + _table_length(data[self.end + 9]) + 1
            elif block == _EXTENSION:
                first = self.end + 2
            else:
                return
            self._skip_sub_blocks(data, first)

    def _skip_sub_blocks(self, data: memoryview, at: int) -> None:
        length = data[at]
        while length:
            _ = data[at + length]
            at += length + 1
            self.end, self.in_data = at, True
            length = data[at]
        self.end, self.in_data = at + 1, False


def _table_length(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0
