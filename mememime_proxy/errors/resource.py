"""Errors of the resource service: assets, aliases, uploads and their credentials."""

from __future__ import annotations

from mememime_proxy.errors.base import MememimeError


class ResourceError(MememimeError):
    """The resource service cannot do what the request asks."""

    code = "request.failed"
    status, public, kind = 400, "Bad request", "request"
    remedy = "Read the detail of the response: it is for the client."


class RequestError(ResourceError):
    """A body, a parameter or a header is missing or invalid."""

    code = "request.invalid"
    remedy = "Compare the request with docs/openapi.json."


class UnauthenticatedError(ResourceError):
    """There is no API key or token, or it is unknown, expired or revoked."""

    code = "credentials.invalid"
    status, public = 401, "Not authenticated"
    remedy = "Give the client a valid API key, or a new upload token."


class RoleError(ResourceError):
    """The API key or token does not allow this."""

    code = "credentials.role_insufficient"
    status, public = 403, "Not allowed"
    remedy = "Use a key with the role that the detail names, or a token whose claims fit the request."


class QuotaError(ResourceError):
    """The tenant's quota of bytes or assets is used up."""

    code = "quota.exceeded"
    status, public = 403, "Quota exceeded"
    remedy = "Raise the tenant's quota, or remove assets."


class AssetNotFoundError(ResourceError):
    """There is no such asset, or none that the caller may see."""

    code = "asset.not_found"
    status, public = 404, "Asset not found"
    remedy = "Check the SHA-256, the tenant of the key, and whether the asset was deleted."


class AliasNotFoundError(ResourceError):
    """There is no such alias, or none that the caller may see."""

    code = "alias.not_found"
    status, public = 404, "Alias not found"
    remedy = "Check the name's spelling and the tenant of the key."


class UploadNotFoundError(ResourceError):
    """There is no such upload, or none that the caller may see."""

    code = "upload.not_found"
    status, public = 404, "Upload not found"
    remedy = "Check the address and the credentials: a token sees its own uploads, its subject's, and the one it names."


class JobNotFoundError(ResourceError):
    """There is no such job, or none that the caller may see."""

    code = "job.not_found"
    status, public = 404, "Job not found"
    remedy = "Check the id and the tenant of the key. Jobs are removed MEMEMIME_JOB_RETENTION after their end."


class ConflictError(ResourceError):
    """Another request was first, or the state of the resource does not allow this."""

    code = "resource.conflict"
    status, public = 409, "Conflict"
    remedy = "Let the client read the present state and send its request again."


class AssetHashMissingError(ConflictError):
    """The asset has no perceptual hash: it was not verified, so that nothing can be compared with it."""

    code = "asset.hash_missing"
    public = "Asset without a perceptual hash"
    remedy = "Ask for an asset that is ready, or upload its bytes again."


class OffsetError(ConflictError):
    """Upload-Offset is not the offset that the upload has reached."""

    code = "upload.offset_conflict"
    public = "Wrong offset"
    remedy = "Nothing: the client asks for the offset (HEAD) and goes on there."


class AliasTakenError(ConflictError):
    """The name, or one that looks the same, belongs to another tenant."""

    code = "alias.taken"
    public = "Alias is taken"
    remedy = "Choose another name."


class ReadOnlyError(ResourceError):
    """A change was sent to a service that only reads (MEMEMIME_READ_ONLY)."""

    code = "service.read_only"
    status, public = 405, "Service is read-only"
    remedy = "Send changes to the writer, which Link names where MEMEMIME_WRITER_URL is set."


class JobStateError(ConflictError):
    """The job has ended and cannot be cancelled, or it has not and cannot be tried again."""

    code = "job.state_conflict"
    remedy = "Let the client read the job's state."


class UploadGoneError(ResourceError):
    """The upload expired or was terminated."""

    code = "upload.gone"
    status, public = 410, "Upload is gone"
    remedy = "Begin a new upload. Where uploads are slow, raise MEMEMIME_UPLOAD_EXPIRY."


