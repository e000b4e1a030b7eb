"""The progress of a job as server-sent events (WHATWG HTML, 9.2)."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

import msgspec
from aiohttp import web

from mememime_proxy.errors import RequestError
from mememime_proxy.jobs.document import JobDocument
from mememime_proxy.jobs.model import JobRow
from mememime_proxy.resources.http.call import Call

MEDIA_TYPE: Final = "text/event-stream"
_HEARTBEAT: Final = 15.0
"""Seconds without an event after which a comment is sent, so that nobody on the way closes the connection."""
_RETRY: Final = 2000
"""Milliseconds after which a client comes again."""
_MAX_DIGITS: Final = 18


async def send_events(call: Call, job: JobRow) -> web.StreamResponse:
    """Send an event for each change of the job since Last-Event-ID, whose id is the job's version, until it has ended.

    A client that has the last event of an ended job is answered 204, after which browsers do not come again. Raises
    RequestError for another Last-Event-ID, OverloadError where there are too many listeners.
    """
    version = _last_event(call.request.headers.get("Last-Event-ID", ""))
    if job.has_ended and version >= job.version:
        return web.Response(status=204, headers={"Cache-Control": "no-store"})
    headers = {"Content-Type": MEDIA_TYPE, "X-Accel-Buffering": "no"}
    if call.request.method == "HEAD":
        return web.Response(headers=headers)
    async with contextlib.aclosing(call.services.job_progress.follow(job, version)) as changes:
        current = await anext(changes)  # raises before the head is sent
        response = web.StreamResponse(headers=headers)
        await call.prepare(response)
        await response.write(f"retry: {_RETRY}\n\n".encode() + _event(current))
        loop = asyncio.get_running_loop()
        sent = loop.time()
        async for current in changes:
            transport = call.request.transport
            if call.services.stopping.is_set() or transport is None or transport.is_closing():
                break
            if current is not None:
                await response.write(_event(current))
                sent = loop.time()
            elif loop.time() - sent >= _HEARTBEAT:
                await response.write(b": heartbeat\n\n")
                sent = loop.time()
        await response.write_eof()
    return response


def _last_event(text: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
        raise RequestError(f"found Last-Event-ID: {text[:80]!r}, expected the id of an event, a number")
    return int(text)


def _event(job: JobRow | None) -> bytes:
    if job is None:
        return b""
    data = msgspec.json.encode(JobDocument.of(job)).decode()
    return f"id: {job.version}\nevent: {job.state}\ndata: {data}\n\n".encode()
