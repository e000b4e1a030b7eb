"""Large files by tus 1.0.0: parts in parallel, each resumed where the service has it, put together at the end."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

from mememime_proxy.client.errors import AnswerError, ClientError, LostError
from mememime_proxy.client.inputs.content import Content
from mememime_proxy.client.journal import Journal, Part
from mememime_proxy.client.tasks import together
from mememime_proxy.client.transfer.meter import Meter
from mememime_proxy.client.transfer.session import BROKEN, LATER, Answer, Body, Session

_UPLOADS = "/uploads"
_TUS = {"Tus-Resumable": "1.0.0"}
_GONE = frozenset({404, 410})
_WATCH = 0.5
"""Seconds between two looks at an upload that the service still verifies."""


class Tus:
    """Sends one file at a time, in up to ``parallel`` parts of at least ``part_size`` bytes."""

    def __init__(self, session: Session, journal: Journal, parallel: int, part_size: int) -> None:
        self._session, self._journal = session, journal
        self._parallel, self._part_size = parallel, part_size

    async def send(self, content: Content, sha256: str, filename: str, meter: Meter) -> None:
        """Returns when the service has verified the file and keeps it.

        AnswerError where it refuses; UnreachableError; FileError. What was sent is found again by the next call, also
        in another process with the same journal.
        """
        parts = [part for part in self._journal.parts(sha256) if part.url.startswith(_UPLOADS)]
        if not parts or parts[-1].end != content.size:
            self._journal.drop_parts(sha256)
            parts = _cut(content.size, self._parallel, self._part_size)
            self._journal.keep_parts(sha256, parts)
        metadata = _metadata({"filename": filename, "sha256": sha256})
        single = len(parts) == 1
        urls = await together(self._part(content, sha256, part, metadata if single else "", meter) for part in parts)
        if not single:
            urls = [await self._join(urls, metadata)]
        await self._verified(urls[0], sha256)
        self._journal.drop_parts(sha256)

    async def _create(self, headers: Mapping[str, str]) -> str:
        answer = await self._session.ask("POST", _UPLOADS, headers={**_TUS, **headers})
        # By its id, not by the Location: that may name the service as somebody else reaches it.
        name = answer.headers.get("Location", "").rpartition("/")[2]
        if not name:
            raise ClientError(f"{self._session.url} creates uploads without saying where")
        return f"{_UPLOADS}/{name}"

    async def _part(self, content: Content, sha256: str, part: Part, metadata: str, meter: Meter) -> str:
        """Sends what the service has not of one part; returns its path."""
        size = part.end - part.first
        offset = await self._offset(part.url) if part.url != _UPLOADS else None
        if offset is None:
            kind = {"Upload-Metadata": metadata} if metadata else {"Upload-Concat": "partial"}
            part = replace(part, url=await self._create({"Upload-Length": str(size), **kind}))
            self._journal.keep_parts(sha256, [part])
            offset = 0
        counted = offset
        meter.there(offset)

        async def chunks() -> AsyncIterator[bytes]:
            nonlocal counted
            async for chunk in content.chunks(part.first + counted, part.end):
                counted += len(chunk)
                meter.sent(len(chunk))
                yield chunk

        waits = self._session.waits()
        while offset < size:
            headers = {**_TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
            answer = None
            try:
                answer = await self._session.once("PATCH", part.url, body=Body(size - offset, chunks), headers=headers)
            except BROKEN as error:
                reason: ClientError = self._session.broken(error)
            else:
                if answer.status < 300:
                    offset = counted = _number(answer)
                    waits.progress()
                    continue
                reason = answer.error()
                if answer.status in _GONE:
                    raise LostError(str(reason))
                if answer.status == 422:
                    self._journal.drop_parts(sha256)
                if answer.status != 409 and answer.status not in LATER:
                    raise reason
            await waits.again(reason, answer)
            known = await self._offset(part.url)
            if known is None:
                raise LostError(str(reason))
            if known > offset:
                waits.progress()
            meter.sent(known - counted)
            offset = counted = known
        return part.url

    async def _offset(self, url: str) -> int | None:
        """How much the service has; None where it knows nothing of the upload."""
        answer = await self._session.ask("HEAD", url, headers=_TUS, fine=_GONE)
        if answer.status in _GONE:
            return None
        return _number(answer)

    async def _join(self, urls: list[str], metadata: str) -> str:
        try:
            return await self._create({"Upload-Concat": f"final;{' '.join(urls)}", "Upload-Metadata": metadata})
        except AnswerError as error:
            if error.status in {404, 409, 410}:
                raise LostError(str(error)) from error
            raise

    async def _verified(self, url: str, sha256: str) -> None:
        """Returns when the upload is done. Its status is asked for in any case: an answer may have been lost."""
        while True:
            answer = await self._session.ask("GET", url, headers=_TUS)
            said = answer.json()
            match said.get("state"):
                case "done":
                    return
                case "failed":
                    self._journal.drop_parts(sha256)
                    raise AnswerError(422, "the service refuses the file", str(said.get("problem", "")))
            await asyncio.sleep(_WATCH)


def _number(answer: Answer) -> int:
    said = answer.headers.get("Upload-Offset", "")
    if not (said.isascii() and said.isdigit()):
        raise ClientError(f"found the Upload-Offset {said[:40]!r}, expected a number")
    return int(said)


def _cut(size: int, parallel: int, part_size: int) -> list[Part]:
    """Parts of nearly the same size, which the service knows nothing of yet."""
    count = max(1, min(parallel, size // part_size))
    edges = [size * k // count for k in range(count + 1)]
    return [Part(k, edges[k], edges[k + 1], _UPLOADS) for k in range(count)]


def _metadata(said: Mapping[str, str]) -> str:
    return ",".join(
        f"{name} {base64.b64encode(text.encode('utf-8', 'replace')).decode()}" for name, text in said.items()
    )
