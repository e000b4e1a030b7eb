"""The bytes of an original as a file for the demuxer: what is not there yet is requested before it is read."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from typing import TYPE_CHECKING, Final

from mememime_proxy.errors import LimitError, MememimeError, SourceTooLargeError

if TYPE_CHECKING:
    from mememime_proxy.av.film_facts import FilmFacts

Need = Callable[[int, int], None]
"""Returns when bytes ``[offset, offset + length)`` of the file are there. Raises the error of the source."""

BLOCK: Final = 64 << 10
"""Bytes that are the unit of what is known to be there. Whole packets are read at once, over as many as they need."""
_LEAST: Final = 2
"""Blocks that are requested at least."""
_MOST_AHEAD: Final = 16
"""Blocks that are requested at once where reading goes on from the last ones."""
_OPENING_CPU: Final = 2.0
"""CPU seconds that opening may take: a film of hours takes a tenth of one."""
_OPENING_BYTES: Final = 128 << 20
"""Bytes that may be read for it: the index of a day has some ten megabytes, fonts in a film some more."""


class ByteSource:
    """A file object for ``av.open``. A failure of the source looks like the end of the file to the demuxer.

    ``failure`` has it then, and whoever used the demuxer raises it.
    """

    def __init__(self, descriptor: int, size: int, need: Need | None = None, max_read: int = 0) -> None:
        """``need``: None where all bytes are there. ``max_read``: bytes that may be requested; 0 = any number."""
        self.failure: MememimeError | None = None
        self.facts: FilmFacts | None = None
        """What is known of the film, by an earlier request or in this one."""
        self.requested = 0
        """Bytes that were requested."""
        self._descriptor = descriptor
        self.size = size
        self._need = need
        self._max_read = max_read
        self._position = 0
        self._blocks: set[int] = set()
        """Numbers of the blocks that are there."""
        self._next_block = -1
        self._ahead = _LEAST
        self._cpu_end = float("inf")
        self._bytes_left = 0

    @contextmanager
    def opening(self) -> Iterator[None]:
        """Fail where what is read here takes too much CPU time or too many bytes: an index that is made to."""
        self._cpu_end, self._bytes_left = time.process_time() + _OPENING_CPU, _OPENING_BYTES
        try:
            yield
        finally:
            self._cpu_end = float("inf")

    def second_cursor(self) -> ByteSource:
        """Return another file object for the same bytes, with a position, a failure and a count of its own."""
        return copy(self)

    def read(self, size: int = -1) -> bytes:
        """Return at most ``size`` bytes from the present position."""
        length = min(self.size - self._position, size if size >= 0 else self.size)
        if length <= 0 or self.failure is not None or self._is_spent(length):
            return b""
        if self._need is not None:
            try:
                self._fetch(self._position, length, self._need)
            except MememimeError as error:
                self.failure = error
                return b""
        content = os.pread(self._descriptor, length, self._position)
        self._position += len(content)
        return content

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Set the position; ValueError for one before the start."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise ValueError("a position before the start")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def _is_spent(self, length: int) -> bool:
        if self._cpu_end == float("inf"):
            return False
        self._bytes_left -= length
        if self._bytes_left < 0:
            self.failure = LimitError(f"the index of the film has more than {_OPENING_BYTES >> 20} MB")
        elif time.process_time() > self._cpu_end:
            self.failure = LimitError("the index of the film is too complex")
        return self.failure is not None

    def _fetch(self, offset: int, length: int, need: Need) -> None:
        first, last = offset // BLOCK, (offset + length - 1) // BLOCK
        while first <= last:
            if first in self._blocks:
                first += 1
                continue
            self._ahead = min(2 * self._ahead, _MOST_AHEAD) if first == self._next_block else _LEAST
            count = max(self._ahead, last - first + 1)
            start = first * BLOCK
            size = min(count * BLOCK, self.size - start)
            self.requested += size
            if self._max_read and self.requested > self._max_read:
                raise SourceTooLargeError(f"more than {self._max_read} bytes of the film are needed")
            need(start, size)
            self._blocks.update(range(first, first + count))
            first = self._next_block = first + count
