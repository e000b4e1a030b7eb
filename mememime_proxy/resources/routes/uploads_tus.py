"""Resumable uploads over HTTP: tus 1.0.0, and the state of an upload in JSON."""

from __future__ import annotations

import contextlib
from typing import Final

from aiohttp import web

from mememime_proxy.errors import (
    ChecksumError,
    ConflictError,
    MememimeError,
    OffsetError,
    ProtocolVersionError,
    RequestError,
    RoleError,
    UploadGoneError,
    UploadNotFoundError,
)
from mememime_proxy.memory_budget import Use
from mememime_proxy.resources.auth.principal import Role
from mememime_proxy.resources.database.states import OPEN_UPLOADS, UploadKind, UploadState
from mememime_proxy.resources.http.call import Call, json_response, no_content
from mememime_proxy.resources.http.endpoint import Header, Route
from mememime_proxy.resources.routes.tus_responses import (
    EXPIRES,
    OFFSET,
    RESULT,
    UploadStatus,
    created_response,
    head_response,
    state_headers,
    upload_status,
)
from mememime_proxy.resources.routes.uploads import UPLOAD_ERRORS, size_limit
from mememime_proxy.resources.uploads import admission, tus_protocol
from mememime_proxy.resources.uploads.chunker import Chunker, rechunk
from mememime_proxy.resources.uploads.model import Upload

_FLUSH_TIMEOUT: Final = 5.0
"""Seconds that a request for the offset waits for bytes that came before it and are not durable yet."""
_CHUNKS_IN_MEMORY: Final = 3
"""Of an upload: one comes in, one waits, one is stored."""
_ID: Final = "/uploads/{id:[0-9a-f]{32}}"
_VERSIONS: Final = {"Tus-Resumable": tus_protocol.VERSION, "Tus-Version": tus_protocol.VERSION}


async def options(call: Call) -> web.StreamResponse:
    """Announce the protocol version and its extensions."""
    headers = {
        "Tus-Extension": ",".join(tus_protocol.extensions()),
        "Tus-Max-Size": str(call.services.settings.upload_max_size),
        "Tus-Checksum-Algorithm": ",".join(tus_protocol.ALGORITHMS),
    }
    return no_content(headers)


@tus_protocol.extension("creation", "creation-defer-length", "creation-with-upload", "expiration", "concatenation")
async def create(call: Call) -> web.StreamResponse:
    """Create an upload, with its first bytes where they come along; or concatenate others."""
    services, headers, principal = call.services, call.request.headers, call.require_principal()
    tus_protocol.check_version(headers)
    metadata, concat = tus_protocol.metadata(headers), tus_protocol.concat(headers)
    if metadata.media_type:
        admission.check_type(principal, metadata.media_type)
    intent = admission.upload_intent(
        principal,
        sha256=metadata.sha256,
        alias=metadata.text("alias"),
        condition=metadata.condition,
        filename=metadata.filename,
    )
    if concat is not None and concat.parts:
        call.check_length(0)
        upload = await services.concatenation.join(
            principal, concat.parts, intent, size_limit=size_limit(call), metadata=metadata.values
        )
        return created_response(call, (await services.scheduler.finish(upload)).upload)
    length, checksum = tus_protocol.length(headers), tus_protocol.checksum(headers)
    has_body = call.request.can_read_body
    if has_body:
        tus_protocol.check_type(headers.get("Content-Type", ""))
        call.check_length(services.settings.upload_max_size if length is None else length)
    upload = await services.uploads.create(
        principal,
        UploadKind.TUS if concat is None else UploadKind.PARTIAL,
        intent,
        length=length,
        size_limit=size_limit(call),
        metadata=metadata.values,
    )
    if has_body:
        try:
            upload = await _receive(call, upload, checksum)
        except BaseException:
            # The client does not get its URL.
            with contextlib.suppress(MememimeError):
                await services.uploads.terminate(upload)
            raise
    return created_response(call, (await services.scheduler.finish(upload)).upload)


async def head(call: Call) -> web.StreamResponse:
    """Tell the offset."""
    tus_protocol.check_version(call.request.headers)
    upload = await _flushed(call)
    if upload.state is UploadState.FAILED:
        raise upload.error()
    return head_response(upload)


async def status(call: Call) -> web.StreamResponse:
    """Tell the state, in JSON."""
    return json_response(upload_status(await _flushed(call)))


