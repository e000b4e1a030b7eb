"""GetObject and PutObject requests without the SDK: signed by botocore, sent by aiohttp.

The SDK spends more time on building and parsing a request than the network does on sending it. So it sends only the
first GET and the first PUT of each bucket. An event handler records where that request went and for which region it was
signed; later ones go there directly, through the same connection pool.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Final

import aiohttp
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError
from botocore.parsers import RestXMLParser
from botocore.utils import percent_encode
from cachetools import LRUCache
from yarl import URL

from mememime_proxy.errors import StorageUnavailableError
from mememime_proxy.storage.s3.errors import response_of

_BUCKETS = 1000
_MAX_ANSWER_BYTES = 1 << 16
"""Bytes of an error, or of the response to a PUT."""
_MAX_DIRECT_BODY = 1 << 20
"""Bytes that aiohttp sends in one piece without delay for others; with larger bodies the SDK's work does not count."""
_GET: Final = "GetObject"
_PUT: Final = "PutObject"
_METHODS = {_GET: "GET", _PUT: "PUT"}
_HEADERS = {
    "Range": "Range",
    "IfMatch": "If-Match",
    "IfNoneMatch": "If-None-Match",
    "IfModifiedSince": "If-Modified-Since",
    "ChecksumMode": "X-Amz-Checksum-Mode",
    "ContentType": "Content-Type",
    "ContentMD5": "Content-MD5",
    "ChecksumCRC32": "X-Amz-Checksum-CRC32",
}
_REDIRECTS = frozenset({301, 307, 308})
_REDIRECT_CODES = frozenset({"AuthorizationHeaderMalformed", "IllegalLocationConstraintException"})
_SIGNATURES = frozenset({"v4", "s3v4"})
"""botocore's names for the signature that is made here; directory buckets have another one."""


@dataclass(frozen=True, slots=True)
class GetResponse:
    """Status and headers of a response with status 200, 206 or 304."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    response: Any
    """aiohttp's response, for the body; None with 304."""


@dataclass(frozen=True, slots=True)
class _BucketEndpoint:
    url: str
    """A key is appended to it."""
    region: str


@dataclass(slots=True)
class _EndpointRecord:
    """Endpoint of the last request that the SDK signed for ``key``; None where no other can be derived from it."""

    key: str
    endpoint: _BucketEndpoint | None = None


_record: ContextVar[_EndpointRecord | None] = ContextVar("_record", default=None)
"""The record for the request that the present task sends through the SDK."""


