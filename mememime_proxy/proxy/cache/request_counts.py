"""Approximate numbers of requests by variant, in 4 MiB: a count-min sketch (Cormode and Muthukrishnan, 2005)."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable

_ROWS = 4
_COLUMNS = 1 << 22
"""Counters of a row, of two bits each. A million variants make one in four hundred new ones look like a known one."""
_ROW_BYTES = _COLUMNS // 4
_MOST = 3
_HALF_LIFE = 3600.0
"""Seconds after which counts are halved."""
_INDEXES = struct.Struct(f"<{_ROWS}I")
_HALVES = bytes(sum(((byte >> shift & 3) >> 1) << shift for shift in (0, 2, 4, 6)) for byte in range(256))


class RequestCounts:
    """Counts up to three, halved each hour. A count may be too large, where other keys share all its counters."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counters = bytearray(_ROWS * _ROW_BYTES)
        self._next_halving = clock() + _HALF_LIFE
        self._rows_to_halve: list[int] = []

    def add(self, key: bytes) -> int:
        """Count a request for ``key``, 16 bytes of a digest, and return its number."""
        self._halve()
        places = self._places(key)
        counts = [self._counters[index] >> shift & 3 for index, shift in places]
        count = min(counts)
        if count == _MOST:
            return count
        for (index, shift), value in zip(places, counts, strict=True):
            if value == count:  # larger ones are of other keys, too
                self._counters[index] += 1 << shift
        return count + 1

    def estimate(self, key: bytes) -> int:
        """Return the number of requests for ``key``."""
        return min(self._counters[index] >> shift & 3 for index, shift in self._places(key))

    @staticmethod
    def _places(key: bytes) -> list[tuple[int, int]]:
        """Return the byte and the shift of the key's counter in each row."""
        columns = [value % _COLUMNS for value in _INDEXES.unpack(key)]
        return [(row * _ROW_BYTES + column // 4, column % 4 * 2) for row, column in enumerate(columns)]

    def _halve(self) -> None:
        """Halve a row where it is time: one in each call, which takes a millisecond."""
        while self._clock() >= self._next_halving:
            self._next_halving += _HALF_LIFE
            # Two hours without a request forget all but a three, three hours everything.
            self._rows_to_halve = (self._rows_to_halve + list(range(_ROWS)))[: 2 * _ROWS]
        if self._rows_to_halve:
            start = self._rows_to_halve.pop() * _ROW_BYTES
            row = slice(start, start + _ROW_BYTES)
            self._counters[row] = self._counters[row].translate(_HALVES)
