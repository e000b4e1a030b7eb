"""Large files by tus 1.0.0: parallel parts, each resumed at the offset of the service, concatenated at the end."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

from mememime_proxy.client.errors import AnswerError, ClientError, UploadLostError
from mememime_proxy.client.inputs.content import FileContent
from mememime_proxy.client.journal import Journal, Part
from mememime_proxy.client.tasks import run_all
from mememime_proxy.client.transfer.meter import Meter
from mememime_proxy.client.transfer.response import ServiceResponse
from mememime_proxy.client.transfer.session import CONNECTION_ERRORS, RequestBody, Session

_UPLOADS = "/uploads"
_TUS_HEADERS = {"Tus-Resumable": "1.0.0"}
_GONE_STATUSES = frozenset({404, 410})
_INTERRUPTED = frozenset({408, 409, 425, 429, 499})
"""Statuses of 4xx after which a PATCH goes on: its body stalled, came too early, or another one was faster."""
_POLL = 0.5
"""Seconds between two requests for the status of an upload that the service verifies."""


class TusUpload:
    """Uploads files, in up to ``parallel`` parts of at least ``part_size`` bytes."""

    def __init__(self, session: Session, journal: Journal, parallel: int, part_size: int) -> None:
        self._session, self._journal = session, journal
        self._parallel, self._part_size = parallel, part_size

    async def send(self, content: FileContent, sha256: str, filename: str, meter: Meter) -> None:
        """Return when the service has verified and stored the file.

        A later call resumes what was sent, also in another process with the same journal. Raises AnswerError where the
        service refuses the file, UnreachableError, FileError.
        """
        parts = [part for part in self._journal.get_parts(sha256) if part.url.startswith(_UPLOADS)]
        if not parts or parts[-1].end != content.size:
            self._journal.delete_parts(sha256)
            parts = _split(content.size, self._parallel, self._part_size)
            self._journal.store_parts(sha256, parts)
        metadata = _metadata({"filename": filename, "sha256": sha256})
        single = len(parts) == 1
        urls = await run_all(
            self._send_part(content, sha256, part, metadata if single else "", meter) for part in parts
        )
        if not single:
            urls = [await self._concatenate(urls, metadata)]
        await self._wait_until_verified(urls[0], sha256)
        self._journal.delete_parts(sha256)

    async def _create(self, headers: Mapping[str, str]) -> str:
        response = await self._session.request("POST", _UPLOADS, headers={**_TUS_HEADERS, **headers})
        # By its id: the Location may have another host name than this client reaches the service at.
        upload_id = response.headers.get("Location", "").rpartition("/")[2]
        if not upload_id:
            raise ClientError(f"{self._session.url}: found an upload without a Location, expected a resource service")
        return f"{_UPLOADS}/{upload_id}"

    async def _send_part(self, content: FileContent, sha256: str, part: Part, metadata: str, meter: Meter) -> str:
        """Send the bytes of one part that the service does not have; return the path of its upload."""
        size = part.end - part.first
        offset = await self._offset(part.url) if part.url != _UPLOADS else None
        if offset is None:
            kind = {"Upload-Metadata": metadata} if metadata else {"Upload-Concat": "partial"}
            part = replace(part, url=await self._create({"Upload-Length": str(size), **kind}))
            self._journal.store_parts(sha256, [part])
            offset = 0
        counted = offset
        meter.add_resumed(offset)

        async def chunks() -> AsyncIterator[bytes]:
            nonlocal counted
            async for chunk in content.chunks(part.first + counted, part.end):
                counted += len(chunk)
                meter.add_sent(len(chunk))
                yield chunk

        retries = self._session.retries()
        while offset < size:
            headers = {**_TUS_HEADERS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
            response = None
            try:
                response = await self._session.request_once(
                    "PATCH", part.url, body=RequestBody(size - offset, chunks), headers=headers
                )
            except CONNECTION_ERRORS as error:
                reason: ClientError = self._session.unreachable_error(error)
            else:
                if response.status < 300:
                    offset = counted = _upload_offset(response)
                    retries.reset()
                    continue
                reason = response.to_error()
                if response.status in _GONE_STATUSES:
                    raise UploadLostError(str(reason))
                if response.status == 422:
                    self._journal.delete_parts(sha256)
                if is_final(response.status, reason):
                    raise reason
            await retries.wait(reason, response)
            received = await self._offset(part.url)
            if received is None:
                raise UploadLostError(str(reason))
            if received > offset:
                retries.reset()
            meter.add_sent(received - counted)
            offset = counted = received
        return part.url

    async def _offset(self, url: str) -> int | None:
        """Return the bytes that the service has of an upload; None where it has no such upload."""
        response = await self._session.request("HEAD", url, headers=_TUS_HEADERS, expected=_GONE_STATUSES)
        if response.status in _GONE_STATUSES:
            return None
        return _upload_offset(response)

    async def _concatenate(self, urls: list[str], metadata: str) -> str:
        try:
            return await self._create({"Upload-Concat": f"final;{' '.join(urls)}", "Upload-Metadata": metadata})
        except AnswerError as error:
            if error.status in {404, 409, 410}:
                raise UploadLostError(str(error)) from error
            raise

    async def _wait_until_verified(self, url: str, sha256: str) -> None:
        """Return when the upload is done. Asks for its status in any case, because a response may have been lost."""
        while True:
            status = (await self._session.request("GET", url, headers=_TUS_HEADERS)).json()
            match status.get("state"):
                case "done":
                    return
                case "failed":
                    self._journal.delete_parts(sha256)
                    raise AnswerError(422, "the service refuses the file", str(status.get("problem", "")))
            await asyncio.sleep(_POLL)


def is_final(status: int, problem: AnswerError) -> bool:
    """Whether the service refuses the bytes of a PATCH for good.

    Any other answer, also one of a server in between, may be that to a body that stalled: what has come is asked for by
    HEAD, and the upload goes on there.
    """
    return 400 <= status < 500 and status not in _INTERRUPTED and bool(problem.code)


def _upload_offset(response: ServiceResponse) -> int:
    text = response.headers.get("Upload-Offset", "")
    if not (text.isascii() and text.isdigit()):
        raise ClientError(f"found the Upload-Offset {text[:40]!r}, expected a number")
    return int(text)


def _split(size: int, parallel: int, part_size: int) -> list[Part]:
    """Return parts of nearly the same size, of which no upload has been created."""
    count = max(1, min(parallel, size // part_size))
    edges = [size * k // count for k in range(count + 1)]
    return [Part(k, edges[k], edges[k + 1], _UPLOADS) for k in range(count)]


def _metadata(values: Mapping[str, str]) -> str:
    return ",".join(
        f"{name} {base64.b64encode(text.encode('utf-8', 'replace')).decode()}" for name, text in values.items()
    )
