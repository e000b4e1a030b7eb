"""What a failure of botocore or aiohttp means in this project's terms. No text of theirs is passed on but error codes:
messages may repeat credentials that were sent."""

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
    # What cannot be a name is the name of nothing.
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
    405: ObjectNotFoundError,  # a version that is the mark of a deletion
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
    # The first that fits counts: special ones stand before their bases.
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
    (boto.EndpointProviderError, ObjectNotFoundError),  # no address can be made of the bucket's name
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
"""What a call into the SDK can raise."""


def answered(error: boto.ClientError) -> tuple[int, dict[str, str]]:
    """Status and headers (names in lower case) of the answer behind the error."""
    about: dict[str, Any] = error.response.get("ResponseMetadata", {})
    return int(about.get("HTTPStatusCode") or 0), dict(about.get("HTTPHeaders") or {})


def translated(error: BaseException, doing: str) -> StorageError:
    """The StorageError that stands for ``error``; ``doing`` names operation and bucket for the log."""
    if isinstance(error, boto.ClientError):
        code = str(error.response.get("Error", {}).get("Code", ""))
        status, _ = answered(error)
        found = _BY_CODE.get(code) or _BY_STATUS.get(status) or StorageError
        return found(f"{doing}: {code or 'no code'}, status {status}")
    found = next((ours for theirs, ours in _BY_CLASS if isinstance(error, theirs)), StorageError)
    return found(f"{doing}: {type(error).__name__}")
