"""Errors of storages: local folders and buckets."""

from __future__ import annotations

from mememime_proxy.errors.base import MememimeError


class StorageError(MememimeError):
    """The storage broke its protocol: an incomplete body, a wrong checksum, or an answer that cannot be understood."""

    code = "storage.failed"
    status, public, kind = 502, "Storage error", "IO"
    remedy = "Read the detail in the log, and check the storage's own log and health."


class ObjectNotFoundError(StorageError):
    """There is no such object, or no such bucket."""

    code = "storage.object_not_found"
    status, public = 404, "Not found"
    remedy = "Check the bucket's and the object's name in the log."


class PreconditionFailedError(StorageError):
    """The object is not in the state that the write names. Nothing was changed."""

    code = "storage.precondition_failed"
    status, public = 412, "Precondition failed"
    remedy = "Nothing: another writer was first."


class RangeNotSatisfiableError(StorageError):
    """The range begins after the object's end."""

    code = "storage.range_not_satisfiable"
    status, public = 416, "Range not satisfiable"
    remedy = "Nothing: the client asked for bytes that the object does not have."


class StorageDeniedError(StorageError):
    """The credentials are missing or wrong, or do not allow this operation."""

    code = "storage.access_denied"
    status, public = 403, "Forbidden"
    remedy = "Check the credentials and the bucket's policy for the operation that the log names."


class StorageUnavailableError(StorageError):
    """The storage cannot be reached, or answers 503 or 429, after all retries."""

    code = "storage.unavailable"
    status, public, retry_after = 503, "Storage is unavailable", 1
    remedy = "Check the storage and the network to it; `storage_breaker_open` shows which bucket is concerned."


class StorageTimeoutError(StorageError):
    """The storage did not answer in time."""

    code = "storage.timeout"
    status, public = 504, "Storage timeout"
    remedy = "Check the storage's load and the network to it; compare `storage_seconds_total`."


class StorageFullError(StorageError):
    """The storage has no room for more bytes."""

    code = "storage.full"
    status, public = 507, "Storage is full"
    remedy = "Add room, or remove objects that are not used."
