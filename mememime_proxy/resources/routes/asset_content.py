"""The stored bytes of an asset over HTTP, verified before the first one is sent."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from aiohttp import web

from mememime_proxy.errors import AssetNotFoundError, StorageError, VersionError
from mememime_proxy.resources.assets.model import AssetRow
from mememime_proxy.resources.database.states import AssetState
from mememime_proxy.resources.http.call import Call
from mememime_proxy.resources.uploads.temp_file import TempFile
from mememime_proxy.service.conditional import Decision, Preconditions, Representation, evaluate
from mememime_proxy.service.ranges import ContentRange, parse_range
from mememime_proxy.storage.asset_keys import asset_key
from mememime_proxy.storage.protocol import CHUNK


async def send_content(call: Call, asset: AssetRow) -> web.StreamResponse:
    """Answer with the bytes of ``asset``, or the requested range of them. RangeNotSatisfiableError.

    StorageError where the stored bytes have another digest than the asset's row: corrupt bytes are never sent.
    """
    if asset.state is not AssetState.READY:
        raise AssetNotFoundError(f"the asset {asset.sha256} is {asset.state}")
    request = call.request
    etag = f'"{asset.stored_sha256}"'
    headers = {"ETag": etag, "Accept-Ranges": "bytes", "Cache-Control": "private, no-cache"}
    decision = evaluate(Preconditions.of(request.headers), Representation(etag))
    if decision is Decision.NOT_MODIFIED:
        return web.Response(status=304, headers=headers)
    if decision is Decision.FAILED:
        raise VersionError("the stored bytes have another entity tag")
    start, end, status = 0, asset.stored_size, 200
    byte_range = parse_range(request.headers.get("Range", "")) if decision is Decision.PROCEED else None
    if byte_range is not None:
        start, end = byte_range.resolve(asset.stored_size)
        status = 206
        headers["Content-Range"] = str(ContentRange(start, end, asset.stored_size))
    response = web.StreamResponse(status=status, headers=headers)
    response.content_type = asset.media_type
    response.content_length = end - start
    async with verified_copy(call, asset) as temp_file:
        await call.prepare(response)
        if request.method != "HEAD":
            while start < end:
                chunk = await temp_file.read(start, min(CHUNK, end - start))
                start += len(chunk)
                await response.write(chunk)
        await response.write_eof()
    return response


@contextlib.asynccontextmanager
async def verified_copy(call: Call, asset: AssetRow) -> AsyncIterator[TempFile]:
    """Yield a copy of the stored bytes whose digest is that of the asset's row. StorageError for any others."""
    async with call.services.temp_files.new() as temp_file:
        async with await call.services.storage.open(asset_key(asset.sha256)) as body:
            async for block in body:
                await temp_file.write(block)
        if await temp_file.finish() != asset.stored_sha256:
            raise StorageError(f"the stored bytes of {asset.sha256} have another digest")
        yield temp_file
