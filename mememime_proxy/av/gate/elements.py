"""The gate for Matroska: how many texts a file has, counted before the demuxer reads them (RFC 8794, RFC 9559).

The demuxer looks through all texts for each further one.
"""

from __future__ import annotations

from typing import Final

from mememime_proxy.av.byte_source import ByteSource
from mememime_proxy.errors import LimitError

MAX_TAGS: Final = 4096
"""Of a film."""
_MAX_ELEMENTS: Final = 20_000
"""That are looked at. A film has some thousand texts at most, and some ten elements besides."""
_MAX_TARGETS: Final = 64
"""Places that seek heads may lead to; the demuxer goes to as many."""
_SEGMENT, _SEEK_HEAD, _SEEK, _CLUSTER = 0x18538067, 0x114D9B74, 0x4DBB, 0x1F43B675
_SEEK_ID, _SEEK_POSITION = 0x53AB, 0x53AC
_TAGS, _TAG, _SIMPLE_TAG = 0x1254C367, 0x7373, 0x67C8
_PARENTS: Final = frozenset({_TAGS, _TAG, _SIMPLE_TAG, _SEEK_HEAD, _SEEK})


def check_elements(source: ByteSource) -> None:
    """Return if the file has no more texts, and no more elements before its first cluster, than it may have.

    LimitError where it has. What seek heads lead to counts, too.
    """
    _Walk(source).walk()


class _Walk:
    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self._left = _MAX_ELEMENTS
        self._tags = MAX_TAGS
        self._segment = 0
        self._targets: list[int] = []

    def walk(self) -> None:
        """Look at the elements up to the first cluster, and at those that seek heads lead to."""
        _, _, head_end = self._element(0, self._source.size)
        name, self._segment, end = self._element(head_end, self._source.size)
        if name != _SEGMENT:
            return
        at = self._segment
        while at < end:
            name, start, stop = self._element(at, end)
            if name in (0, _CLUSTER):
                break
            self._look(name, start, stop)
            at = stop
        number = 0
        while number < min(len(self._targets), _MAX_TARGETS):
            name, start, stop = self._element(self._targets[number], end)
            if name in (_TAGS, _SEEK_HEAD):
                self._look(name, start, stop)
            number += 1

    def _look(self, name: int, start: int, end: int) -> None:
        """Look at what is in an element, and in what is in it."""
        pending = [(name, start, end)]
        while pending:
            name, at, end = pending.pop()
            if name == _SIMPLE_TAG:
                self._tags -= 1
                if self._tags < 0:
                    raise LimitError(f"the film has more than {MAX_TAGS} texts")
            if name == _SEEK_POSITION:
                target = self._segment + int.from_bytes(self._read(at, min(end - at, 8)), "big")
                if target not in self._targets and len(self._targets) < _MAX_TARGETS:
                    self._targets.append(target)
            if name not in _PARENTS:
                continue
            while at < end:
                inner, start, stop = self._element(at, end)
                if inner == 0:
                    break
                pending.append((inner, start, stop))
                at = stop

    def _element(self, at: int, end: int) -> tuple[int, int, int]:
        """Return the name of the element at a place, where its content begins and where it ends; 0 = there is none."""
        self._left -= 1
        if self._left < 0:
            raise LimitError(f"the film has more than {_MAX_ELEMENTS} elements before its first frames")
        head = self._read(at, 12) if at < end else b""
        length = 9 - head[0].bit_length() if head else 9
        if length > 4 or len(head) <= length or not head[length]:
            return 0, at, end
        name = int.from_bytes(head[:length], "big")
        wide = 9 - head[length].bit_length()
        size = int.from_bytes(head[length : length + wide], "big") & ((1 << 7 * wide) - 1)
        start = at + length + wide
        is_unknown = size == (1 << 7 * wide) - 1
        return name, start, end if is_unknown else min(start + size, end)

    def _read(self, offset: int, size: int) -> bytes:
        self._source.seek(offset)
        content = self._source.read(size)
        if self._source.failure is not None:
            raise self._source.failure
        return content
