"""Multipart uploads straight to the storage, over HTTP."""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from mememime_proxy.errors import ConflictError, RequestError, UploadGoneError, UploadNotFoundError
from mememime_proxy.resources.assets.model import Asset, Digest
from mememime_proxy.resources.auth.principal import Role
from mememime_proxy.resources.http.call import Call, json_response, no_content
from mememime_proxy.resources.http.endpoint import Route
from mememime_proxy.resources.routes.uploads import (
    CONDITION_HEADERS,
    UPLOAD_ERRORS,
    AliasText,
    FileName,
    alias_condition,
    published_asset,
    size_limit,
)
from mememime_proxy.resources.times import rfc3339
from mememime_proxy.resources.uploads.admission import check_size, upload_intent
from mememime_proxy.resources.uploads.presigned import MAX_PARTS, URL_LIFETIME

_FIRST_PARTS = 100
_Number = Annotated[int, Meta(ge=1, le=MAX_PARTS)]


class MultipartRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The size and digest of an upload, and the alias that the asset gets."""

    size: Annotated[int, Meta(ge=1, le=1 << 45)]
    sha256: Digest
    alias: AliasText = ""
    part_size: Annotated[int, Meta(ge=0, le=1 << 32)] = 0
    filename: FileName = ""


class PartUrl(msgspec.Struct, kw_only=True):
    """URL and headers for the PUT request of a part."""

    number: int
    url: str
    headers: dict[str, str]


class MultipartUpload(msgspec.Struct, kw_only=True):
    """A new upload: each part but the last has ``part_size`` bytes. With the URLs of the first hundred."""

    id: str
    part_size: int
    parts: list[PartUrl]
    expires: str


class PartUrlsRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Numbers of parts."""

    numbers: Annotated[list[_Number], Meta(min_length=1, max_length=1000)]


class PartUrls(msgspec.Struct, kw_only=True):
    """URLs for PUT requests of parts; each is valid for an hour."""

    parts: list[PartUrl]


class UploadedPart(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A part, and the entity tag that the storage gave it."""

    number: _Number
    etag: Annotated[str, Meta(min_length=1, max_length=256, pattern=r"^[\x21-\x7e]+$")]


class MultipartCompletion(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All parts."""

    parts: Annotated[list[UploadedPart], Meta(min_length=1, max_length=MAX_PARTS)]


async def begin_multipart(call: Call) -> web.StreamResponse:
    """Begin an upload whose parts go straight to the storage."""
    presigned = call.services.presigned
    request = await call.json(MultipartRequest)
    check_size(request.size, size_limit(call))
    intent = upload_intent(
        call.require_principal(),
        sha256=request.sha256,
        alias=request.alias,
        condition=alias_condition(call),
        filename=request.filename,
    )
    upload = await presigned.begin(call.require_principal(), intent, request.size, request.part_size)
    last = -(-request.size // upload.part_size)
    parts = await presigned.part_urls(upload, range(1, min(last, _FIRST_PARTS) + 1))
    multipart = MultipartUpload(
        id=upload.id, part_size=upload.part_size, parts=_part_urls(parts), expires=rfc3339(upload.expires)
    )
    return json_response(multipart, 201, {"Location": f"/multipart/{upload.id}"})


async def sign_parts(call: Call) -> web.StreamResponse:
    """Sign URLs of parts."""
    request = await call.json(PartUrlsRequest)
    presigned = call.services.presigned
    upload = await presigned.get(call.require_principal(), call.params["id"])
    return json_response(PartUrls(parts=_part_urls(await presigned.part_urls(upload, request.numbers))))


async def complete_multipart(call: Call) -> web.StreamResponse:
    """Make an asset of all parts."""
    request = await call.json(MultipartCompletion)
    if len({part.number for part in request.parts}) != len(request.parts):
        raise RequestError("found a part twice")
    with call.services.upload_slots.take():
        finished = await call.services.presigned.complete(
            call.require_principal(), call.params["id"], [(part.number, part.etag) for part in request.parts]
        )
    if finished.published is None:
        asset = Asset.of_row(await call.services.assets.get(finished.upload.sha256, call.require_principal()))
    else:
        asset = published_asset(finished.published)
    return json_response(asset, headers={"ETag": asset.etag()})


async def abort_multipart(call: Call) -> web.StreamResponse:
    """End an upload."""
    await call.services.presigned.abort(call.require_principal(), call.params["id"])
    return no_content()


def _part_urls(parts: list[tuple[int, str]]) -> list[PartUrl]:
    return [PartUrl(number=number, url=url, headers={}) for number, url in parts]


_ID = "{id:[0-9a-f]{32}}"

ROUTES = (
    Route(
        method="POST",
        path="/multipart",
        handler=begin_multipart,
        name="begin_multipart",
        summary=f"Begin an upload directly to the storage; URLs are valid for {URL_LIFETIME // 60} minutes",
        role=Role.WRITE,
        accepts_tokens=True,
        body=MultipartRequest,
        responses={201: MultipartUpload},
        headers=CONDITION_HEADERS,
        errors=UPLOAD_ERRORS,
    ),
    Route(
        method="POST",
        path=f"/multipart/{_ID}/parts",
        handler=sign_parts,
        name="sign_parts",
        summary="URLs of parts",
        role=Role.WRITE,
        accepts_tokens=True,
        body=PartUrlsRequest,
        responses={200: PartUrls},
        errors=(ConflictError, UploadGoneError, UploadNotFoundError),
    ),
    Route(
        method="POST",
        path=f"/multipart/{_ID}/complete",
        handler=complete_multipart,
        name="complete_multipart",
        summary="Put the parts together, verify the bytes, publish the asset",
        role=Role.WRITE,
        accepts_tokens=True,
        body=MultipartCompletion,
        responses={200: Asset},
        errors=(*UPLOAD_ERRORS, UploadGoneError, UploadNotFoundError),
    ),
    Route(
        method="DELETE",
        path=f"/multipart/{_ID}",
        handler=abort_multipart,
        name="abort_multipart",
        summary="Abort an upload",
        role=Role.WRITE,
        accepts_tokens=True,
        responses={204: None},
        errors=(ConflictError, UploadGoneError, UploadNotFoundError),
    ),
)
