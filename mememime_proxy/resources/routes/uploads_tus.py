"""Resumable uploads over HTTP: tus 1.0.0, and how an upload is doing in JSON."""

from __future__ import annotations

import contextlib
import re
from typing import Final

import msgspec
from aiohttp import web

from mememime_proxy.errors import (
    AliasNameError,
    AliasTakenError,
    ChecksumError,
    ConflictError,
    DigestError,
    ImageError,
    MememimeError,
    OffsetError,
    ProtocolVersionError,
    QuotaError,
    RequestError,
    RoleError,
    StorageFullError,
    UploadGoneError,
    UploadNotFoundError,
    UploadTooLargeError,
    UploadTypeError,
    VersionError,
)
from mememime_proxy.resources.auth.principal import Role
from mememime_proxy.resources.http.endpoint import Call, Header, Route, answer, no_content
from mememime_proxy.resources.http.request_body import check_length, chunks
from mememime_proxy.resources.times import rfc3339
from mememime_proxy.resources.uploads import tus_protocol
from mememime_proxy.resources.uploads.chunker import Pieces, cut
from mememime_proxy.resources.uploads.model import DONE, FAILED, JOINED, OPEN, PART, SINGLE, WHOLE, Upload

_SETTLE: Final = 5.0
"""Seconds that a question for the offset waits for bytes that came before it and are not durable yet."""
_ID: Final = "/uploads/{id:[0-9a-f]{32}}"
_HOST: Final = re.compile(r"[A-Za-z0-9._~-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?", re.ASCII)
_SPOKEN: Final = {"Tus-Resumable": tus_protocol.VERSION, "Tus-Version": tus_protocol.VERSION}


class UploadStatus(msgspec.Struct, kw_only=True, omit_defaults=True):
    """How an upload is doing: receiving, verifying, done or failed."""

    id: str
    state: str
    offset: int
    length: int | None = None
    """Absent while the client has not told it."""
    sha256: str = ""
    """What it was found to be, or shall be."""
    alias: str = ""
    problem: str = ""
    """Why it failed."""
    asset: str | None = None
    """Its digest, once it is one."""
    expires: str


async def options(call: Call) -> web.StreamResponse:
    """What is spoken here."""
    headers = {
        "Tus-Extension": ",".join(tus_protocol.extensions()),
        "Tus-Max-Size": str(call.services.settings.upload_max_size),
        "Tus-Checksum-Algorithm": ",".join(tus_protocol.ALGORITHMS),
    }
    return no_content(headers)


@tus_protocol.extension("creation-with-upload")
async def create(call: Call) -> web.StreamResponse:
    """A new upload, with its first bytes where they come along; or one put together from others."""
    services, headers, caller = call.services, call.request.headers, call.known
    tus_protocol.check_version(headers)
    said, concat = tus_protocol.metadata(headers), tus_protocol.concat(headers)
    if concat is not None and concat.parts:
        check_length(call.request, 0)
        upload = await services.uploads.join(caller, concat.parts, said)
        return _created(call, await services.finisher.finish(upload))
    length = tus_protocol.length(headers)
    brings = call.request.can_read_body
    if brings:
        tus_protocol.check_type(headers.get("Content-Type", ""))
        check_length(call.request, services.settings.upload_max_size if length is None else length)
    upload = await services.uploads.create(caller, length, said, SINGLE if concat is None else PART)
    if brings:
        try:
            upload = await _receive(call, upload)
        except BaseException:
            # Nobody was told where it is.
            with contextlib.suppress(MememimeError):
                await services.uploads.terminate(upload)
            raise
    if upload.is_due:
        upload = await services.finisher.finish(upload)
    return _created(call, upload)


async def head(call: Call) -> web.StreamResponse:
    """How much has come."""
    tus_protocol.check_version(call.request.headers)
    upload = await _settled(call)
    if upload.state == FAILED:
        raise upload.failure()
    headers = _state(upload) | {"Upload-Offset": str(_offset(upload))}
    length = _length(upload)
    headers |= {"Upload-Defer-Length": "1"} if length is None else {"Upload-Length": str(length)}
    if upload.metadata.values:
        headers["Upload-Metadata"] = upload.metadata.header()
    if upload.kind in {PART, JOINED}:
        headers["Upload-Concat"] = "partial"
    elif upload.kind == WHOLE:
        headers["Upload-Concat"] = "final;" + " ".join(f"/uploads/{part}" for part in upload.parts)
    return web.Response(status=200, headers={"Cache-Control": "no-store", **headers})


async def status(call: Call) -> web.StreamResponse:
    """How it is doing, in JSON."""
    upload = await _settled(call)
    return answer(
        UploadStatus(
            id=upload.id,
            state=upload.state,
            offset=_offset(upload),
            length=_length(upload),
            sha256=upload.sha256 or upload.wanted.sha256,
            alias=upload.wanted.alias,
            problem=upload.problem,
            asset=upload.sha256 if upload.state == DONE and upload.sha256 else None,
            expires=rfc3339(upload.expires),
        )
    )


