"""Storage errors for the exceptions of botocore and aiohttp.

Of their texts only error codes are passed on: messages may repeat credentials.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp
from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

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

_BY_CODE: Mapping[str, type[StorageError]] = {
    "AuthorizationHeaderMalformed": StorageDeniedError,
    "BucketAlreadyExists": StorageDeniedError,
    "ExpiredToken": StorageDeniedError,
    "InvalidAccessKeyId": StorageDeniedError,
    "InvalidToken": StorageDeniedError,
    "RequestTimeTooSkewed": StorageDeniedError,
    "SignatureDoesNotMatch": StorageDeniedError,
    "TokenRefreshRequired": StorageDeniedError,
    # An invalid name is the name of no object.
    "InvalidBucketName": ObjectNotFoundError,
    "InvalidObjectName": ObjectNotFoundError,
    "InvalidURI": ObjectNotFoundError,
    "InvalidVersionId": ObjectNotFoundError,
    "KeyTooLongError": ObjectNotFoundError,
    "NoSuchVersion": ObjectNotFoundError,
    "XMinioInvalidObjectName": ObjectNotFoundError,
    "ConditionalRequestConflict": PreconditionFailedError,
    "InvalidRange": RangeNotSatisfiableError,
    "BandwidthLimitExceeded": StorageUnavailableError,
    "IncompleteBody": StorageUnavailableError,
    "OperationAborted": StorageUnavailableError,
    "RequestLimitExceeded": StorageUnavailableError,
    "RequestThrottled": StorageUnavailableError,
    "RequestTimeout": StorageUnavailableError,
    "SlowDown": StorageUnavailableError,
    "Throttling": StorageUnavailableError,
    "ThrottlingException": StorageUnavailableError,
    "QuotaExceeded": StorageFullError,
    "XMinioStorageFull": StorageFullError,
}
_BY_STATUS: Mapping[int, type[StorageError]] = {
    401: StorageDeniedError,
    403: StorageDeniedError,
    404: ObjectNotFoundError,
    405: ObjectNotFoundError,  # a version that is a delete marker
    408: StorageUnavailableError,
    412: PreconditionFailedError,
    416: RangeNotSatisfiableError,
    429: StorageUnavailableError,
    500: StorageUnavailableError,
    502: StorageUnavailableError,
    503: StorageUnavailableError,
    504: StorageUnavailableError,
    507: StorageFullError,
}
_BY_CLASS: tuple[tuple[type[BaseException], type[StorageError]], ...] = (
    # The first match counts: subclasses are before their bases.
    (boto.ConnectTimeoutError, StorageTimeoutError),
    (boto.ReadTimeoutError, StorageTimeoutError),
    (aiohttp.ServerTimeoutError, StorageTimeoutError),
    (asyncio.TimeoutError, StorageTimeoutError),
    (boto.NoCredentialsError, StorageDeniedError),
    (boto.PartialCredentialsError, StorageDeniedError),
    (boto.CredentialRetrievalError, StorageDeniedError),
    (boto.UnknownCredentialError, StorageDeniedError),
    (boto.NoAuthTokenError, StorageDeniedError),
    (boto.TokenRetrievalError, StorageDeniedError),
    (boto.UnknownTokenProviderError, StorageDeniedError),
    (boto.RefreshWithMFAUnsupportedError, StorageDeniedError),
    (boto.SSOError, StorageDeniedError),
    (boto.LoginError, StorageDeniedError),
    (boto.ProfileNotFound, StorageDeniedError),
    (boto.MetadataRetrievalError, StorageUnavailableError),
    (boto.CapacityNotAvailableError, StorageUnavailableError),
    (boto.ParamValidationError, ObjectNotFoundError),
    (boto.InvalidDNSNameError, ObjectNotFoundError),
    (boto.InvalidHostLabelError, ObjectNotFoundError),
    (boto.EndpointProviderError, ObjectNotFoundError),  # the bucket's name is in no URL
    (boto.UnsupportedS3ArnError, ObjectNotFoundError),
    (boto.UnsupportedS3AccesspointConfigurationError, ObjectNotFoundError),
    (boto.UnsupportedOutpostResourceError, ObjectNotFoundError),
    (boto.ResponseStreamingError, StorageUnavailableError),
    (boto.HTTPClientError, StorageUnavailableError),
    (boto.ConnectionError, StorageUnavailableError),
    (aiohttp.ClientError, StorageUnavailableError),
    (OSError, StorageUnavailableError),
    (ResponseParserError, StorageError),
    (boto.BotoCoreError, StorageError),
)
FOREIGN = (boto.BotoCoreError, boto.ClientError, ResponseParserError, aiohttp.ClientError, OSError)
"""Exceptions that a call into the SDK can raise."""


def response_of(error: boto.ClientError) -> tuple[int, dict[str, str]]:
    """Return status and headers (names in lower case) of the response with the error."""
    metadata: dict[str, Any] = error.response.get("ResponseMetadata", {})
    return int(metadata.get("HTTPStatusCode") or 0), dict(metadata.get("HTTPHeaders") or {})


def translate_error(error: BaseException, operation: str) -> StorageError:
    """Return the StorageError for ``error``; ``operation`` names request and bucket in its detail."""
    if isinstance(error, boto.ClientError):
        code = str(error.response.get("Error", {}).get("Code", ""))
        status, _ = response_of(error)
        error_class = _BY_CODE.get(code) or _BY_STATUS.get(status) or StorageError
        return error_class(f"{operation}: {code or 'no code'}, status {status}")
    error_class = next((storage for foreign, storage in _BY_CLASS if isinstance(error, foreign)), StorageError)
    return error_class(f"{operation}: {type(error).__name__}")
