"""Fields of a JPEG XL codestream. ISO/IEC 18181-1, annex B."""

from __future__ import annotations

from collections.abc import Sequence

from mememime_proxy.imaging.gate.header import Buffer

Choice = tuple[int, int]
"""One of the four distributions of a U32 field: a constant, and a number of bits to add."""
Choices = tuple[Choice, Choice, Choice, Choice]

_FLOAT = 16
_MAX_SHIFT = 60


class CodestreamBits:
    """Reader of a codestream, least significant bit first. Raises IndexError at the end."""

    __slots__ = ("_data", "_length", "position")

    def __init__(self, data: Buffer) -> None:
        self._data = data
        self._length = 8 * len(data)
        self.position = 0
        """In bits."""

    def take(self, count: int) -> int:
        """Return an unsigned number of so many bits."""
        start = self.position
        end = start + count
        if end > self._length:
            raise IndexError("the header ends too soon")
        self.position = end
        whole = int.from_bytes(self._data[start >> 3 : (end + 7) >> 3], "little")
        return (whole >> (start & 7)) & ((1 << count) - 1)

    def skip(self, count: int) -> None:
        """Leave out so many bits."""
        self.position += count
        if self.position > self._length:
            raise IndexError("the header ends too soon")

    def flag(self) -> bool:
        """Return a Bool field."""
        return bool(self.take(1))

    def number(self, choices: Choices) -> int:
        """Return a U32 field."""
        constant, count = choices[self.take(2)]
        return constant + self.take(count)

    def long_number(self) -> int:
        """Return a U64 field."""
        kind = self.take(2)
        if kind < 3:
            return (0, 1, 17)[kind] + self.take((0, 4, 8)[kind])
        value, shift = self.take(12), 12
        while self.flag():
            if shift == _MAX_SHIFT:
                return value | self.take(4) << shift
            value |= self.take(8) << shift
            shift += 8
        return value

    def enum(self) -> int:
        """Return an Enum field."""
        return self.number(((0, 0), (1, 0), (2, 4), (18, 6)))

    def skip_floats(self, count: int) -> None:
        """Leave out F16 fields."""
        self.skip(_FLOAT * count)

    def skip_optional_floats(self, *counts: int) -> None:
        """Leave out groups of F16 fields, each behind a flag that says whether it is there."""
        for count in counts:
            if self.flag():
                self.skip_floats(count)

    def skip_extensions(self) -> None:
        """Leave out the extensions of a bundle."""
        extensions = self.long_number()
        lengths = [self.long_number() for _ in range(extensions.bit_count())]
        self.skip(sum(lengths))

    def skip_name(self) -> None:
        """Leave out a name."""
        self.skip(8 * self.number(((0, 0), (0, 4), (16, 5), (48, 10))))

    def align(self) -> None:
        """Go on at the next byte."""
        self.position = (self.position + 7) & ~7


def split(parts: Sequence[Buffer]) -> Buffer:
    """Return what several parts are together, without a copy where there is only one."""
    return parts[0] if len(parts) == 1 else b"".join(parts)