async def patch(call: Call) -> web.StreamResponse:
    """Append the next bytes; after the last one, finish the upload."""
    services, headers = call.services, call.request.headers
    tus_protocol.check_version(headers)
    tus_protocol.check_type(headers.get("Content-Type", ""))
    offset, length = tus_protocol.number(headers, "Upload-Offset"), tus_protocol.number(headers, "Upload-Length")
    if offset is None:
        raise RequestError("expected Upload-Offset")
    checksum = tus_protocol.checksum(headers)
    upload = await services.uploads.get(call.params["id"], call.require_principal())
    if upload.kind in {UploadKind.FINAL, UploadKind.JOINED}:
        raise RoleError("the upload is a concatenation, or part of one")
    if upload.state is UploadState.FAILED:
        raise upload.error()
    if offset != upload.received:
        raise OffsetError(f"the upload goes on at {upload.received}, found {offset}")
    if length is not None:
        upload = await services.uploads.set_length(upload, length)
    if upload.state in OPEN_UPLOADS:
        upload = await _receive(call, upload, checksum)
    else:
        call.check_length(0)
    return no_content(state_headers((await services.scheduler.finish(upload)).upload))


@tus_protocol.extension("termination")
async def terminate(call: Call) -> web.StreamResponse:
    """End the upload."""
    tus_protocol.check_version(call.request.headers)
    upload = await call.services.uploads.get(call.params["id"], call.require_principal())
    await call.services.uploads.terminate(upload)
    return no_content()


async def override(call: Call) -> web.StreamResponse:
    """Do what X-HTTP-Method-Override names, for clients that can only POST."""
    method = call.request.headers.get("X-HTTP-Method-Override", "")
    handlers = {"PATCH": patch, "DELETE": terminate, "HEAD": head}
    if method not in handlers:
        raise RequestError(f"found X-HTTP-Method-Override: {method[:40]!r}, expected {', '.join(handlers)}")
    return await handlers[method](call)


@tus_protocol.extension("checksum")
async def _receive(call: Call, upload: Upload, checksum: tus_protocol.Checksum | None) -> Upload:
    """Append the body chunk by chunk, and return the upload as it is then; the bytes of a broken body are kept.

    With a checksum, nothing is appended before all of the body has come and is right: ChecksumError.
    """
    services = call.services
    size = services.settings.upload_piece_size
    limit = (upload.size_limit if upload.length is None else upload.length) - upload.received
    body = call.chunks(limit)
    memory = _CHUNKS_IN_MEMORY * min(size, limit, call.request.content_length or size)
    with services.upload_slots.take(), services.budget.reserve(memory, Use.UPLOADS):
        if checksum is not None:
            async with services.temp_files.new() as temp_file:
                async for block in body:
                    checksum.update(block)
                    await temp_file.write(block)
                checksum.check()
                await temp_file.finish()
                async for chunk in rechunk(temp_file.chunks(), size):
                    upload = await services.uploads.append(upload, chunk)
            return upload
        chunker = Chunker(body, size, limit, services.stopping)
        services.chunkers.add(upload.id, chunker)
        try:
            async with contextlib.aclosing(chunker.read()) as blocks:
                async for chunk in blocks:
                    upload = await services.uploads.append(upload, chunk)
        finally:
            services.chunkers.remove(upload.id, chunker)
    return upload


async def _flushed(call: Call) -> Upload:
    """Return the upload after its received bytes are durable; schedule its finish if it is complete."""
    services, upload_id = call.services, call.params["id"]
    upload = await services.uploads.get(upload_id, call.require_principal())
    if upload.state in OPEN_UPLOADS:
        await services.chunkers.flush(upload_id, _FLUSH_TIMEOUT)
        upload = await services.uploads.get(upload_id, call.require_principal())
        if upload.is_due:
            services.scheduler.begin(upload)
    return upload


_RESUMABLE = Header(name="Tus-Resumable", description=f"The protocol's version: {tus_protocol.VERSION}.", required=True)
_CHECKSUM = Header(
    name="Upload-Checksum",
    description=f"Algorithm ({', '.join(tus_protocol.ALGORITHMS)}) and, in base64, checksum of the body.",
)
_METADATA = Header(
    name="Upload-Metadata",
    description="Names and values in base64: `filename`, `filetype`, `sha256`, `alias`, `if-match`, `if-none-match`.",
)
_LOOKUP_ERRORS = (ProtocolVersionError, UploadNotFoundError, UploadGoneError)
_FINISH_ERRORS = (*UPLOAD_ERRORS, ChecksumError)

