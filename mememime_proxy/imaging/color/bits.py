"""Bits of a header, most significant first."""

from __future__ import annotations


class Bits:
    """A reader of fields. Raises IndexError at the end."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> int:
        """Return an unsigned number of ``count`` bits."""
        end = self._at + count
        if end > 8 * len(self._data):
            raise IndexError("the header ends too soon")
        first, last = self._at >> 3, (end + 7) >> 3
        value = int.from_bytes(self._data[first:last], "big") >> (8 * last - end)
        self._at = end
        return value & (1 << count) - 1

    def golomb(self) -> int:
        """Return an unsigned number in Exp-Golomb code; Recommendation ITU-T H.265, 9.2."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 32:
                raise IndexError("a number that is too long")
        return (1 << zeros) - 1 + self.take(zeros)

    def skip_golomb(self, count: int) -> None:
        """Skip numbers in Exp-Golomb code, with or without a sign."""
        for _ in range(count):
            self.golomb()


def leb128(data: memoryview, at: int) -> tuple[int, int]:
    """Read a variable-length number of AV1 (4.10.5): return it and the place behind it; missing bytes are 0."""
    value = 0
    for index in range(8):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << 7 * index
        if not byte & 0x80:
            break
    return value, at
