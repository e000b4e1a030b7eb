"""GET of an object on the short way: signed by botocore, sent by aiohttp, and nothing of the SDK between these.

The SDK builds and parses any request of any service, which costs more than sending it. So it makes the first GET of
each bucket, and is watched: the address and the region that it used serve the others, from the same pool.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import aiohttp
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError
from botocore.parsers import RestXMLParser
from botocore.utils import percent_encode
from cachetools import LRUCache
from yarl import URL

from mememime_proxy.storage.s3.errors import answered

_BUCKETS = 1000
_ERROR_BYTES = 1 << 16
_HEADERS = {
    "Range": "Range",
    "IfMatch": "If-Match",
    "IfNoneMatch": "If-None-Match",
    "IfModifiedSince": "If-Modified-Since",
    "ChecksumMode": "X-Amz-Checksum-Mode",
}
_MOVED = frozenset({301, 307, 308})
_MOVED_CODES = frozenset({"AuthorizationHeaderMalformed", "IllegalLocationConstraintException"})
_SCOPE = re.compile(r"AWS4-HMAC-SHA256 Credential=[^/]+/\d{8}/([^/]+)/s3/aws4_request,")
_SESSION = "X-Amz-S3session-Token"  # of directory buckets, whose requests are signed with other credentials
_sent: ContextVar[list[Any] | None] = ContextVar("_sent", default=None)


@dataclass(frozen=True, slots=True)
class Got:
    """The beginning of an answer with status 200, 206 or 304."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    response: Any
    """aiohttp's, for its body; None with 304."""


@dataclass(frozen=True, slots=True)
class _Place:
    base: str
    """What a key is appended to."""
    region: str


class DirectGet:
    """Makes the GETs of one client.

    ``sdk`` is aiobotocore's client, ``credentials`` are its own. ``session`` is set once the SDK has opened one without
    a proxy; before, and with one, the SDK makes all requests.
    """

    def __init__(self, sdk: Any, credentials: Any, user_agent: str) -> None:
        self.session: aiohttp.ClientSession | None = None
        self._sdk, self._credentials, self._user_agent = sdk, credentials, user_agent
        self._places: LRUCache[str, _Place] = LRUCache(_BUCKETS)
        self._parser = RestXMLParser(timestamp_parser=str)
        self._shape = sdk.meta.service_model.operation_model("GetObject").output_shape
        sdk.meta.events.register("before-send.s3.GetObject", _watch)

    async def get(self, bucket: str, key: str, version: str, wanted: Mapping[str, Any]) -> Got:
        """The object with the SDK's further parameters ``wanted``. Raises what botocore and aiohttp raise."""
        place = self._places.get(bucket)
        if place is None or self.session is None:
            return await self._by_sdk(bucket, key, version, wanted)
        url = place.base + _quoted(key) + (f"?versionId={percent_encode(version)}" if version else "")
        request = AWSRequest("GET", url, {_HEADERS[name]: _text(value) for name, value in wanted.items()})
        S3SigV4Auth(await self._credentials.get_frozen_credentials(), "s3", place.region).add_auth(request)
        headers = {"User-Agent": self._user_agent, "Accept-Encoding": "identity", **request.headers}
        response = await self.session.get(URL(url, encoded=True), headers=headers, allow_redirects=False)
        said = {name.lower(): value for name, value in response.headers.items()}
        if response.status in {200, 206}:
            return Got(response.status, said, response)
        async with response:  # what is longer than an error's text is cut off with its connection
            if response.status == 304:
                return Got(304, said, None)
            body = await response.content.read(_ERROR_BYTES)
        answer = {"status_code": response.status, "headers": said, "body": body, "context": {}}
        error = ClientError(self._parser.parse(answer, self._shape), "GetObject")
        if response.status in _MOVED or error.response["Error"]["Code"] in _MOVED_CODES:
            self._places.pop(bucket, None)
            return await self._by_sdk(bucket, key, version, wanted)  # it knows how to follow
        raise error

    async def _by_sdk(self, bucket: str, key: str, version: str, wanted: Mapping[str, Any]) -> Got:
        sent: list[Any] = []
        token = _sent.set(sent)
        try:
            found = await self._sdk.get_object(
                Bucket=bucket, Key=key, **wanted, **({"VersionId": version} if version else {})
            )
            about = found["ResponseMetadata"]
            got = Got(about["HTTPStatusCode"], about["HTTPHeaders"], found["Body"].raw_stream)
        except ClientError as error:
            status, headers = answered(error)
            if status != 304:
                raise
            got = Got(304, headers, None)
        finally:
            _sent.reset(token)
        if sent and (place := _place(sent[-1], key)):
            self._places[bucket] = place
        return got


def _watch(request: Any, **_: object) -> None:
    sent = _sent.get()
    if sent is not None:
        sent.append(request)


def _place(request: Any, key: str) -> _Place | None:
    """Where the request went; None for one that others cannot be made after."""
    address = request.url.partition("?")[0]
    signature = request.headers.get("Authorization", "")
    scope = _SCOPE.match(signature.decode() if isinstance(signature, bytes) else signature)
    base = address.removesuffix(_quoted(key))
    if scope is None or base == address or _SESSION in request.headers:
        return None
    return _Place(base, scope[1])


def _quoted(key: str) -> str:
    return str(percent_encode(key, safe="/~"))


def _text(value: str | datetime) -> str:
    return value if isinstance(value, str) else format_datetime(value.astimezone(UTC), usegmt=True)