class DirectClient:
    """Sends the GetObject and PutObject requests of one S3 client.

    ``session`` is set when the SDK has opened one without a proxy; before that, or with a proxy, the SDK sends all
    requests. The methods raise what botocore and aiohttp raise, and StorageUnavailableError before ``open`` and after
    ``close``.
    """

    def __init__(self, account: str, user_agent: str) -> None:
        self.session: aiohttp.ClientSession | None = None
        self._account, self._user_agent = account, user_agent
        self._sdk: Any = None
        self._endpoints: LRUCache[tuple[str, str], _BucketEndpoint] = LRUCache(len(_METHODS) * _BUCKETS)
        self._parser = RestXMLParser(timestamp_parser=str)

    def open(self, sdk: Any, credentials: Any) -> None:
        """Send requests through ``sdk``, aiobotocore's client, or signed with ``credentials``, which are its own."""
        self._sdk, self._credentials = sdk, credentials
        self._models = {name: sdk.meta.service_model.operation_model(name) for name in _METHODS}
        for name in _METHODS:
            sdk.meta.events.register(f"before-sign.s3.{name}", _record_endpoint)

    def close(self) -> None:
        """Send no more requests."""
        self._sdk = self.session = None

    async def get(self, bucket: str, key: str, version: str, parameters: Mapping[str, Any]) -> GetResponse:
        """Send a GetObject request with the SDK's further ``parameters``."""
        response = await self._send(_GET, bucket, key, parameters, version=version)
        if response is None:
            return await self._get_by_sdk(bucket, key, version, parameters)
        if response.status in {200, 206}:
            return GetResponse(response.status, _lower(response.headers), response)
        async with response:  # an error body that is longer than the limit is cut off with its connection
            if response.status == 304:
                return GetResponse(304, _lower(response.headers), None)
            error = self._error(_GET, await _answer(response))
        if self._is_redirected(_GET, bucket, error):
            return await self._get_by_sdk(bucket, key, version, parameters)
        raise error

    async def put(self, bucket: str, key: str, body: bytes, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """Send a PutObject request with the SDK's further ``parameters``; return its ETag and VersionId."""
        response = await self._send(_PUT, bucket, key, parameters, body=body)
        if response is None:
            return await self._put_by_sdk(bucket, key, body, parameters)
        async with response:
            answer = await _answer(response)
        if answer["status_code"] == 200 and answer["body"]:
            # A response with status 200 may have an error for a body: the SDK's handler corrects the status then.
            await self._sdk.meta.events.emit(
                f"before-parse.s3.{_PUT}",
                operation_model=self._models[_PUT],
                response_dict=answer,
                customized_response_dict={},
            )
        if answer["status_code"] < 300:
            headers = answer["headers"]
            return {"ETag": headers.get("etag", ""), "VersionId": headers.get("x-amz-version-id", "")}
        error = self._error(_PUT, answer)
        if self._is_redirected(_PUT, bucket, error):
            return await self._put_by_sdk(bucket, key, body, parameters)
        raise error

    async def _send(
        self,
        operation: str,
        bucket: str,
        key: str,
        parameters: Mapping[str, Any],
        *,
        version: str = "",
        body: bytes | None = None,
    ) -> aiohttp.ClientResponse | None:
        """Send a request; return None where the SDK has to send it."""
        if self._sdk is None:
            raise StorageUnavailableError(f"{self._account}: not open")
        endpoint = self._endpoints.get((operation, bucket))
        if endpoint is None or self.session is None or (body is not None and len(body) > _MAX_DIRECT_BODY):
            return None
        method = _METHODS[operation]
        url = endpoint.url + _quote(key) + (f"?versionId={percent_encode(version)}" if version else "")
        headers = {_HEADERS[name]: _header_value(value) for name, value in parameters.items()}
        request = AWSRequest(method, url, headers, data=body)
        # As in the SDK: over TLS, a body with a Content-MD5 is not hashed once more for the signature.
        request.context["has_streaming_input"] = body is not None
        S3SigV4Auth(await self._credentials.get_frozen_credentials(), "s3", endpoint.region).add_auth(request)
        return await self.session.request(
            method,
            URL(url, encoded=True),
            data=body,
            headers={"User-Agent": self._user_agent, "Accept-Encoding": "identity", **request.headers},
            allow_redirects=False,
        )

    def _error(self, operation: str, answer: Mapping[str, Any]) -> ClientError:
        """Return the exception that the SDK raises for a response with an error."""
        return ClientError(self._parser.parse(answer, self._models[operation].output_shape), operation)

    def _is_redirected(self, operation: str, bucket: str, error: ClientError) -> bool:
        """Return whether the bucket is elsewhere: the SDK has to send the request and follows the redirect."""
        status, _ = response_of(error)
        redirected = status in _REDIRECTS or error.response.get("Error", {}).get("Code") in _REDIRECT_CODES
        if redirected:
            self._endpoints.pop((operation, bucket), None)
        return redirected

    async def _get_by_sdk(self, bucket: str, key: str, version: str, parameters: Mapping[str, Any]) -> GetResponse:
        with self._recorded_endpoint(_GET, bucket, key):
            try:
                result = await self._sdk.get_object(
                    Bucket=bucket, Key=key, **parameters, **({"VersionId": version} if version else {})
                )
            except ClientError as error:
                status, headers = response_of(error)
                if status != 304:
                    raise
                return GetResponse(304, headers, None)
            metadata = result["ResponseMetadata"]
            return GetResponse(metadata["HTTPStatusCode"], metadata["HTTPHeaders"], result["Body"].raw_stream)

    async def _put_by_sdk(self, bucket: str, key: str, body: bytes, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        with self._recorded_endpoint(_PUT, bucket, key):
            result: Mapping[str, Any] = await self._sdk.put_object(Bucket=bucket, Key=key, Body=body, **parameters)
            return result

    @contextmanager
    def _recorded_endpoint(self, operation: str, bucket: str, key: str) -> Iterator[None]:
        """Remember where the SDK sends the present request, if it succeeds."""
        record = _EndpointRecord(key)
        token = _record.set(record)
        try:
            yield
        finally:
            _record.reset(token)
        if record.endpoint is not None:
            self._endpoints[operation, bucket] = record.endpoint


def _record_endpoint(request: Any, region_name: str, signature_version: Any, **_: object) -> None:
    """Record the endpoint of a request; a handler of botocore's ``before-sign`` event.

    The region of the signing context takes precedence over the client's, as in botocore's signer.
    """
    record = _record.get()
    if record is None:
        return
    address = request.url.partition("?")[0]
    url = address.removesuffix(_quote(record.key))
    if url == address or signature_version not in _SIGNATURES:
        record.endpoint = None
        return
    record.endpoint = _BucketEndpoint(url, request.context.get("signing", {}).get("region") or region_name)


async def _answer(response: aiohttp.ClientResponse) -> dict[str, Any]:
    """Return status, headers and body for botocore's parser; a body that is longer than the limit is cut off."""
    body = b""
    while len(body) < _MAX_ANSWER_BYTES and (block := await response.content.read(_MAX_ANSWER_BYTES - len(body))):
        body += block
    return {"status_code": response.status, "headers": _lower(response.headers), "body": body, "context": {}}


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _quote(key: str) -> str:
    return str(percent_encode(key, safe="/~"))


def _header_value(value: str | datetime) -> str:
    return value if isinstance(value, str) else format_datetime(value.astimezone(UTC), usegmt=True)
