"""GetObject requests without the SDK: signed by botocore, sent by aiohttp.

The SDK spends more time on building and parsing a request than the network does on sending it. So it sends only the
first GET of each bucket. An event handler records where that request went and for which region it was signed; later
ones go there directly, through the same connection pool.
"""

from __future__ import annotations

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

from mememime_proxy.errors import StorageUnavailableError
from mememime_proxy.storage.s3.errors import response_of

_BUCKETS = 1000
_MAX_ERROR_BYTES = 1 << 16
_HEADERS = {
    "Range": "Range",
    "IfMatch": "If-Match",
    "IfNoneMatch": "If-None-Match",
    "IfModifiedSince": "If-Modified-Since",
    "ChecksumMode": "X-Amz-Checksum-Mode",
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
"""The record for the GetObject request that the present task sends through the SDK."""


class DirectGetClient:
    """Sends the GetObject requests of one S3 client.

    ``session`` is set when the SDK has opened one without a proxy; before that, or with a proxy, the SDK sends all
    requests.
    """

    def __init__(self, account: str, user_agent: str) -> None:
        self.session: aiohttp.ClientSession | None = None
        self._account, self._user_agent = account, user_agent
        self._sdk: Any = None
        self._endpoints: LRUCache[str, _BucketEndpoint] = LRUCache(_BUCKETS)
        self._parser = RestXMLParser(timestamp_parser=str)

    def open(self, sdk: Any, credentials: Any) -> None:
        """Send requests through ``sdk``, aiobotocore's client, or signed with ``credentials``, which are its own."""
        self._sdk, self._credentials = sdk, credentials
        self._shape = sdk.meta.service_model.operation_model("GetObject").output_shape
        sdk.meta.events.register("before-sign.s3.GetObject", _record_endpoint)

    def close(self) -> None:
        """Send no more requests."""
        self._sdk = self.session = None

    async def get(self, bucket: str, key: str, version: str, parameters: Mapping[str, Any]) -> GetResponse:
        """Send a GetObject request with the SDK's further ``parameters``. Raises what botocore and aiohttp raise.

        StorageUnavailableError before ``open`` and after ``close``.
        """
        if self._sdk is None:
            raise StorageUnavailableError(f"{self._account}: not open")
        endpoint = self._endpoints.get(bucket)
        if endpoint is None or self.session is None:
            return await self._get_by_sdk(bucket, key, version, parameters)
        url = endpoint.url + _quote(key) + (f"?versionId={percent_encode(version)}" if version else "")
        request = AWSRequest("GET", url, {_HEADERS[name]: _header_value(value) for name, value in parameters.items()})
        S3SigV4Auth(await self._credentials.get_frozen_credentials(), "s3", endpoint.region).add_auth(request)
        request_headers = {"User-Agent": self._user_agent, "Accept-Encoding": "identity", **request.headers}
        response = await self.session.get(URL(url, encoded=True), headers=request_headers, allow_redirects=False)
        headers = {name.lower(): value for name, value in response.headers.items()}
        if response.status in {200, 206}:
            return GetResponse(response.status, headers, response)
        async with response:  # an error body that is longer than the limit is cut off with its connection
            if response.status == 304:
                return GetResponse(304, headers, None)
            body = await response.content.read(_MAX_ERROR_BYTES)
        parsed = self._parser.parse(
            {"status_code": response.status, "headers": headers, "body": body, "context": {}}, self._shape
        )
        error = ClientError(parsed, "GetObject")
        if response.status in _REDIRECTS or error.response["Error"]["Code"] in _REDIRECT_CODES:
            self._endpoints.pop(bucket, None)
            return await self._get_by_sdk(bucket, key, version, parameters)  # the SDK follows the redirect
        raise error

    async def _get_by_sdk(self, bucket: str, key: str, version: str, parameters: Mapping[str, Any]) -> GetResponse:
        record = _EndpointRecord(key)
        token = _record.set(record)
        try:
            result = await self._sdk.get_object(
                Bucket=bucket, Key=key, **parameters, **({"VersionId": version} if version else {})
            )
            metadata = result["ResponseMetadata"]
            response = GetResponse(metadata["HTTPStatusCode"], metadata["HTTPHeaders"], result["Body"].raw_stream)
        except ClientError as error:
            status, headers = response_of(error)
            if status != 304:
                raise
            response = GetResponse(304, headers, None)
        finally:
            _record.reset(token)
        if record.endpoint is not None:
            self._endpoints[bucket] = record.endpoint
        return response


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


def _quote(key: str) -> str:
    return str(percent_encode(key, safe="/~"))


def _header_value(value: str | datetime) -> str:
    return value if isinstance(value, str) else format_datetime(value.astimezone(UTC), usegmt=True)
