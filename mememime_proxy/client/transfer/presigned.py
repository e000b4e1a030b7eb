"""Large files sent to the service's S3 storage by presigned URLs; the service verifies them there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

from mememime_proxy.client.errors import ClientError, UploadLostError
from mememime_proxy.client.inputs.content import FileContent
from mememime_proxy.client.journal import Journal, Part
from mememime_proxy.client.tasks import run_all
from mememime_proxy.client.transfer.meter import Meter
from mememime_proxy.client.transfer.session import CONNECTION_ERRORS, RETRY_STATUSES, RequestBody, Session

_MULTIPART = "/multipart"
_EXPIRED_STATUSES = frozenset({400, 403})
"""Statuses of storages for a URL that has expired: the service is asked for another."""


class PresignedUpload:
    """Uploads files in parts of the size that the service chooses, ``parallel`` of them at once."""

    def __init__(self, session: Session, journal: Journal, parallel: int) -> None:
        self._session, self._journal = session, journal
        self._parallel = parallel

    async def send(self, content: FileContent, sha256: str, _filename: str, meter: Meter) -> None:
        """See ``TusUpload.send``. Raises AnswerError 409 where the service's storage has no presigned URLs."""
        parts = [part for part in self._journal.get_parts(sha256) if part.url.startswith(_MULTIPART)]
        if not parts or parts[-1].end != content.size:
            self._journal.delete_parts(sha256)
            parts = await self._create(content.size, sha256)
            self._journal.store_parts(sha256, parts)
        slots = asyncio.Semaphore(self._parallel)

        async def send_part(part: Part) -> Part:
            if part.etag:
                meter.add_resumed(part.end - part.first)
                return part
            async with slots:
                stored = replace(part, etag=await self._send_part(content, part, meter))
            self._journal.store_parts(sha256, [stored])
            return stored

        stored = await run_all(send_part(part) for part in parts)
        etags = [{"number": part.number, "etag": part.etag} for part in stored]
        response = await self._session.request(
            "POST", f"{parts[0].url}/complete", json_body={"parts": etags}, expected=frozenset({404, 410})
        )
        if response.status >= 400:
            raise UploadLostError(str(response.to_error()))
        self._journal.delete_parts(sha256)

    async def _create(self, size: int, sha256: str) -> list[Part]:
        upload = (await self._session.request("POST", _MULTIPART, json_body={"size": size, "sha256": sha256})).json()
        try:
            url, part_size = f"{_MULTIPART}/{upload['id']}", int(upload["part_size"])
        except (KeyError, TypeError, ValueError) as error:
            raise ClientError("found a response without id and part_size, expected a resource service") from error
        return [
            Part(number, start, min(start + part_size, size), url)
            for number, start in enumerate(range(0, size, part_size), 1)
        ]

    async def _send_part(self, content: FileContent, part: Part, meter: Meter) -> str:
        """Send one part and return its ETag in the storage."""
        retries = self._session.retries()
        while True:
            url, headers = await self._presign(part)
            counted = 0

            async def chunks() -> AsyncIterator[bytes]:
                nonlocal counted
                async for chunk in content.chunks(part.first, part.end):
                    counted += len(chunk)
                    meter.add_sent(len(chunk))
                    yield chunk

            response = None
            try:
                response = await self._session.request_once(
                    "PUT", url, body=RequestBody(part.end - part.first, chunks), headers=headers
                )
            except CONNECTION_ERRORS as error:
                reason: ClientError = self._session.unreachable_error(error)
            else:
                etag = response.headers.get("ETag", "")
                if response.status < 300 and etag:
                    return etag
                reason = response.to_error()
                if response.status not in RETRY_STATUSES | _EXPIRED_STATUSES:
                    raise reason
            meter.add_sent(-counted)
            await retries.wait(reason, response)

    async def _presign(self, part: Part) -> tuple[str, dict[str, str]]:
        response = await self._session.request(
            "POST", f"{part.url}/parts", json_body={"numbers": [part.number]}, expected=frozenset({404, 410})
        )
        if response.status >= 400:
            raise UploadLostError(str(response.to_error()))
        try:
            (address,) = response.json()["parts"]
            return str(address["url"]), {str(name): str(text) for name, text in address["headers"].items()}
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ClientError("found a response without a URL for the part, expected a resource service") from error