ROUTES = (
    *(
        Route(
            method="OPTIONS",
            path=path,
            handler=options,
            name=name,
            summary="Versions and extensions of tus that are supported",
            role=None,
            responses={204: None},
            fixed_headers=_VERSIONS,
        )
        for path, name in (("/uploads", "upload_options"), (_ID, "one_upload_options"))
    ),
    Route(
        method="POST",
        path="/uploads",
        handler=create,
        name="create_upload",
        summary="Create a resumable upload (tus 1.0.0), or concatenate several",
        role=Role.WRITE,
        accepts_tokens=True,
        responses={201: None},
        headers=(
            _RESUMABLE,
            Header(name="Upload-Length", description="Bytes of the upload."),
            Header(name="Upload-Defer-Length", description="`1` where the length comes later."),
            _METADATA,
            Header(name="Upload-Concat", description="`partial`, or `final;` and the URLs of partial uploads."),
            _CHECKSUM,
        ),
        response_headers=(
            Header(name="Location", description="The URL of the upload.", required=True),
            OFFSET,
            EXPIRES,
            *RESULT,
        ),
        errors=(*_LOOKUP_ERRORS, *_FINISH_ERRORS),
        fixed_headers=_VERSIONS,
    ),
    Route(
        method="HEAD",
        path=_ID,
        handler=head,
        name="upload_offset",
        summary="Offset of an upload",
        role=Role.WRITE,
        is_write=True,  # an upload that is complete is finished
        accepts_tokens=True,
        responses={200: None},
        headers=(_RESUMABLE,),
        response_headers=(
            OFFSET,
            Header(name="Upload-Length", description="Bytes of the upload."),
            Header(name="Upload-Defer-Length", description="`1` while the length is deferred."),
            Header(name="Upload-Metadata", description="As the client sent it."),
            Header(name="Upload-Concat", description="As the client sent it."),
            EXPIRES,
            *RESULT,
        ),
        errors=(*_LOOKUP_ERRORS, *_FINISH_ERRORS),
        fixed_headers=_VERSIONS,
    ),
    Route(
        method="GET",
        path=_ID,
        handler=status,
        name="upload_status",
        summary="State of an upload",
        role=Role.WRITE,
        is_write=True,
        accepts_tokens=True,
        responses={200: UploadStatus},
        errors=(UploadNotFoundError, UploadGoneError),
        fixed_headers=_VERSIONS,
    ),
    Route(
        method="PATCH",
        path=_ID,
        handler=patch,
        name="continue_upload",
        summary="Send the next bytes of an upload",
        role=Role.WRITE,
        accepts_tokens=True,
        body=tus_protocol.OFFSET_TYPE,
        responses={204: None},
        headers=(
            _RESUMABLE,
            Header(name="Upload-Offset", description="Offset of the first byte of the body.", required=True),
            Header(name="Upload-Length", description="Bytes of the upload, where the length was deferred."),
            _CHECKSUM,
        ),
        response_headers=(OFFSET, EXPIRES, *RESULT),
        errors=(*_LOOKUP_ERRORS, *_FINISH_ERRORS),
        fixed_headers=_VERSIONS,
    ),
    Route(
        method="DELETE",
        path=_ID,
        handler=terminate,
        name="end_upload",
        summary="End an upload",
        role=Role.WRITE,
        accepts_tokens=True,
        responses={204: None},
        headers=(_RESUMABLE,),
        errors=(*_LOOKUP_ERRORS, ConflictError),
        fixed_headers=_VERSIONS,
    ),
    Route(
        method="POST",
        path=_ID,
        handler=override,
        name="override_upload",
        summary="Another method by X-HTTP-Method-Override, for clients that can only POST",
        role=Role.WRITE,
        accepts_tokens=True,
        responses={200: None, 204: None},
        headers=(
            _RESUMABLE,
            Header(name="X-HTTP-Method-Override", description="`PATCH`, `DELETE` or `HEAD`.", required=True),
        ),
        errors=(*_LOOKUP_ERRORS, *_FINISH_ERRORS),
        fixed_headers=_VERSIONS,
    ),
)
