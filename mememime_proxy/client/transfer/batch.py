"""Many small files in one request: their digests, sizes and aliases as a line of JSON, and their bytes behind it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from mememime_proxy.client.errors import AnswerError, ClientError
from mememime_proxy.client.inputs.content import CHUNK
from mememime_proxy.client.journal import AcknowledgedAlias
from mememime_proxy.client.transfer.meter import Meter
from mememime_proxy.client.transfer.response import problem_error
from mememime_proxy.client.transfer.session import RETRY_STATUSES, RequestBody, Session

MAX_FILES = 100
"""Files of one request; the service takes more."""
MAX_SIZE = 4 << 20
"""Bytes of all files of one request; the service takes more."""
_PATH = "/assets/batch"
_MEDIA_TYPE = "application/vnd.mememime.batch"
_REFUSALS = frozenset(range(400, 500)) - RETRY_STATUSES


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallFile:
    """One file of a batch: its bytes, their digest, and the alias that is created with it ('' = none)."""

    body: bytes
    sha256: str
    alias: str = ""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that the service has verified and stored."""

    alias: AcknowledgedAlias | None


class BatchUpload:
    """Sends batches, as long as the service has that endpoint."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.supported: bool | None = None
        """Whether the service takes batches; None = it has not been asked."""
        self._asking = asyncio.Lock()

    async def is_supported(self) -> bool:
        """Ask the service whether it takes batches, once. Raises RefusedError, UnreachableError."""
        async with self._asking:
            if self.supported is None:
                response = await self._session.request("OPTIONS", _PATH, expected=_REFUSALS)
                self.supported = response.status < 300 and "POST" in response.headers.get("Allow", "")
        return self.supported

    async def send(self, files: Sequence[SmallFile], meter: Meter) -> list[StoredFile | AnswerError] | None:
        """Return the outcome of each file; None where the service takes no batches.

        Raises RefusedError, UnreachableError, and AnswerError for a status of 500 after all attempts.
        """
        rows = [
            {"sha256": file.sha256, "size": len(file.body)} | ({"alias": file.alias} if file.alias else {})
            for file in files
        ]
        body = b"".join([json.dumps({"files": rows}).encode(), b"\n", *(file.body for file in files)])
        size = sum(len(file.body) for file in files)
        counted = 0

        async def chunks() -> AsyncIterator[bytes]:
            nonlocal counted
            meter.add_sent(-counted)
            counted = 0
            view = memoryview(body)
            for start in range(0, len(body), CHUNK):
                chunk = bytes(view[start : start + CHUNK])
                # The first line does not count.
                sent = max(0, start + len(chunk) - (len(body) - size)) - counted
                counted += sent
                meter.add_sent(sent)
                yield chunk

        response = await self._session.request(
            "POST",
            _PATH,
            body=RequestBody(len(body), chunks),
            headers={"Content-Type": _MEDIA_TYPE},
            expected=_REFUSALS,
        )
        if response.status in _REFUSALS:
            # By a server in between that takes small bodies only, for example: each file is sent by itself then.
            meter.add_sent(-counted)
            self.supported = False
            return None
        results = response.json().get("assets")
        if not isinstance(results, list) or len(results) != len(files):
            raise ClientError("found another number of outcomes than files in a batch, expected one for each")
        return list(map(_outcome, results))


def _outcome(result: dict[str, Any]) -> StoredFile | AnswerError:
    asset = result.get("asset")
    if asset is None:
        return problem_error(int(result.get("error", {}).get("status", 500)), result.get("error"))
    if "alias_version" not in asset:
        return StoredFile(None)
    return StoredFile(AcknowledgedAlias(str(asset["alias"]), int(asset["alias_version"])))
