"""Many assets in one ZIP archive, which is sent while it is made."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Annotated, Final

import msgspec
from aiohttp import web
from msgspec import Meta

from mememime_proxy.errors import AssetNotFoundError, MememimeError, OverloadError, StorageError
from mememime_proxy.resources.archives.contents import MAX_ASSETS, ArchivedAsset
from mememime_proxy.resources.archives.file_names import ArchiveNames
from mememime_proxy.resources.archives.zip_stream import ZipStream
from mememime_proxy.resources.assets.model import Digest
from mememime_proxy.resources.auth.principal import Role
from mememime_proxy.resources.http.call import Call
from mememime_proxy.resources.http.endpoint import Route
from mememime_proxy.resources.routes.asset_content import verified_copy
from mememime_proxy.service.logs import logger

_NOTE: Final = "not in this archive.txt"
_STALL: Final = 60.0
"""Seconds for a client to take a chunk."""


class NewArchive(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Digests of the assets that an archive is to have."""

    sha256: Annotated[list[Digest], Meta(min_length=1, max_length=MAX_ASSETS)]


async def create_archive(call: Call) -> web.StreamResponse:
    """Send assets as one ZIP archive.

    Each original is compared with its digest before its first byte is sent. One that is corrupt or gone is named in a
    text file at the end of the archive.
    """
    body, archives = await call.json(NewArchive), call.services.archives
    with archives.take_slot():
        async with contextlib.aclosing(
            _archive(call, archives.assets(body.sha256, call.require_principal()))
        ) as chunks:
            # What fails before there is a byte is answered by its status.
            chunk = await anext(chunks)
            response = web.StreamResponse(headers={"Content-Disposition": 'attachment; filename="assets.zip"'})
            response.content_type = "application/zip"
            await call.prepare(response)
            try:
                await _send(response, chunk)
                async for chunk in chunks:
                    await _send(response, chunk)
                await response.write_eof()
            except (MememimeError, TimeoutError) as error:
                # That the end is missing is what tells the client.
                logger().warning("archive.failed", request_id=call.id, detail=str(error) or type(error).__name__)
                if call.request.transport is not None:
                    call.request.transport.abort()
                raise ConnectionResetError("the archive is not complete") from error
    return response


async def _send(response: web.StreamResponse, chunk: bytes) -> None:
    async with asyncio.timeout(_STALL):
        await response.write(chunk)


async def _archive(call: Call, assets: AsyncIterator[ArchivedAsset]) -> AsyncGenerator[bytes]:
    """Yield the bytes of an archive. AssetNotFoundError where it would be empty."""
    stream, names = ZipStream(), ArchiveNames()
    names.add(_NOTE, "")
    missing: list[str] = []
    is_empty = True
    async for item in assets:
        is_empty = False
        name = names.add(item.name, item.extension)
        async with contextlib.AsyncExitStack() as stack:
            try:
                copy = await stack.enter_async_context(verified_copy(call, item.asset))
            except StorageError as error:
                missing.append(f"{name} ({item.asset.sha256}): {error.public}\n")
                continue
            stream.begin(name, copy.size, item.asset.created)
            async for chunk in copy.chunks():
                stream.write(chunk)
                yield stream.take()
            stream.end()
    if is_empty:
        raise AssetNotFoundError("none of these assets is ready")
    if missing:
        note = "".join(missing).encode()
        stream.begin(_NOTE, len(note), call.services.clock())
        stream.write(note)
    stream.close()
    yield stream.take()


ROUTES = (
    Route(
        method="POST",
        path="/archives",
        handler=create_archive,
        name="create_archive",
        summary="Send assets as one ZIP archive",
        role=Role.READ,
        is_private=True,
        is_write=False,
        body=NewArchive,
        responses={200: "application/zip"},
        errors=(AssetNotFoundError, OverloadError),
    ),
)
