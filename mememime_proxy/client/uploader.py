"""The uploader: single files, asked for by whom it may concern, and the steps that ``Bulk`` takes for many."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import quote

from mememime_proxy.client.errors import AnswerError, ClientError, LostError
from mememime_proxy.client.inputs.content import Content, LocalFile
from mememime_proxy.client.journal import Journal, Named
from mememime_proxy.client.transfer.meter import Meter, Silent
from mememime_proxy.client.transfer.presigned import Presigned
from mememime_proxy.client.transfer.session import Body, Session
from mememime_proxy.client.transfer.tus import Tus

ASK = 1000
"""Digests that the service is asked for at once."""
SMALL = 1 << 20
"""Bytes below which it is no loss to send a file a second time, where its alias turns out to be there already."""
_RACES = 5
Way = Literal["tus", "presigned"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What an alias is to be besides its name."""

    tags: tuple[str, ...] = ()
    focal: tuple[float, float] | None = None
    preset: str = ""

    def said(self) -> dict[str, Any]:
        """As the service wants to hear it; nothing of what nobody wished."""
        focal = {"x": self.focal[0], "y": self.focal[1]} if self.focal else None
        found = {"tags": list(self.tags), "focal": focal, "preset": self.preset}
        return {name: value for name, value in found.items() if value}

    def met(self, alias: dict[str, Any]) -> bool:
        """Whether the alias is so already."""
        return all(
            sorted(alias.get(name) or []) == sorted(value) if name == "tags" else alias.get(name) == value
            for name, value in self.said().items()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded:
    """What became of one file."""

    sha256: str
    size: int
    sent: bool
    """Whether its bytes were sent; False where the service had them."""
    alias: str = ""
    """As the service spells it."""
    version: int = 0


@dataclass(kw_only=True)
class Transfer:
    """How bytes go out."""

    large: int = 16 << 20
    """Bytes from which on a file goes in parts, to be resumed."""
    part_size: int = 8 << 20
    """Least bytes of such a part."""
    parallel: int = 4
    """Parts of one file at once."""
    way: Way = "tus"
    bandwidth: float = 0
    """Bytes a second, all transfers together; 0 = no cap."""
    requests: float = 0
    """Requests a second; 0 = no cap."""
    connections: int = field(default=32)


class Uploader:
    """Uploads to one service with one API key. Opened by ``async with``; tasks may share it.

    ``journal``: remembers what is under way for a later run; without one that ends with the object.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        transfer: Transfer | None = None,
        journal: Journal | None = None,
        session: Session | None = None,
    ) -> None:
        self.transfer = transfer or Transfer()
        self.session = session or Session(
            url,
            key,
            connections=self.transfer.connections,
            bandwidth=self.transfer.bandwidth,
            requests=self.transfer.requests,
        )
        self._own_journal = journal is None
        self.journal = journal or Journal(None, url)

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as undo:
            if self._own_journal:
                undo.enter_context(self.journal)
            await undo.enter_async_context(self.session)
            transfer = self.transfer
            self._sender: Tus | Presigned = (
                Presigned(self.session, self.journal, transfer.parallel)
                if transfer.way == "presigned"
                else Tus(self.session, self.journal, transfer.parallel, transfer.part_size)
            )
            self._undo = undo.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._undo.aclose()

    async def upload(
        self,
        file: Path | Content,
        *,
        alias: str = "",
        tags: Sequence[str] = (),
        focal: tuple[float, float] | None = None,
        preset: str = "",
        replace: bool = True,
    ) -> Uploaded:
        """Uploads the file unless the service has it, and points the alias at it, if one is named.

        ``replace``: whether an alias may be moved that points at something else. FileError, AnswerError, RefusedError,
        UnreachableError; after each of them a second call goes on.
        """
        content = LocalFile(file) if isinstance(file, Path) else file
        sha256 = await content.digest()
        wishes = Wishes(tags=tuple(tags), focal=focal, preset=preset)
        sent, named = sha256 not in await self.present([sha256]), None
        if sent:
            filename = file.name if isinstance(file, Path) else ""
            named = await self.send(content, sha256, filename, new_alias=alias if wishes == Wishes() else "")
        if alias and named is None:
            named = await self.name(alias, sha256, wishes, replace=replace, likely_new=sent)
        named = named or Named("", 0)
        return Uploaded(sha256=sha256, size=content.size, sent=sent, alias=named.spelt, version=named.version)

    async def check(self) -> None:
        """Returns where the service answers and takes the key; RefusedError, UnreachableError."""
        try:
            await self.session.ask("GET", "/assets", params={"limit": "1"})
        except AnswerError as error:
            raise ClientError(f"{self.session.url} is no resource service, or not for this key: {error}") from error

    async def present(self, digests: Sequence[str]) -> set[str]:
        """Those of the digests that the service has."""
        found: set[str] = set()
        for start in range(0, len(digests), ASK):
            answer = await self.session.ask("POST", "/assets/exists", said={"sha256": digests[start : start + ASK]})
            found.update(answer.json()["present"])
        return found

    async def send(
        self,
        content: Content,
        sha256: str,
        filename: str = "",
        meter: Meter | None = None,
        *,
        new_alias: str = "",
    ) -> Named | None:
        """Sends the bytes; returns when the service has verified them and keeps them.

        ``meter`` is told of them as they go out. ``new_alias``: likely there is none of that name; it is made with the
        asset, which spares a request, and is what is returned. None where that did not come to pass: use ``name``.
        """
        meter = meter or Silent()
        if content.size < self.transfer.large:
            return await self._put(content, sha256, meter, new_alias if content.size < SMALL else "")
        try:
            await self._sender.send(content, sha256, filename, meter)
        except LostError:
            # What an earlier run has sent is gone: from the beginning, and once.
            self.journal.drop_parts(sha256)
            await self._sender.send(content, sha256, filename, meter)
        return None

    async def _put(self, content: Content, sha256: str, meter: Meter, new_alias: str = "") -> Named | None:
        digest = base64.b64encode(bytes.fromhex(sha256)).decode()
        counted = 0

        async def chunks() -> Any:
            nonlocal counted
            meter.sent(-counted)
            counted = 0
            async for chunk in content.chunks(0, content.size):
                counted += len(chunk)
                meter.sent(len(chunk))
                yield chunk

        body, headers = Body(content.size, chunks), {"Repr-Digest": f"sha-256=:{digest}:"}
        answer = None
        if new_alias:
            answer = await self.session.ask(
                "PUT",
                "/assets",
                body=body,
                headers=headers | {"If-None-Match": "*"},
                params={"alias": new_alias},
                fine=frozenset({412}),
            )
        if answer is None or answer.status == 412:
            answer = await self.session.ask("PUT", "/assets", body=body, headers=headers)
        asset = answer.json()
        if asset.get("state") != "ready":
            raise AnswerError(answer.status, f"the file is {asset.get('state')}", str(asset.get("reason", "")))
        return Named(str(asset["alias"]), int(asset["alias_version"])) if "alias_version" in asset else None

    async def asset(self, sha256: str) -> dict[str, Any] | None:
        """What the service knows of an asset; None where it has none."""
        answer = await self.session.ask("GET", f"/assets/{sha256}", fine=frozenset({404}))
        return None if answer.status == 404 else answer.json()

    async def alias(self, name: str) -> dict[str, Any] | None:
        """What the service knows of an alias; None where there is none."""
        answer = await self.session.ask("GET", _path(name), fine=frozenset({404}))
        return None if answer.status == 404 else answer.json()

    async def name(
        self, name: str, sha256: str, wishes: Wishes | None = None, *, replace: bool = True, likely_new: bool = False
    ) -> Named:
        """Points the alias at the asset, unless it does already; never over what somebody does at the same moment.

        AnswerError 412 where it points at something else and ``replace`` is not wanted.
        """
        wishes = wishes or Wishes()
        for _ in range(_RACES):
            found = None if likely_new else await self.alias(name)
            likely_new = False
            if found is not None:
                same = found.get("sha256") == sha256
                if same and wishes.met(found):
                    return _named(found)
                if not (same or replace):
                    raise AnswerError(412, f"the alias {name} is there already")
            condition = {"If-None-Match": "*"} if found is None else {"If-Match": f'"{found["version"]}"'}
            kept = {key: found[key] for key in ("focal", "preset", "tags") if found.get(key)} if found else {}
            answer = await self.session.ask(
                "PUT",
                _path(name),
                said={"sha256": sha256, **kept, **wishes.said()},
                headers=condition,
                fine=frozenset({412}),
            )
            if answer.status != 412:
                return _named(answer.json())
        raise AnswerError(412, f"others move the alias {name} all the time")


def _named(alias: dict[str, Any]) -> Named:
    return Named(str(alias["name"]), int(alias["version"]))


def _path(name: str) -> str:
    return f"/aliases/{quote(name, safe='/')}"