class PurgesExpiredError(ResourceError):
    """Purges behind the number that the request names are no longer in the log, or not in this one."""

    code = "purges.expired"
    status, public = 410, "Purges have expired"
    remedy = "Nothing: a proxy drops what it holds, and begins at the head of the log. After a restored backup, too."


class VersionError(ResourceError):
    """The resource is not in the state that If-Match or If-None-Match names."""

    code = "resource.precondition_failed"
    status, public = 412, "Precondition failed"
    remedy = "Let the client read the resource and its ETag, and repeat the change."


class ProtocolVersionError(ResourceError):
    """The client's Tus-Resumable is not a version that the service speaks."""

    code = "upload.protocol_version_unsupported"
    status, public = 412, "Unsupported version of tus"
    remedy = "Use a client of tus 1.0.0."


class UploadTooLargeError(ResourceError):
    """The upload has more bytes than allowed."""

    code = "upload.too_large"
    status, public = 413, "Upload is too large"
    remedy = "Raise MEMEMIME_UPLOAD_MAX_SIZE, or the limit in the token's claims."


class UploadTypeError(ResourceError):
    """The media type of the body is not one that this path, or the token, accepts."""

    code = "upload.media_type_unsupported"
    status, public = 415, "Unsupported media type"
    remedy = "Correct the Content-Type, or the types in the token's claims."


class AliasNameError(ResourceError):
    """The name is not allowed for an alias."""

    code = "alias.name_invalid"
    status, public = 422, "Invalid alias name"
    remedy = "Read the rules for names in docs/aliases.md."


class DigestError(ResourceError):
    """The digest of the complete body is not the one that the client announced."""

    code = "upload.digest_mismatch"
    status, public = 422, "Digest mismatch"
    remedy = "Let the client send the file again; it changed while it was read, or on its way."


class RateError(ResourceError):
    """The API key sent more requests than its rate limit allows."""

    code = "rate_limit.exceeded"
    status, public, retry_after = 429, "Too many requests", 1
    remedy = "Let the client wait as Retry-After says, or raise the tenant's requests_per_minute."


class ChecksumError(ResourceError):
    """The checksum of a chunk is not the one in Upload-Checksum. The status is the one of tus."""

    code = "upload.checksum_mismatch"
    status, public = 460, "Checksum mismatch"
    remedy = "Let the client send the chunk again."


class UploadStalledError(ResourceError):
    """A body comes more slowly than MEMEMIME_UPLOAD_MIN_RATE. The status is one after which clients go on."""

    code = "upload.stalled"
    status, public, retry_after = 503, "Upload stalled", 1
    remedy = "Nothing: the client goes on. Where many clients are slow, lower MEMEMIME_UPLOAD_MIN_RATE."


class JobWorkerLostError(ResourceError):
    """A chunk of a job, or one item of a batch, ended its worker three times."""

    code = "job.worker_lost"
    status, public = 500, "Worker lost"
    remedy = "Read the log of the workers for the time: memory that ran out, or a fault. Then retry the job."


class JobTimeoutError(ResourceError):
    """A chunk of a job took longer than its kind allows."""

    code = "job.timeout"
    status, public = 504, "Job timed out"
    remedy = "Look at what it waits for: a source, a storage, other work on the machine. It is tried again."


class DatabaseError(ResourceError):
    """The database is unavailable. Nothing was changed."""

    code = "database.unavailable"
    status, public, retry_after = 503, "Database is unavailable", 1
    remedy = "Check the database and MEMEMIME_DATABASE_URL; the log has the database's message."


class ProxyUnavailableError(ResourceError):
    """No proxy answers the resource service, which asks it for signed URLs."""

    code = "proxy.unavailable"
    status, public, retry_after = 503, "The proxy does not answer", 5
    remedy = "Start the proxy; check MEMEMIME_PURGE_URLS, and that both services have the same MEMEMIME_PURGE_KEY."
