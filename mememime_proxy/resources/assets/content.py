"""The stored bytes of an asset, looked at before the first one is sent."""

from __future__ import annotations

from aiohttp import web

from mememime_proxy.errors import AssetNotFoundError, RangeNotSatisfiableError, StorageError
from mememime_proxy.resources.assets.repository import READY, Asset
from mememime_proxy.resources.http.endpoint import Call
from mememime_proxy.resources.uploads.temp_file import Spooled
from mememime_proxy.storage.asset_keys import asset_key
from mememime_proxy.storage.protocol import CHUNK


async def send(call: Call, asset: Asset) -> web.StreamResponse:
    """Answers with the bytes of ``asset``, or the range of them that is asked for.

    StorageError where what is stored is not what the asset's row says: wrong bytes are sent to nobody.
    """
    if asset.state != READY:
        raise AssetNotFoundError(f"the asset {asset.sha256} is {asset.state}")
    request = call.request
    etag = f'"{asset.stored_sha256}"'
    headers = {"ETag": etag, "Accept-Ranges": "bytes", "Cache-Control": "private, no-cache"}
    if request.headers.get("If-None-Match", "").strip() in {etag, "*"}:
        return web.Response(status=304, headers=headers)
    start, end, status = _span(request, asset.stored_size, etag)
    if status == 206:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{asset.stored_size}"
    response = web.StreamResponse(status=status, headers=headers)
    response.content_type = asset.media_type
    response.content_length = end - start
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    call.services.cors.apply(request, response)
    async with call.services.spool.room() as room:
        await _fetch(call, asset, room)
        await response.prepare(request)
        if request.method != "HEAD":
            while start < end:
                chunk = await room.read(start, min(CHUNK, end - start))
                start += len(chunk)
                await response.write(chunk)
        await response.write_eof()
    return response


async def _fetch(call: Call, asset: Asset, room: Spooled) -> None:
    async with await call.services.storage.open(asset_key(asset.sha256)) as body:
        async for chunk in body:
            await room.write(chunk)
    digest = await room.finish()
    if digest != asset.stored_sha256:
        raise StorageError(f"the stored bytes of {asset.sha256} are not those that were stored")


def _span(request: web.BaseRequest, size: int, etag: str) -> tuple[int, int, int]:
    """First byte, the one behind the last, and the status. RangeNotSatisfiableError."""
    conditional = request.headers.get("If-Range", "").strip()
    if "Range" not in request.headers or (conditional and conditional != etag):
        return 0, size, 200
    try:
        start, end, _ = request.http_range.indices(size)
    except ValueError:
        return 0, size, 200  # a unit or a form that is not known is none
    if start >= end:
        raise RangeNotSatisfiableError(f"the asset has {size} bytes")
    return start, end, 206
