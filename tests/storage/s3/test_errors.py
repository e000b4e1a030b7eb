"""Each failure that botocore and aiohttp know has a meaning here."""

import inspect

import aiohttp
import pytest
from botocore import exceptions as boto
from botocore import parsers

from mememime_proxy.errors import (
    ObjectNotFoundError,
    PreconditionFailedError,
    RangeNotSatisfiableError,
    StorageDeniedError,
    StorageError,
    StorageFullError,
    StorageTimeoutError,
    StorageUnavailableError,
)
from mememime_proxy.storage.s3.errors import _BY_CLASS, FOREIGN, response_of, translate_error

CANARY = "canary-9b2e"
PLAIN = {
    # Mistakes of this program or its installation, and answers that nobody can read: StorageError itself.
    "BotoCoreError", "DataNotFoundError", "UnknownServiceError", "UnknownRegionError", "ApiVersionNotFoundError",
    "InvalidIMDSEndpointError", "InvalidIMDSEndpointModeError", "UnknownSignatureVersionError",
    "ServiceNotInRegionError", "BaseEndpointResolverError", "NoRegionError", "EndpointVariantError",
    "UnknownEndpointError", "UnknownFIPSEndpointError", "ConfigParseError", "ConfigNotFound",
    "MissingParametersError", "ValidationError", "UnknownKeyError", "RangeError", "UnknownParameterError",
    "InvalidRegionError", "AliasConflictParameterError", "UnknownServiceStyle", "PaginationError",
    "OperationNotPageableError", "ChecksumError", "UnseekableStreamError", "WaiterError", "IncompleteReadError",
    "InvalidExpressionError", "WaiterConfigError", "UnknownClientMethodError", "UnsupportedSignatureVersionError",
    "InvalidS3AddressingStyleError", "UnsupportedS3ControlArnError", "UnsupportedS3ConfigurationError",
    "InvalidEndpointDiscoveryConfigurationError", "UnsupportedS3ControlConfigurationError",
    "InvalidRetryConfigurationError", "InvalidMaxRetryAttemptsError", "InvalidRetryModeError",
    "InvalidS3UsEast1RegionalEndpointConfigError", "InvalidSTSRegionalEndpointsConfigError", "StubResponseError",
    "StubAssertionError", "UnStubbedResponseError", "InvalidConfigError", "InfiniteLoopConfigError",
    "MD5UnavailableError", "MissingDependencyException", "InvalidProxiesConfigError", "InvalidDefaultsMode",
    "AwsChunkedWrapperError", "FlexibleChecksumError", "InvalidEndpointConfigurationError",
    "InvalidChecksumConfigError", "UnsupportedServiceProtocolsError", "ResponseParserError",
}  # fmt: skip
NO_REQUEST = {"ClientError", "EventStreamError", "UndefinedModelAttributeError", "MissingServiceIdError"}


def below(root):
    found = {root}
    for child in root.__subclasses__():
        found |= below(child)
    return found


def ours(kind):
    return next((storage for theirs, storage in _BY_CLASS if issubclass(kind, theirs)), None)


def of_botocore():
    names = {kind for kind in below(boto.BotoCoreError) if kind.__module__ == boto.__name__}
    return sorted(names | {parsers.ResponseParserError}, key=lambda kind: kind.__name__)