async def patch(call: Call) -> web.StreamResponse:
    """The next bytes."""
    services, headers = call.services, call.request.headers
    tus_protocol.check_version(headers)
    tus_protocol.check_type(headers.get("Content-Type", ""))
    offset = tus_protocol.number(headers, "Upload-Offset")
    if offset is None:
        raise RequestError("expected Upload-Offset")
    upload = await services.uploads.get(call.params["id"], call.known)
    if upload.kind in {WHOLE, JOINED}:
        raise RoleError("the upload is put together from others")
    if upload.state == FAILED:
        raise upload.failure()
    if offset != upload.received:
        raise OffsetError(f"the upload goes on at {upload.received}, found {offset}")
    length = tus_protocol.number(headers, "Upload-Length")
    if length is not None:
        upload = await services.uploads.set_length(upload, length)
    if upload.state in OPEN:
        upload = await _receive(call, upload)
    else:
        check_length(call.request, 0)
    if upload.is_due:
        upload = await services.finisher.finish(upload)
    return no_content(_state(upload) | {"Upload-Offset": str(upload.received)})


async def terminate(call: Call) -> web.StreamResponse:
    """The upload is not wanted any more."""
    tus_protocol.check_version(call.request.headers)
    upload = await call.services.uploads.get(call.params["id"], call.known)
    await call.services.uploads.terminate(upload)
    return no_content()


async def override(call: Call) -> web.StreamResponse:
    """Any of these, for clients that can only POST."""
    said = call.request.headers.get("X-HTTP-Method-Override", "")
    handlers = {"PATCH": patch, "DELETE": terminate, "HEAD": head}
    if said not in handlers:
        raise RequestError(f"found X-HTTP-Method-Override: {said[:40]!r}, expected {', '.join(handlers)}")
    return await handlers[said](call)


@tus_protocol.extension("checksum")
async def _receive(call: Call, upload: Upload) -> Upload:
    """Makes the body durable, piece by piece; the upload as it is then. What came of a broken one is kept.

    With a checksum, nothing is before all of it has come and is right: ChecksumError.
    """
    services, check = call.services, tus_protocol.checksum(call.request.headers)
    size, most = services.settings.upload_piece_size, upload.wanted.limit if upload.length is None else upload.length
    body = chunks(call, most - upload.received)
    with services.intake.place():
        if check is not None:
            async with services.spool.room() as room:
                async for chunk in body:
                    check.update(chunk)
                    await room.write(chunk)
                check.check()
                await room.finish()
                async for piece in cut(room.chunks(), size):
                    upload = await services.uploads.append(upload, piece)
            return upload
        pieces = Pieces(body, size, most - upload.received, services.stopping)
        services.senders.begin(upload.id, pieces)
        try:
            async with contextlib.aclosing(pieces.read()) as read:
                async for piece in read:
                    upload = await services.uploads.append(upload, piece)
        finally:
            services.senders.end(upload.id, pieces)
    return upload


async def _settled(call: Call) -> Upload:
    """The upload, once what came for it in this process is durable; its end is begun where nobody is at it."""
    services, name = call.services, call.params["id"]
    upload = await services.uploads.get(name, call.known)
    if upload.state in OPEN:
        await services.senders.settle(name, _SETTLE)
        upload = await services.uploads.get(name, call.known)
        if upload.is_due:
            services.finisher.begin(upload)
    return upload


def _created(call: Call, upload: Upload) -> web.StreamResponse:
    headers = _state(upload) | {"Location": _place(call, upload), "Upload-Offset": str(upload.received)}
    return web.Response(status=201, headers={"Cache-Control": "no-store", **headers})


def _place(call: Call, upload: Upload) -> str:
    """Absolute: not every client resolves references."""
    base, headers = call.services.settings.resources_public_url.rstrip("/"), call.request.headers
    host, scheme = headers.get("Host", ""), headers.get("X-Forwarded-Proto", call.request.scheme)
    if not base and _HOST.fullmatch(host) and scheme in {"http", "https"}:
        base = f"{scheme}://{host}"
    return f"{base}/uploads/{upload.id}"


def _state(upload: Upload) -> dict[str, str]:
    if upload.state == DONE and upload.sha256:
        return {"Mememime-State": "ready", "Mememime-Asset": upload.sha256}
    expires = {"Upload-Expires": tus_protocol.http_date(upload.expires)} if upload.state in OPEN else {}
    return expires | ({"Mememime-State": "verifying"} if upload.is_due else {})


def _offset(upload: Upload) -> int:
    return upload.wanted.length if upload.kind == JOINED else upload.received


def _length(upload: Upload) -> int | None:
    return upload.wanted.length if upload.kind == JOINED else upload.length


