"""Uploads from forms (multipart/form-data, RFC 7578): one asset after another, each for itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

import msgspec
from aiohttp import BodyPartReader, MultipartReader
from aiohttp.http_exceptions import HttpProcessingError

from mememime_proxy.errors import MememimeError, RequestError, UploadTooLargeError, UploadTypeError
from mememime_proxy.resources.assets.repository import AssetOrProblem
from mememime_proxy.resources.http.endpoint import Call
from mememime_proxy.resources.http.problem_details import problem
from mememime_proxy.resources.http.request_body import Pace, check_length
from mememime_proxy.resources.uploads import admission
from mememime_proxy.resources.uploads.intent import Wish
from mememime_proxy.service.logs import logger

MEDIA_TYPE: Final = "multipart/form-data"
MAX_PARTS: Final = 1000
_MAX_ALIAS: Final = 1020
_CHUNK: Final = 1 << 16
_AROUND: Final = MAX_PARTS << 13
"""Bytes that may stand around the files: heads of parts and boundaries."""
_PLAIN: Final = frozenset({"", "binary", "8bit", "7bit"})


class FormAnswer(msgspec.Struct, kw_only=True):
    """What became of each file, in the order in which they came."""

    assets: list[AssetOrProblem]


@dataclass(slots=True)
class Form:
    """One form on its way. A field ``alias`` names the file that follows it; other fields without a file are ignored.

    What goes wrong with one file is its own answer; the files after it are taken all the same. RequestError for a body
    that is no form, UploadTooLargeError for one that is larger than an upload may be.
    """

    call: Call
    _total: int = field(default=0, init=False)

    async def receive(self) -> FormAnswer:
        """Takes all files."""
        call = self.call
        if call.request.content_type != MEDIA_TYPE:
            raise UploadTypeError(f"found {call.request.content_type}, expected {MEDIA_TYPE}")
        check_length(call.request, call.services.settings.upload_max_size + _AROUND)
        await call.go_on()
        pace = Pace(call.services.settings.upload_min_rate)
        found: list[AssetOrProblem] = []
        alias = ""
        try:
            async for part in self._parts(pace):
                if part.filename is None and part.name == "alias":
                    alias = await self._text(part, pace)
                elif part.filename is None and part.name != "file":
                    async for _ in self._chunks(part, pace):
                        pass
                else:
                    found.append(await self._asset(part, pace, alias))
                    alias = ""
        except (ValueError, HttpProcessingError) as error:
            raise RequestError("the body is no form that can be read") from error
        return FormAnswer(assets=found)

    async def _parts(self, pace: Pace) -> AsyncIterator[BodyPartReader]:
        try:
            reader = MultipartReader(self.call.request.headers, self.call.request.content)
        except (ValueError, AssertionError) as error:
            raise RequestError("the Content-Type has no boundary that can be used") from error
        for _ in range(MAX_PARTS):
            part = await pace.wait(reader.next())
            if part is None:
                return
            if not isinstance(part, BodyPartReader):
                raise RequestError("found a form in a form")
            yield part
        raise RequestError(f"found more than {MAX_PARTS} parts")

    async def _text(self, part: BodyPartReader, pace: Pace) -> str:
        found = b""
        async for chunk in self._chunks(part, pace):
            found += chunk
            if len(found) > _MAX_ALIAS:
                raise RequestError(f"found an alias of more than {_MAX_ALIAS} bytes")
        try:
            return found.decode()
        except UnicodeDecodeError:
            raise RequestError("found an alias that is not UTF-8") from None

    async def _asset(self, part: BodyPartReader, pace: Pace, alias: str) -> AssetOrProblem:
        call = self.call
        error: MememimeError
        async with call.services.spool.room() as room:
            try:
                wish = Wish.of(call.known, alias=alias)
                limit = admission.limit(call.services, call.known)
                async for chunk in self._chunks(part, pace):
                    if room.size + len(chunk) > limit:
                        raise UploadTooLargeError(f"more than {limit} bytes came")
                    await room.write(chunk)
                if not room.size:
                    raise RequestError("the file is empty")
                asset, _ = await admission.finish(call.services, room, call.known, wish)
                return AssetOrProblem(asset=asset)
            except MememimeError as found:
                error = found
        async for _ in self._chunks(part, pace):
            pass  # the rest of what was refused stands before the next file
        logger().warning("form_file.refused", request_id=call.id, detail=error.detail)
        return AssetOrProblem(error=problem(error, call.id))

    async def _chunks(self, part: BodyPartReader, pace: Pace) -> AsyncIterator[bytes]:
        if part.headers.get("Content-Transfer-Encoding", "").lower() not in _PLAIN:
            raise RequestError("found a part with a Content-Transfer-Encoding, which forms have no more (RFC 7578)")
        most = self.call.services.settings.upload_max_size
        while not part.at_eof():
            chunk = await pace.read(part.read_chunk(_CHUNK))
            self._total += len(chunk)
            if self._total > most:
                raise UploadTooLargeError(f"the form is larger than {most} bytes")
            if chunk:
                yield chunk
