"""Stream of an original that is a file: complete, a range of it, or only headers (RFC 9110 13, 14)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from types import TracebackType
from typing import Self

from mememime_proxy.errors import RangeNotSatisfiableError
from mememime_proxy.memory_budget import Permit
from mememime_proxy.service.conditional import Decision, Preconditions, Representation, evaluate
from mememime_proxy.service.ranges import ContentRange, parse_range, unsatisfied_range
from mememime_proxy.sources.model import CHUNK, Original


class FileStream:
    """A ``Stream`` of ``original``, which it closes. ``read(descriptor, size, offset)`` reads the file."""

    def __init__(
        self,
        original: Original,
        request_headers: Mapping[str, str],
        read: Callable[[int, int, int], Awaitable[bytes]],
    ) -> None:
        self._original, self._read = original, read
        self.permit: Permit | None = None
        state, size = original.state, original.size
        headers = {"ETag": state.validator, "Accept-Ranges": "bytes", "Content-Type": original.content_type}
        if state.last_modified:
            headers["Last-Modified"] = state.last_modified
        self.status, self._position, self._end = 200, 0, size
        self.headers: Mapping[str, str] = headers
        decision = evaluate(read_conditions(request_headers), Representation(state.validator, state.last_modified))
        if decision is Decision.NOT_MODIFIED:
            self.status, self._end = 304, 0
            return
        byte_range = parse_range(request_headers.get("Range", ""))
        if byte_range is not None and decision is Decision.PROCEED:
            try:
                self._position, self._end = byte_range.resolve(size)
            except RangeNotSatisfiableError:
                self.status, self._end = 416, 0
                headers["Content-Range"] = unsatisfied_range(size)
            else:
                self.status = 206
                headers["Content-Range"] = str(ContentRange(self._position, self._end, size))
        headers["Content-Length"] = str(self._end - self._position)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self._position < self._end:
            size = min(CHUNK, self._end - self._position)
            chunk = await self._read(self._original.fd, size, self._position)
            if not chunk:
                # The file was truncated meanwhile; headers are sent, so only a broken connection tells the client.
                raise ConnectionAbortedError("the file was truncated during the read")
            self._position += len(chunk)
            yield chunk

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._original.close()


def read_conditions(headers: Mapping[str, str]) -> Preconditions:
    """Return the conditions that a source evaluates; those of writers are no business of a read."""
    conditions = Preconditions.of(headers)
    return Preconditions(
        if_none_match=conditions.if_none_match,
        if_modified_since=conditions.if_modified_since,
        if_range=conditions.if_range,
    )