def of_aiohttp():
    kinds = {kind for kind in below(aiohttp.ClientError) if kind.__module__.startswith("aiohttp.")}
    return sorted(kinds, key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", of_botocore(), ids=lambda kind: kind.__name__)
def test_each_exception_of_botocore_has_a_storage_error(kind):
    assert issubclass(kind, FOREIGN)
    found = ours(kind)
    assert found is not None
    assert (found is StorageError) == (kind.__name__ in PLAIN)


def test_botocore_has_no_other_exceptions():
    known = {kind.__name__ for kind in of_botocore()} | NO_REQUEST
    kinds = [kind for _, kind in inspect.getmembers(boto, inspect.isclass) if issubclass(kind, Exception)]
    assert {k.__name__ for k in kinds if k.__module__ == boto.__name__ and not issubclass(k, Warning)} <= known


@pytest.mark.parametrize("kind", of_aiohttp(), ids=lambda kind: kind.__name__)
def test_each_exception_of_aiohttp_is_retryable(kind):
    assert ours(kind) in {StorageTimeoutError, StorageUnavailableError}


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (boto.ConnectTimeoutError(endpoint_url=CANARY), StorageTimeoutError),
        (boto.ReadTimeoutError(endpoint_url=CANARY), StorageTimeoutError),
        (TimeoutError(CANARY), StorageTimeoutError),
        (aiohttp.SocketTimeoutError(CANARY), StorageTimeoutError),
        (boto.EndpointConnectionError(endpoint_url=CANARY), StorageUnavailableError),
        (boto.ConnectionClosedError(endpoint_url=CANARY), StorageUnavailableError),
        (boto.SSLError(endpoint_url=CANARY, error=CANARY), StorageUnavailableError),
        (boto.HTTPClientError(error=CANARY), StorageUnavailableError),
        (aiohttp.ClientPayloadError(CANARY), StorageUnavailableError),
        (ConnectionResetError(CANARY), StorageUnavailableError),
        (boto.NoCredentialsError(), StorageDeniedError),
        (boto.CredentialRetrievalError(provider="x", error_msg=CANARY), StorageDeniedError),
        (boto.ParamValidationError(report=CANARY), ObjectNotFoundError),
        (parsers.ResponseParserError(CANARY), StorageError),
        (ValueError(CANARY), StorageError),
    ],
)
def test_exception_without_a_response_is_translated_by_class(error, expected):
    found = translate_error(error, "get bucket")
    assert type(found) is expected
    assert str(found) == f"get bucket: {type(error).__name__}"


def client_error(code, status):
    about = {"HTTPStatusCode": status, "HTTPHeaders": {"etag": '"x"'}} if status else {}
    return boto.ClientError({"Error": {"Code": code, "Message": CANARY}, "ResponseMetadata": about}, "GetObject")


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("NoSuchKey", 404, ObjectNotFoundError),
        ("404", 404, ObjectNotFoundError),
        ("NoSuchBucket", 404, ObjectNotFoundError),
        ("NoSuchVersion", 404, ObjectNotFoundError),
        ("MethodNotAllowed", 405, ObjectNotFoundError),
        ("InvalidBucketName", 400, ObjectNotFoundError),
        ("KeyTooLongError", 400, ObjectNotFoundError),
        ("AccessDenied", 403, StorageDeniedError),
        ("403", 403, StorageDeniedError),
        ("SignatureDoesNotMatch", 403, StorageDeniedError),
        ("ExpiredToken", 400, StorageDeniedError),
        ("InvalidToken", 400, StorageDeniedError),
        ("AuthorizationHeaderMalformed", 400, StorageDeniedError),
        ("PreconditionFailed", 412, PreconditionFailedError),
        ("ConditionalRequestConflict", 409, PreconditionFailedError),
        ("InvalidRange", 416, RangeNotSatisfiableError),
        ("SlowDown", 503, StorageUnavailableError),
        ("InternalError", 500, StorageUnavailableError),
        ("RequestTimeout", 400, StorageUnavailableError),
        ("502", 502, StorageUnavailableError),
        ("TooManyRequests", 429, StorageUnavailableError),
        ("QuotaExceeded", 403, StorageFullError),
        ("InsufficientStorage", 507, StorageFullError),
        ("MalformedXML", 400, StorageError),
        ("", 0, StorageError),
    ],
)
def test_exception_with_a_response_is_translated_by_code_or_status(code, status, expected):
    error = client_error(code, status)
    found = translate_error(error, "get bucket")
    assert type(found) is expected
    assert CANARY not in repr(found)
    assert f"status {status}" in str(found)
    assert response_of(error) == (status, {"etag": '"x"'} if status else {})
