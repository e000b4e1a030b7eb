"""Uploads from forms (multipart/form-data, RFC 7578): one asset after another, each finished on its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

import msgspec
from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from mememime_proxy.errors import MememimeError, RequestError, UploadTooLargeError, UploadTypeError
from mememime_proxy.resources.assets.model import Asset
from mememime_proxy.resources.auth.principal import Role
from mememime_proxy.resources.http.call import Call, MinRate, json_response
from mememime_proxy.resources.http.endpoint import Route
from mememime_proxy.resources.http.problem_details import Problem, describe_problem
from mememime_proxy.resources.routes.uploads import UPLOAD_ERRORS, published_asset, size_limit
from mememime_proxy.resources.uploads.admission import upload_intent
from mememime_proxy.service.logs import logger

MEDIA_TYPE: Final = "multipart/form-data"
MAX_PARTS: Final = 1000
_MAX_ALIAS: Final = 1020
_CHUNK: Final = 1 << 16
_OVERHEAD: Final = MAX_PARTS << 13
"""Bytes that the headers of parts and the boundaries may have."""
_PLAIN: Final = frozenset({"", "binary", "8bit", "7bit"})


class AssetOrProblem(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The asset that one file of a form has become, or why there is none."""

    asset: Asset | None = None
    error: Problem | None = None


class FormAnswer(msgspec.Struct, kw_only=True):
    """The outcome of each file, in the order in which they came."""

    assets: list[AssetOrProblem]


@dataclass(slots=True)
class Form:
    """One form. A field ``alias`` names the file that follows it; other fields without a file are ignored.

    An error of one file is the outcome of that file; the files after it are received all the same. RequestError for a
    body that is no form, UploadTooLargeError for one that is larger than an upload may be.
    """

    call: Call
    _total: int = field(default=0, init=False)

    async def receive(self) -> FormAnswer:
        """Receive all files."""
        call = self.call
        if call.request.content_type != MEDIA_TYPE:
            raise UploadTypeError(f"found {call.request.content_type}, expected {MEDIA_TYPE}")
        call.check_length(call.services.settings.upload_max_size + _OVERHEAD)
        await call.send_continue()
        min_rate = MinRate(call.services.settings.upload_min_rate)
        outcomes: list[AssetOrProblem] = []
        alias = ""
        try:
            async for part in self._parts(min_rate):
                if part.filename is None and part.name == "alias":
                    alias = await self._text(part, min_rate)
                elif part.filename is None and part.name != "file":
                    async for _ in self._chunks(part, min_rate):
                        pass
                else:
                    outcomes.append(await self._asset(part, min_rate, alias))
                    alias = ""
        except (ValueError, HttpProcessingError) as error:
            raise RequestError("the body is no form that can be read") from error
        return FormAnswer(assets=outcomes)

    async def _parts(self, min_rate: MinRate) -> AsyncIterator[BodyPartReader]:
        try:
            reader = MultipartReader(self.call.request.headers, self.call.request.content)
        except (ValueError, AssertionError) as error:
            raise RequestError("the Content-Type has no boundary that can be used") from error
        for _ in range(MAX_PARTS):
            part = await min_rate.wait(reader.next())
            if part is None:
                return
            if not isinstance(part, BodyPartReader):
                raise RequestError("found a form in a form")
            yield part
        raise RequestError(f"found more than {MAX_PARTS} parts")

    async def _text(self, part: BodyPartReader, min_rate: MinRate) -> str:
        text = b""
        async for chunk in self._chunks(part, min_rate):
            text += chunk
            if len(text) > _MAX_ALIAS:
                raise RequestError(f"found an alias of more than {_MAX_ALIAS} bytes")
        try:
            return text.decode()
        except UnicodeDecodeError:
            raise RequestError("found an alias that is not UTF-8") from None

    async def _asset(self, part: BodyPartReader, min_rate: MinRate, alias: str) -> AssetOrProblem:
        call = self.call
        async with call.services.temp_files.new() as temp_file:
            try:
                intent = upload_intent(call.require_principal(), alias=alias, filename=part.filename or "")
                limit = size_limit(call)
                async for chunk in self._chunks(part, min_rate):
                    if temp_file.size + len(chunk) > limit:
                        raise UploadTooLargeError(f"more than {limit} bytes came")
                    await temp_file.write(chunk)
                if not temp_file.size:
                    raise RequestError("the file is empty")
                published = await call.services.finalizer.finish_body(temp_file, call.require_principal(), intent)
                return AssetOrProblem(asset=published_asset(published))
            except MememimeError as error:
                logger().warning("form_file.refused", request_id=call.id, detail=error.detail)
                outcome = AssetOrProblem(error=describe_problem(error, call.id))
        async for _ in self._chunks(part, min_rate):
            pass  # the rest of the refused file comes before the next one
        return outcome

    async def _chunks(self, part: BodyPartReader, min_rate: MinRate) -> AsyncIterator[bytes]:
        if part.headers.get("Content-Transfer-Encoding", "").lower() not in _PLAIN:
            raise RequestError("found a part with a Content-Transfer-Encoding, which forms have no more (RFC 7578)")
        limit = self.call.services.settings.upload_max_size
        while not part.at_eof():
            chunk = await min_rate.read(part.read_chunk(_CHUNK))
            self._total += len(chunk)
            if self._total > limit:
                raise UploadTooLargeError(f"the form is larger than {limit} bytes")
            if chunk:
                yield chunk


async def post_form(call: Call) -> web.StreamResponse:
    """Receive assets from a form."""
    with call.services.upload_slots.take():
        return json_response(await Form(call).receive())


ROUTES = (
    Route(
        method="POST",
        path="/assets",
        handler=post_form,
        name="post_assets",
        summary="Upload assets from a form: a field `alias` names the file after it",
        role=Role.WRITE,
        accepts_tokens=True,
        body=MEDIA_TYPE,
        responses={200: FormAnswer},
        errors=UPLOAD_ERRORS,
    ),
)
