"""Other ways in than a plain body: forms, imports, and parts that go straight to the storage."""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from mememime_proxy.errors import (
    ConflictError,
    RequestError,
    SourceError,
    SourceTimeoutError,
    UploadGoneError,
    UploadNotFoundError,
)
from mememime_proxy.resources.assets.repository import Asset, Digest, etag
from mememime_proxy.resources.auth.principal import Role
from mememime_proxy.resources.http.endpoint import Call, Header, Route, answer, no_content
from mememime_proxy.resources.routes import uploads_import
from mememime_proxy.resources.routes.assets import UPLOAD_ERRORS
from mememime_proxy.resources.routes.uploads_form import MEDIA_TYPE, Form, FormAnswer
from mememime_proxy.resources.times import rfc3339
from mememime_proxy.resources.uploads import admission
from mememime_proxy.resources.uploads.intent import Wish
from mememime_proxy.resources.uploads.presigned import ADDRESS_LIFE, MAX_PARTS

_FIRST_PARTS = 100
_Number = Annotated[int, Meta(ge=1, le=MAX_PARTS)]
_Alias = Annotated[str, Meta(max_length=1020)]


class ImportWanted(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What to fetch, which digest it has to have, and which alias it gets."""

    url: Annotated[str, Meta(min_length=1, max_length=8192)]
    alias: _Alias = ""
    sha256: Digest | None = None


class MultipartWanted(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An upload that is announced."""

    size: Annotated[int, Meta(ge=1, le=1 << 45)]
    sha256: Digest
    alias: _Alias = ""
    part_size: Annotated[int, Meta(ge=0, le=1 << 32)] = 0


class PartAddress(msgspec.Struct, kw_only=True):
    """Where to PUT a part, with these headers."""

    number: int
    url: str
    headers: dict[str, str]


class MultipartBegun(msgspec.Struct, kw_only=True):
    """An upload that has begun: each part has ``part_size`` bytes, but the last. The first hundred addresses."""

    id: str
    part_size: int
    parts: list[PartAddress]
    expires: str


class PartsWanted(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Numbers of parts."""

    numbers: Annotated[list[_Number], Meta(min_length=1, max_length=1000)]


class PartAddresses(msgspec.Struct, kw_only=True):
    """Where to PUT parts; each address is good for an hour."""

    parts: list[PartAddress]


class SentPart(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A part that was sent, and the entity tag that the storage gave it."""

    number: _Number
    etag: Annotated[str, Meta(min_length=1, max_length=256, pattern=r"^[\x21-\x7e]+$")]


class MultipartSent(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All parts."""

    parts: Annotated[list[SentPart], Meta(min_length=1, max_length=MAX_PARTS)]


async def post_form(call: Call) -> web.StreamResponse:
    """Assets from a form."""
    with call.services.intake.place():
        return answer(await Form(call).receive())


async def import_asset(call: Call) -> web.StreamResponse:
    """An asset from a web address."""
    services, caller = call.services, call.known
    wanted = await call.json(ImportWanted)
    wish = Wish.of(caller, sha256=wanted.sha256 or "", alias=wanted.alias, headers=call.request.headers)
    await admission.check_room(services, caller, 0)
    with services.intake.place():
        async with services.spool.room() as room:
            await uploads_import.fetch(services, wanted.url, admission.limit(services, caller), room)
            found, new = await admission.finish(services, room, caller, wish)
    return answer(found, 201 if new else 200, {"ETag": etag(found), "Location": f"/assets/{found.sha256}"})


async def begin_multipart(call: Call) -> web.StreamResponse:
    """An upload whose parts go straight to the storage."""
    services, caller = call.services, call.known
    wanted = await call.json(MultipartWanted)
    admission.check_size(services, caller, wanted.size)
    wish = Wish.of(caller, sha256=wanted.sha256, alias=wanted.alias, headers=call.request.headers)
    number, part_size, expires = await services.presigned.begin(caller, wish, wanted.size, wanted.part_size)
    last = -(-wanted.size // part_size)
    parts = await services.presigned.addresses(caller, number, range(1, min(last, _FIRST_PARTS) + 1))
    begun = MultipartBegun(id=number, part_size=part_size, parts=_addresses(parts), expires=rfc3339(expires))
    return answer(begun, 201, {"Location": f"/multipart/{number}"})


async def sign_parts(call: Call) -> web.StreamResponse:
    """Addresses of parts."""
    wanted = await call.json(PartsWanted)
    found = await call.services.presigned.addresses(call.known, call.params["id"], wanted.numbers)
    return answer(PartAddresses(parts=_addresses(found)))


async def complete_multipart(call: Call) -> web.StreamResponse:
    """The asset of all parts, verified."""
    wanted = await call.json(MultipartSent)
    if len({part.number for part in wanted.parts}) != len(wanted.parts):
        raise RequestError("found a part twice")
    with call.services.intake.place():
        found = await call.services.presigned.complete(
            call.known, call.params["id"], [(part.number, part.etag) for part in wanted.parts]
        )
    return answer(found, headers={"ETag": etag(found)})


async def abort_multipart(call: Call) -> web.StreamResponse:
    """Gives an upload up."""
    await call.services.presigned.abort(call.known, call.params["id"])
    return no_content()


def _addresses(parts: list[tuple[int, str]]) -> list[PartAddress]:
    return [PartAddress(number=number, url=url, headers={}) for number, url in parts]


_ID = "{id:[0-9a-f]{32}}"
_CONDITIONS = (
    Header(name="If-Match", meaning="The version that the alias has to have; `*`: it has to be there."),
    Header(name="If-None-Match", meaning="`*`: the alias may not be there."),
)

ROUTES = (
    Route(
        method="POST",
        path="/assets",
        handler=post_form,
        name="post_assets",
        summary="Upload assets from a form: a field `alias` names the file after it",
        role=Role.WRITE,
        tokens=True,
        body=MEDIA_TYPE,
        answers={200: FormAnswer},
        errors=UPLOAD_ERRORS,
    ),
    Route(
        method="POST",
        path="/imports",
        handler=import_asset,
        name="import_asset",
        summary="Fetch an asset from a web address",
        role=Role.WRITE,
        body=ImportWanted,
        answers={200: Asset, 201: Asset},
        headers=_CONDITIONS,
        errors=(*UPLOAD_ERRORS, SourceError, SourceTimeoutError),
    ),
    Route(
        method="POST",
        path="/multipart",
        handler=begin_multipart,
        name="begin_multipart",
        summary=f"Begin an upload straight to the storage; addresses are good for {ADDRESS_LIFE // 60} minutes",
        role=Role.WRITE,
        tokens=True,
        body=MultipartWanted,
        answers={201: MultipartBegun},
        headers=_CONDITIONS,
        errors=UPLOAD_ERRORS,
    ),
    Route(
        method="POST",
        path=f"/multipart/{_ID}/parts",
        handler=sign_parts,
        name="sign_parts",
        summary="Addresses of parts",
        role=Role.WRITE,
        tokens=True,
        body=PartsWanted,
        answers={200: PartAddresses},
        errors=(ConflictError, UploadGoneError, UploadNotFoundError),
    ),
    Route(
        method="POST",
        path=f"/multipart/{_ID}/complete",
        handler=complete_multipart,
        name="complete_multipart",
        summary="Put the parts together, verify the whole, make it an asset",
        role=Role.WRITE,
        tokens=True,
        body=MultipartSent,
        answers={200: Asset},
        errors=(*UPLOAD_ERRORS, UploadGoneError, UploadNotFoundError),
    ),
    Route(
        method="DELETE",
        path=f"/multipart/{_ID}",
        handler=abort_multipart,
        name="abort_multipart",
        summary="Give an upload up",
        role=Role.WRITE,
        tokens=True,
        answers={204: None},
        errors=(ConflictError, UploadGoneError, UploadNotFoundError),
    ),
)
