"""The responses of tus 1.0.0: headers that describe an upload, its URL, and its state in JSON."""

from __future__ import annotations

import re
from typing import Final

import msgspec
from aiohttp import web

from mememime_proxy.resources.database.states import OPEN_UPLOADS, UploadKind, UploadState
from mememime_proxy.resources.http.call import Call
from mememime_proxy.resources.http.endpoint import Header
from mememime_proxy.resources.times import rfc3339
from mememime_proxy.resources.uploads import tus_protocol
from mememime_proxy.resources.uploads.model import Upload

_HOST: Final = re.compile(r"[A-Za-z0-9._~-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?", re.ASCII)

EXPIRES = Header(name="Upload-Expires", description="When the upload expires if it is not continued.")
OFFSET = Header(name="Upload-Offset", description="Bytes that have come.")
RESULT = (
    Header(name="Mememime-State", description="After the last byte: `ready`, or `verifying` while that takes longer."),
    Header(name="Mememime-Asset", description="The SHA-256 of the asset that the upload has become."),
)


class UploadStatus(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The state of an upload: receiving, verifying, done or failed."""

    id: str
    state: str
    offset: int
    length: int | None = None
    """Absent while it is deferred."""
    sha256: str = ""
    """The digest of its bytes, declared by the client or found."""
    alias: str = ""
    problem: str = ""
    """Why it failed: the code of an error, and in words."""
    asset: str | None = None
    """The digest of the asset that it has become."""
    expires: str


def upload_status(upload: Upload) -> UploadStatus:
    """Return the state of an upload as JSON has it."""
    return UploadStatus(
        id=upload.id,
        state=upload.state,
        offset=upload.received,
        length=upload.length,
        sha256=upload.sha256 or upload.intent.sha256,
        alias=upload.intent.alias,
        problem=f"{upload.error_code}: {upload.error_detail}" if upload.error_code else upload.error_detail,
        asset=upload.sha256 if upload.state is UploadState.DONE else None,
        expires=rfc3339(upload.expires),
    )


def state_headers(upload: Upload) -> dict[str, str]:
    """Return the headers that tell offset, expiry and, after the last byte, what the upload has become."""
    headers = {"Upload-Offset": str(upload.received)}
    if upload.state is UploadState.DONE and upload.sha256:
        return headers | {"Mememime-State": "ready", "Mememime-Asset": upload.sha256}
    if upload.state in OPEN_UPLOADS:
        headers["Upload-Expires"] = tus_protocol.http_date(upload.expires)
    if upload.is_due:
        headers["Mememime-State"] = "verifying"
    return headers


def head_response(upload: Upload) -> web.Response:
    """Return the response to HEAD."""
    headers = {"Cache-Control": "no-store", **state_headers(upload)}
    if upload.length is None:
        headers["Upload-Defer-Length"] = "1"
    else:
        headers["Upload-Length"] = str(upload.length)
    if upload.metadata:
        headers["Upload-Metadata"] = tus_protocol.Metadata(upload.metadata).header()
    if upload.kind in {UploadKind.PARTIAL, UploadKind.JOINED}:
        headers["Upload-Concat"] = "partial"
    elif upload.kind is UploadKind.FINAL:
        headers["Upload-Concat"] = "final;" + " ".join(f"/uploads/{part}" for part in upload.parts)
    return web.Response(status=200, headers=headers)


def created_response(call: Call, upload: Upload) -> web.Response:
    """Return the response to POST. The URL is absolute: not every client resolves references."""
    base, headers = call.services.settings.resources_public_url.rstrip("/"), call.request.headers
    host, scheme = headers.get("Host", ""), headers.get("X-Forwarded-Proto", call.request.scheme)
    if not base and _HOST.fullmatch(host) and scheme in {"http", "https"}:
        base = f"{scheme}://{host}"
    location = {"Location": f"{base}/uploads/{upload.id}", "Cache-Control": "no-store"}
    return web.Response(status=201, headers=location | state_headers(upload))
