"""Uploads of many small files in one request: a line of JSON, and the bytes of the files behind it."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from aiohttp import web
from msgspec import Meta

from mememime_proxy.errors import MememimeError, RequestError, UploadTooLargeError, UploadTypeError
from mememime_proxy.memory_budget import Use
from mememime_proxy.resources.assets.model import Digest
from mememime_proxy.resources.auth.principal import Role
from mememime_proxy.resources.http.call import Call, json_response
from mememime_proxy.resources.http.endpoint import Route
from mememime_proxy.resources.http.problem_details import describe_problem
from mememime_proxy.resources.routes.uploads import UPLOAD_ERRORS, AliasText, FileName, published_asset, size_limit
from mememime_proxy.resources.routes.uploads_form import AssetOrProblem, FormAnswer
from mememime_proxy.resources.uploads.batch import BatchFile
from mememime_proxy.service.logs import logger

MEDIA_TYPE: Final = "application/vnd.mememime.batch"
MAX_FILES: Final = 256
MAX_SIZE: Final = 8 << 20
"""Bytes of all files of a batch, which are in memory at the same time."""
_MAX_HEAD: Final = 1 << 20
_LARGEST: Final = _MAX_HEAD + MAX_SIZE
_COPIES: Final = 2
"""The body, and the files that it is cut into."""


class BatchRow(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One file of a batch. ``alias``: a name that is new, or that names these bytes already."""

    sha256: Digest
    size: Annotated[int, Meta(ge=0, le=MAX_SIZE)]
    alias: AliasText = ""
    filename: FileName = ""


class BatchHead(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The first line of a batch; the bytes of the files follow in the same order, without anything between them."""

    files: Annotated[list[BatchRow], Meta(min_length=1, max_length=MAX_FILES)]


async def post_batch(call: Call) -> web.StreamResponse:
    """Receive many files, and answer with the outcome of each."""
    if call.request.content_type != MEDIA_TYPE:
        raise UploadTypeError(f"found {call.request.content_type}, expected {MEDIA_TYPE}")
    principal = call.require_principal()
    size = min(call.request.content_length or _LARGEST, _LARGEST)
    with call.services.upload_slots.take(), call.services.budget.reserve(_COPIES * size, Use.UPLOADS):
        files = await _receive(call)
        outcomes = await call.services.batches.finish(files, principal)
    return json_response(FormAnswer(assets=[_result(call, outcome) for outcome in outcomes]))


def _result(call: Call, outcome: object) -> AssetOrProblem:
    if isinstance(outcome, MememimeError):
        logger().warning("batch_file.refused", request_id=call.id, error=outcome.code, detail=outcome.detail)
        return AssetOrProblem(error=describe_problem(outcome, call.id))
    return AssetOrProblem(asset=published_asset(outcome))  # type: ignore[arg-type]


async def _receive(call: Call) -> list[BatchFile]:
    """Return the files; RequestError for another body, UploadTooLargeError for too many bytes of one or of all."""
    body = bytearray()
    head: BatchHead | None = None
    start = end = 0
    async for block in call.chunks(_LARGEST):
        body += block
        if head is None:
            start = body.find(b"\n", max(0, len(body) - len(block))) + 1
            if not start:
                if len(body) > _MAX_HEAD:
                    raise RequestError(f"found no end of the first line in {_MAX_HEAD} bytes")
                continue
            head = _head(call, bytes(body[:start]))
            end = start + sum(row.size for row in head.files)
        if len(body) > end:
            raise RequestError("found more bytes than the files have")
    if head is None or len(body) != end:
        raise RequestError(
            f"found {len(body)} bytes, expected {end}" if head else "found no first line that has an end"
        )
    files = []
    for row in head.files:
        files.append(BatchFile(bytes(body[start : start + row.size]), row.sha256, row.alias, row.filename))
        start += row.size
    return files


def _head(call: Call, line: bytes) -> BatchHead:
    try:
        head = msgspec.json.decode(line, type=BatchHead)
    except (ValueError, RecursionError) as error:  # text that is not UTF-8, arrays in arrays
        raise RequestError(f"the first line is wrong: {error}") from error
    limit = size_limit(call)
    for row in head.files:
        if row.size > limit:
            raise UploadTooLargeError(f"found a file of {row.size} bytes, at most {limit} are allowed")
    total = sum(row.size for row in head.files)
    if total > MAX_SIZE:
        raise UploadTooLargeError(f"the files have {total} bytes, at most {MAX_SIZE} are allowed in one batch")
    return head


ROUTES = (
    Route(
        method="POST",
        path="/assets/batch",
        handler=post_batch,
        name="post_batch",
        summary="Upload many small files in one request",
        role=Role.WRITE,
        body=MEDIA_TYPE,
        responses={200: FormAnswer},
        errors=UPLOAD_ERRORS,
    ),
)