_RESUMABLE = Header(name="Tus-Resumable", meaning=f"The version that is spoken: {tus_protocol.VERSION}.", required=True)
_EXPIRES = Header(name="Upload-Expires", meaning="When an upload that nobody goes on with is dropped.")
_OFFSET = Header(name="Upload-Offset", meaning="Bytes that the service has.")
_RESULT = (
    Header(name="Mememime-State", meaning="After the last byte: `ready`, or `verifying` while that takes longer."),
    Header(name="Mememime-Asset", meaning="The SHA-256 of the asset that the upload has become."),
)
_CHECKSUM = Header(
    name="Upload-Checksum",
    meaning=f"Algorithm ({', '.join(tus_protocol.ALGORITHMS)}) and, in base64, checksum of the body.",
)
_METADATA = Header(
    name="Upload-Metadata",
    meaning="Names and values in base64: `filename`, `filetype`, `sha256`, `alias`, `if-match`, `if-none-match`.",
)
_LOOKED_UP = (ProtocolVersionError, UploadNotFoundError, UploadGoneError)
_FINISHED = (
    DigestError,
    ImageError,
    QuotaError,
    AliasNameError,
    AliasTakenError,
    VersionError,
    ConflictError,
    StorageFullError,
    ChecksumError,
    UploadTooLargeError,
    UploadTypeError,
)

ROUTES = (
    *(
        Route(
            method="OPTIONS",
            path=path,
            handler=options,
            name=name,
            summary="What is spoken here",
            role=None,
            answers={204: None},
            always=_SPOKEN,
        )
        for path, name in (("/uploads", "upload_options"), (_ID, "one_upload_options"))
    ),
    Route(
        method="POST",
        path="/uploads",
        handler=create,
        name="create_upload",
        summary="Begin a resumable upload (tus 1.0.0), or put several together",
        role=Role.WRITE,
        tokens=True,
        answers={201: None},
        headers=(
            _RESUMABLE,
            Header(name="Upload-Length", meaning="Bytes of the whole."),
            Header(name="Upload-Defer-Length", meaning="`1` where the length is told later."),
            _METADATA,
            Header(name="Upload-Concat", meaning="`partial`, or `final;` and the addresses of parts."),
            _CHECKSUM,
        ),
        answer_headers=(
            Header(name="Location", meaning="Where the upload is.", required=True),
            _OFFSET,
            _EXPIRES,
            *_RESULT,
        ),
        errors=(*_LOOKED_UP, *_FINISHED),
        always=_SPOKEN,
    ),
    Route(
        method="HEAD",
        path=_ID,
        handler=head,
        name="upload_offset",
        summary="How much of an upload has come",
        role=Role.WRITE,
        tokens=True,
        answers={200: None},
        headers=(_RESUMABLE,),
        answer_headers=(
            _OFFSET,
            Header(name="Upload-Length", meaning="Bytes of the whole."),
            Header(name="Upload-Defer-Length", meaning="`1` while the length is not known."),
            Header(name="Upload-Metadata", meaning="As it was sent."),
            Header(name="Upload-Concat", meaning="As it was sent."),
            _EXPIRES,
            *_RESULT,
        ),
        errors=(*_LOOKED_UP, *_FINISHED),
        always=_SPOKEN,
    ),
    Route(
        method="GET",
        path=_ID,
        handler=status,
        name="upload_status",
        summary="How an upload is doing",
        role=Role.WRITE,
        tokens=True,
        answers={200: UploadStatus},
        errors=(UploadNotFoundError, UploadGoneError),
        always=_SPOKEN,
    ),
    Route(
        method="PATCH",
        path=_ID,
        handler=patch,
        name="continue_upload",
        summary="Send the next bytes of an upload",
        role=Role.WRITE,
        tokens=True,
        body=tus_protocol.OFFSET_TYPE,
        answers={204: None},
        headers=(
            _RESUMABLE,
            Header(name="Upload-Offset", meaning="Where these bytes begin.", required=True),
            Header(name="Upload-Length", meaning="Bytes of the whole, where it was not told before."),
            _CHECKSUM,
        ),
        answer_headers=(_OFFSET, _EXPIRES, *_RESULT),
        errors=(*_LOOKED_UP, *_FINISHED),
        always=_SPOKEN,
    ),
    Route(
        method="DELETE",
        path=_ID,
        handler=terminate,
        name="end_upload",
        summary="End an upload",
        role=Role.WRITE,
        tokens=True,
        answers={204: None},
        headers=(_RESUMABLE,),
        errors=(*_LOOKED_UP, ConflictError),
        always=_SPOKEN,
    ),
    Route(
        method="POST",
        path=_ID,
        handler=override,
        name="override_upload",
        summary="What X-HTTP-Method-Override says, for clients that can only POST",
        role=Role.WRITE,
        tokens=True,
        answers={200: None, 204: None},
        headers=(
            _RESUMABLE,
            Header(name="X-HTTP-Method-Override", meaning="`PATCH`, `DELETE` or `HEAD`.", required=True),
        ),
        errors=(*_LOOKED_UP, *_FINISHED),
        always=_SPOKEN,
    ),
)
