"""Large files straight to the service's S3 storage, by addresses that the service signs; it verifies them there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

from mememime_proxy.client.errors import ClientError, LostError
from mememime_proxy.client.inputs.content import Content
from mememime_proxy.client.journal import Journal, Part
from mememime_proxy.client.tasks import together
from mememime_proxy.client.transfer.meter import Meter
from mememime_proxy.client.transfer.session import BROKEN, LATER, Body, Session

_MULTIPART = "/multipart"
_EXPIRED = frozenset({400, 403})
"""What storages say of an address whose time has passed: the service is asked for another."""


class Presigned:
    """Sends one file at a time, up to ``parallel`` of its parts at once; the service says how large they are."""

    def __init__(self, session: Session, journal: Journal, parallel: int) -> None:
        self._session, self._journal = session, journal
        self._parallel = parallel

    async def send(self, content: Content, sha256: str, _filename: str, meter: Meter) -> None:
        """See ``Tus.send``. AnswerError 409 where the service's storage cannot do this."""
        parts = [part for part in self._journal.parts(sha256) if part.url.startswith(_MULTIPART)]
        if not parts or parts[-1].end != content.size:
            self._journal.drop_parts(sha256)
            parts = await self._create(content.size, sha256)
            self._journal.keep_parts(sha256, parts)
        free = asyncio.Semaphore(self._parallel)

        async def one(part: Part) -> Part:
            if part.etag:
                meter.there(part.end - part.first)
                return part
            async with free:
                done = replace(part, etag=await self._part(content, part, meter))
            self._journal.keep_parts(sha256, [done])
            return done

        done = await together(one(part) for part in parts)
        said = [{"number": part.number, "etag": part.etag} for part in done]
        answer = await self._session.ask(
            "POST", f"{parts[0].url}/complete", said={"parts": said}, fine=frozenset({404, 410})
        )
        if answer.status >= 400:
            raise LostError(str(answer.error()))
        self._journal.drop_parts(sha256)

    async def _create(self, size: int, sha256: str) -> list[Part]:
        said = (await self._session.ask("POST", _MULTIPART, said={"size": size, "sha256": sha256})).json()
        try:
            url, part_size = f"{_MULTIPART}/{said['id']}", int(said["part_size"])
        except (KeyError, TypeError, ValueError) as error:
            raise ClientError("found an answer without id and part_size, expected a resource service") from error
        return [
            Part(number, start, min(start + part_size, size), url)
            for number, start in enumerate(range(0, size, part_size), 1)
        ]

    async def _part(self, content: Content, part: Part, meter: Meter) -> str:
        """Sends one part; what the storage calls it."""
        waits = self._session.waits()
        while True:
            url, headers = await self._address(part)
            counted = 0

            async def chunks() -> AsyncIterator[bytes]:
                nonlocal counted
                async for chunk in content.chunks(part.first, part.end):
                    counted += len(chunk)
                    meter.sent(len(chunk))
                    yield chunk

            answer = None
            try:
                answer = await self._session.once("PUT", url, body=Body(part.end - part.first, chunks), headers=headers)
            except BROKEN as error:
                reason: ClientError = self._session.broken(error)
            else:
                etag = answer.headers.get("ETag", "")
                if answer.status < 300 and etag:
                    return etag
                reason = answer.error()
                if answer.status not in LATER | _EXPIRED:
                    raise reason
            meter.sent(-counted)
            await waits.again(reason, answer)

    async def _address(self, part: Part) -> tuple[str, dict[str, str]]:
        answer = await self._session.ask(
            "POST", f"{part.url}/parts", said={"numbers": [part.number]}, fine=frozenset({404, 410})
        )
        if answer.status >= 400:
            raise LostError(str(answer.error()))
        try:
            (found,) = answer.json()["parts"]
            return str(found["url"]), {str(name): str(text) for name, text in found["headers"].items()}
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ClientError("found no address for a part, expected one") from error
