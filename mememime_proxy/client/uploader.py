"""The uploader: uploads single files, and offers the steps that ``BulkUpload`` combines for many."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import quote

from mememime_proxy.client.errors import AnswerError, ClientError, UnreachableError, UploadLostError
from mememime_proxy.client.inputs.content import FileContent, LocalFile
from mememime_proxy.client.journal import AcknowledgedAlias, Journal
from mememime_proxy.client.transfer.batch import BatchUpload, SmallFile, StoredFile
from mememime_proxy.client.transfer.meter import Meter, NullMeter
from mememime_proxy.client.transfer.presigned import PresignedUpload
from mememime_proxy.client.transfer.session import CONNECTION_ERRORS, GIVE_UP_AFTER, RequestBody, Session
from mememime_proxy.client.transfer.tus import TusUpload

_DIGESTS_PER_REQUEST = 1000
_MAX_SIZE_WITH_ALIAS = 1 << 20
"""Bytes below which a file is sent together with its alias: where that exists, the file is sent a second time."""
_MAX_CONFLICTS = 5
"""Attempts to set an alias that others change at the same time."""
UploadMethod = Literal["tus", "presigned"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasAttributes:
    """The attributes of an alias besides its target."""

    tags: tuple[str, ...] = ()
    focal: tuple[float, float] | None = None
    preset: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the attributes as the service takes them, without those that are not set."""
        focal = {"x": self.focal[0], "y": self.focal[1]} if self.focal else None
        values = {"tags": list(self.tags), "focal": focal, "preset": self.preset}
        return {name: value for name, value in values.items() if value}

    def matches(self, alias: dict[str, Any]) -> bool:
        """Whether the alias has these attributes."""
        return all(
            sorted(alias.get(name) or []) == sorted(value) if name == "tags" else alias.get(name) == value
            for name, value in self.to_json().items()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded:
    """The result of one upload."""

    sha256: str
    size: int
    sent: bool
    """Whether bytes were sent; False where the service had them."""
    alias: str = ""
    """As the service normalises it."""
    version: int = 0


@dataclass(kw_only=True)
class Transfer:
    """How files are transferred."""

    part_threshold: int = 16 << 20
    """Bytes from which on a file is sent in parts, which can be resumed."""
    part_size: int = 8 << 20
    """Smallest size of such a part."""
    parallel: int = 4
    """Parts of one file that are sent at once."""
    method: UploadMethod = "tus"
    bandwidth: float = 0
    """Bytes a second of all transfers together; 0 = no limit."""
    requests: float = 0
    """Requests a second; 0 = no limit."""
    connections: int = field(default=32)
    give_up_after: float = GIVE_UP_AFTER
    """Seconds without any response of the service after which the upload fails."""


class Uploader:
    """Uploads to one service with one API key. Opened by ``async with``; tasks may share it."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        transfer: Transfer | None = None,
        journal: Journal | None = None,
        session: Session | None = None,
        on_silence: Callable[[str], None] | None = None,
    ) -> None:
        """``journal``: records unfinished uploads for a later run; by default they are in memory.

        ``on_silence``: see ``Session``.
        """
        self.transfer = transfer or Transfer()
        self.session = session or Session(
            url,
            key,
            connections=self.transfer.connections,
            bandwidth=self.transfer.bandwidth,
            requests=self.transfer.requests,
            give_up_after=self.transfer.give_up_after,
            on_silence=on_silence,
        )
        self._own_journal = journal is None
        self.journal = journal or Journal(None, url)

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as undo:
            if self._own_journal:
                undo.enter_context(self.journal)
            await undo.enter_async_context(self.session)
            transfer = self.transfer
            self._sender: TusUpload | PresignedUpload = (
                PresignedUpload(self.session, self.journal, transfer.parallel)
                if transfer.method == "presigned"
                else TusUpload(self.session, self.journal, transfer.parallel, transfer.part_size)
            )
            self._batches = BatchUpload(self.session)
            self._undo = undo.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._undo.aclose()

    async def upload(
        self,
        file: Path | FileContent,
        *,
        alias: str = "",
        tags: Sequence[str] = (),
        focal: tuple[float, float] | None = None,
        preset: str = "",
        replace: bool = True,
    ) -> Uploaded:
        """Upload the file unless the service has it, and set its alias, if one is given.

        ``replace``: whether an alias with another target is moved. Raises FileError, AnswerError, RefusedError and
        UnreachableError; after each of them a second call resumes the upload.
        """
        content = LocalFile(file) if isinstance(file, Path) else file
        sha256 = await content.digest()
        attributes = AliasAttributes(tags=tuple(tags), focal=focal, preset=preset)
        sent, acknowledged = sha256 not in await self.find_existing([sha256]), None
        if sent:
            filename = file.name if isinstance(file, Path) else ""
            acknowledged = await self.send(
                content, sha256, filename, new_alias=alias if attributes == AliasAttributes() else ""
            )
        if alias and acknowledged is None:
            acknowledged = await self.set_alias(alias, sha256, attributes, replace=replace, likely_new=sent)
        acknowledged = acknowledged or AcknowledgedAlias("", 0)
        return Uploaded(
            sha256=sha256, size=content.size, sent=sent, alias=acknowledged.name, version=acknowledged.version
        )

    async def check_access(self) -> None:
        """Raise ClientError unless the service responds and accepts the key."""
        try:
            async with asyncio.timeout(self.transfer.give_up_after):
                response = await self.session.request("GET", "/assets", params={"limit": "1"})
                response.json()
        except TimeoutError:
            raise UnreachableError(
                f"{self.session.url} does not respond: no answer in {self.transfer.give_up_after:.0f} s"
            ) from None
        except AnswerError as error:
            raise ClientError(
                f"{self.session.url} is no resource service, or the key has no access: {error}"
            ) from error

    async def answers(self) -> bool:
        """Whether the service answers one request now, and accepts the key."""
        try:
            response = await self.session.request_once("GET", "/assets", params={"limit": "1"})
        except CONNECTION_ERRORS:
            return False
        return response.status < 400

    async def takes_batches(self) -> bool:
        """Whether the service takes small files together. Raises RefusedError and UnreachableError."""
        return await self._batches.is_supported()

    async def send_batch(self, files: Sequence[SmallFile], meter: Meter) -> list[StoredFile | AnswerError] | None:
        """Send small files in one request, at most ``batch.MAX_FILES`` and ``batch.MAX_SIZE`` bytes.

        Return the outcome of each; None where the service, or a server before it, takes no such request.
        """
        if not files:
            return []
        return await self._batches.send(files, meter)

    async def find_existing(self, digests: Sequence[str]) -> set[str]:
        """Return those of the digests that the service has."""
        existing: set[str] = set()
        for start in range(0, len(digests), _DIGESTS_PER_REQUEST):
            batch = digests[start : start + _DIGESTS_PER_REQUEST]
            response = await self.session.request("POST", "/assets/exists", json_body={"sha256": batch})
            existing.update(response.json()["present"])
        return existing

    async def send(
        self,
        content: FileContent,
        sha256: str,
        filename: str = "",
        meter: Meter | None = None,
        *,
        new_alias: str = "",
    ) -> AcknowledgedAlias | None:
        """Send the file; return when the service has verified and stored it.

        ``meter`` counts the bytes. ``new_alias``: an alias that probably does not exist. It is created together with
        the asset, which saves a request, and returned; None where that was not possible: use ``set_alias``.
        """
        meter = meter or NullMeter()
        if content.size < self.transfer.part_threshold:
            return await self._put(content, sha256, meter, new_alias if content.size < _MAX_SIZE_WITH_ALIAS else "")
        try:
            await self._sender.send(content, sha256, filename, meter)
        except UploadLostError:
            # What an earlier run sent is gone: start again, once.
            self.journal.delete_parts(sha256)
            await self._sender.send(content, sha256, filename, meter)
        return None

    async def _put(
        self, content: FileContent, sha256: str, meter: Meter, new_alias: str = ""
    ) -> AcknowledgedAlias | None:
        digest = base64.b64encode(bytes.fromhex(sha256)).decode()
        counted = 0

        async def chunks() -> Any:
            nonlocal counted
            meter.add_sent(-counted)
            counted = 0
            async for chunk in content.chunks(0, content.size):
                counted += len(chunk)
                meter.add_sent(len(chunk))
                yield chunk

        body, headers = RequestBody(content.size, chunks), {"Repr-Digest": f"sha-256=:{digest}:"}
        response = None
        if new_alias:
            response = await self.session.request(
                "PUT",
                "/assets",
                body=body,
                headers=headers | {"If-None-Match": "*"},
                params={"alias": new_alias},
                expected=frozenset({412}),
            )
        if response is None or response.status == 412:
            response = await self.session.request("PUT", "/assets", body=body, headers=headers)
        asset = response.json()
        if asset.get("state") != "ready":
            raise AnswerError(response.status, f"the file is {asset.get('state')}", str(asset.get("reason", "")))
        return AcknowledgedAlias(str(asset["alias"]), int(asset["alias_version"])) if "alias_version" in asset else None

    async def get_asset(self, sha256: str) -> dict[str, Any] | None:
        """Return an asset; None where there is none."""
        response = await self.session.request("GET", f"/assets/{sha256}", expected=frozenset({404}))
        return None if response.status == 404 else response.json()

    async def get_alias(self, name: str) -> dict[str, Any] | None:
        """Return an alias; None where there is none."""
        response = await self.session.request("GET", _path(name), expected=frozenset({404}))
        return None if response.status == 404 else response.json()

    async def set_alias(
        self,
        name: str,
        sha256: str,
        attributes: AliasAttributes | None = None,
        *,
        replace: bool = True,
        likely_new: bool = False,
    ) -> AcknowledgedAlias:
        """Set the target and attributes of an alias, unless it has them; by compare-and-set.

        ``likely_new``: try to create it first. Raises AnswerError 412 where it has another target and ``replace`` is
        False.
        """
        attributes = attributes or AliasAttributes()
        for _ in range(_MAX_CONFLICTS):
            current = None if likely_new else await self.get_alias(name)
            likely_new = False
            if current is not None:
                is_target = current.get("sha256") == sha256
                if is_target and attributes.matches(current):
                    return _acknowledged(current)
                if not (is_target or replace):
                    raise AnswerError(412, f"the alias {name} has another target")
            condition = {"If-None-Match": "*"} if current is None else {"If-Match": f'"{current["version"]}"'}
            unchanged = (
                {key: current[key] for key in ("focal", "preset", "tags") if current.get(key)} if current else {}
            )
            response = await self.session.request(
                "PUT",
                _path(name),
                json_body={"sha256": sha256, **unchanged, **attributes.to_json()},
                headers=condition,
                expected=frozenset({412}),
            )
            if response.status != 412:
                return _acknowledged(response.json())
        raise AnswerError(412, f"the alias {name} is being changed by others; try again")


def _acknowledged(alias: dict[str, Any]) -> AcknowledgedAlias:
    return AcknowledgedAlias(str(alias["name"]), int(alias["version"]))


def _path(name: str) -> str:
    return f"/aliases/{quote(name, safe='/')}"
