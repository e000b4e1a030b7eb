"""Errors that a request or a command can end in: class, HTTP status, stable code.

::

    MememimeError                           500  service.internal_error
    ├── MalformedRequestError               400  request.malformed
    ├── UrlError                            404  url.invalid
    │   ├── PathError                       404  url.path_invalid
    │   ├── MemberError                     404  url.member_unknown
    │   ├── OptionError                     404  url.option_invalid
    │   ├── PresetError                     404  url.preset_unknown
    │   ├── SourceUrlError                  404  url.source_invalid
    │   └── ExpiredError                    404  url.expired
    ├── ForbiddenError                      403  request.forbidden
    │   ├── SignatureError                  403  url.signature_invalid
    │   │   └── UnsignedError               403  url.signature_missing
    │   ├── SecurityOptionError             403  url.security_option_forbidden
    │   ├── OriginalForbiddenError          403  url.original_forbidden
    │   └── SecretError                     403  request.secret_invalid
    ├── ClientDisconnectedError             499  request.cancelled
    ├── SourceError                         404  source.failed
    │   ├── SourceForbiddenError            404  source.forbidden
    │   ├── SourceUnreachableError          404  source.unreachable
    │   ├── SourceStatusError               any  source.error_status
    │   │   └── SourceNotFoundError         404  source.not_found
    │   ├── SourceResponseError             502  source.response_invalid
    │   ├── SourceIncompleteError           422  source.incomplete
    │   └── SourceTimeoutError              504  source.timeout
    ├── ImageError                          422  image.invalid
    │   ├── UnknownFormatError              422  image.format_unknown
    │   ├── HashsumError                    422  image.hashsum_differs
    │   ├── LimitError                      422  image.too_large
    │   │   ├── FrameTooLargeError          422  image.frame_too_large
    │   │   ├── CostLimitError              422  image.too_costly
    │   │   ├── TooLongError                422  film.too_long
    │   │   └── SourceTooLargeError         422  source.too_large
    │   ├── MissingC2paError                422  image.manifest_codec_missing
    │   ├── MissingDetectorError            422  image.detector_missing
    │   ├── MissingMetricError              422  image.metric_missing
    │   ├── MissingStreamError              422  film.stream_missing
    │   ├── UnsupportedFormatError          422  image.format_unsupported
    │   │   ├── FormatDisabledError         422  image.format_disabled
    │   │   └── MissingDecoderError         422  image.decoder_missing
    │   ├── WatermarkError                  422  watermark.failed
    │   ├── PasswordError                   422  image.password
    │   └── BrokenImageError                422  image.corrupt
    │       └── QuarantineError             422  image.quarantined
    ├── WorkerError                         500  worker.failed
    │   ├── WorkerCrashError                422  worker.crashed
    │   ├── SandboxError                    500  worker.unconfined
    │   ├── WorkerKilledError               503  worker.killed
    │   └── RenderTimeoutError              503  render.timeout
    ├── StorageError                        502  storage.failed
    │   ├── ObjectNotFoundError             404  storage.object_not_found
    │   ├── PreconditionFailedError         412  storage.precondition_failed
    │   ├── RangeNotSatisfiableError        416  storage.range_not_satisfiable
    │   ├── StorageDeniedError              403  storage.access_denied
    │   ├── StorageUnavailableError         503  storage.unavailable
    │   ├── StorageTimeoutError             504  storage.timeout
    │   └── StorageFullError                507  storage.full
    ├── OverloadError                       503  service.overloaded
    │   ├── QueueFullError                  429  service.queue_full
    │   ├── MemoryBudgetError               503  service.memory_exhausted
    │   └── ShuttingDownError               503  service.shutting_down
    ├── SettingsError                       500  settings.invalid
    ├── BatchError                          400  batch.failed
    │   ├── BatchUsageError                 400  batch.usage_invalid
    │   ├── BatchInputError                 400  batch.input_invalid
    │   ├── NotStoredError                  503  batch.not_stored
    │   ├── OriginalDefectError             422  batch.original_defect
    │   └── TooManyErrorsError              422  batch.too_many_errors
    └── ResourceError                       400  request.failed
        ├── RequestError                    400  request.invalid
        ├── UnauthenticatedError            401  credentials.invalid
        ├── RoleError                       403  credentials.role_insufficient
        ├── QuotaError                      403  quota.exceeded
        ├── AssetNotFoundError              404  asset.not_found
        ├── AliasNotFoundError              404  alias.not_found
        ├── UploadNotFoundError             404  upload.not_found
        ├── JobNotFoundError                404  job.not_found
        ├── ReadOnlyError                   405  service.read_only
        ├── ConflictError                   409  resource.conflict
        │   ├── AssetHashMissingError       409  asset.hash_missing
        │   ├── OffsetError                 409  upload.offset_conflict
        │   ├── AliasTakenError             409  alias.taken
        │   └── JobStateError               409  job.state_conflict
        ├── UploadGoneError                 410  upload.gone
        ├── PurgesExpiredError              410  purges.expired
        ├── VersionError                    412  resource.precondition_failed
        ├── ProtocolVersionError            412  upload.protocol_version_unsupported
        ├── UploadTooLargeError             413  upload.too_large
        ├── UploadTypeError                 415  upload.media_type_unsupported
        ├── AliasNameError                  422  alias.name_invalid
        ├── DigestError                     422  upload.digest_mismatch
        ├── RateError                       429  rate_limit.exceeded
        ├── ChecksumError                   460  upload.checksum_mismatch
        ├── UploadStalledError              503  upload.stalled
        ├── JobWorkerLostError              500  job.worker_lost
        ├── JobTimeoutError                 504  job.timeout
        ├── DatabaseError                   503  database.unavailable
        └── ProxyUnavailableError           503  proxy.unavailable

The code is the error's name outside of Python: in logs, metrics, database rows, messages between processes, problem
types and docs/errors.md. Codes are stable; class names may change. A client sees the status and ``public``; of the
resource service's own errors below 500 it sees the ``detail``, too. Everything else is in the log.
"""

from __future__ import annotations

from mememime_proxy.errors.base import (
    TYPE_BASE,
    MememimeError,
    error_classes,
    error_from_code,
)
from mememime_proxy.errors.batch import (
    BatchError,
    BatchInputError,
    BatchUsageError,
    NotStoredError,
    OriginalDefectError,
    TooManyErrorsError,
)
from mememime_proxy.errors.image import (
    BrokenImageError,
    CostLimitError,
    FormatDisabledError,
    FrameTooLargeError,
    HashsumError,
    ImageError,
    LimitError,
    MissingC2paError,
    MissingDecoderError,
    MissingDetectorError,
    MissingMetricError,
    MissingStreamError,
    PasswordError,
    QuarantineError,
    RenderTimeoutError,
    SandboxError,
    SourceTooLargeError,
    TooLongError,
    UnknownFormatError,
    UnsupportedFormatError,
    WatermarkError,
    WorkerCrashError,
    WorkerError,
    WorkerKilledError,
)
from mememime_proxy.errors.request import (
    ClientDisconnectedError,
    ExpiredError,
    ForbiddenError,
    MalformedRequestError,
    MemberError,
    OptionError,
    OriginalForbiddenError,
    PathError,
    PresetError,
    SecretError,
    SecurityOptionError,
    SignatureError,
    SourceUrlError,
    UnsignedError,
    UrlError,
)
from mememime_proxy.errors.resource import (
    AliasNameError,
    AliasNotFoundError,
    AliasTakenError,
    AssetHashMissingError,
    AssetNotFoundError,
    ChecksumError,
    ConflictError,
    DatabaseError,
    DigestError,
    JobNotFoundError,
    JobStateError,
    JobTimeoutError,
    JobWorkerLostError,
    OffsetError,
    ProtocolVersionError,
    ProxyUnavailableError,
    PurgesExpiredError,
    QuotaError,
    RateError,
    ReadOnlyError,
    RequestError,
    ResourceError,
    RoleError,
    UnauthenticatedError,
    UploadGoneError,
    UploadNotFoundError,
    UploadStalledError,
    UploadTooLargeError,
    UploadTypeError,
    VersionError,
)
from mememime_proxy.errors.service import (
    MemoryBudgetError,
    OverloadError,
    QueueFullError,
    SettingsError,
    ShuttingDownError,
    missing_extra,
    missing_extra_text,
)
from mememime_proxy.errors.source import (
    SourceError,
    SourceForbiddenError,
    SourceIncompleteError,
    SourceNotFoundError,
    SourceResponseError,
    SourceStatusError,
    SourceTimeoutError,
    SourceUnreachableError,
    source_status_error,
)
from mememime_proxy.errors.storage import (
    ObjectNotFoundError,
    PreconditionFailedError,
    RangeNotSatisfiableError,
    StorageDeniedError,
    StorageError,
    StorageFullError,
    StorageTimeoutError,
    StorageUnavailableError,
)

__all__ = [
    "TYPE_BASE",
    "AliasNameError",
    "AliasNotFoundError",
    "AliasTakenError",
    "AssetHashMissingError",
    "AssetNotFoundError",
    "BatchError",
    "BatchInputError",
    "BatchUsageError",
    "BrokenImageError",
    "ChecksumError",
    "ClientDisconnectedError",
    "ConflictError",
    "CostLimitError",
    "DatabaseError",
    "DigestError",
    "ExpiredError",
    "ForbiddenError",
    "FormatDisabledError",
    "FrameTooLargeError",
    "HashsumError",
    "ImageError",
    "JobNotFoundError",
    "JobStateError",
    "JobTimeoutError",
    "JobWorkerLostError",
    "LimitError",
    "MalformedRequestError",
    "MemberError",
    "MememimeError",
    "MemoryBudgetError",
    "MissingC2paError",
    "MissingDecoderError",
    "MissingDetectorError",
    "MissingMetricError",
    "MissingStreamError",
    "NotStoredError",
    "ObjectNotFoundError",
    "OffsetError",
    "OptionError",
    "OriginalDefectError",
    "OriginalForbiddenError",
    "OverloadError",
    "PasswordError",
    "PathError",
    "PreconditionFailedError",
    "PresetError",
    "ProtocolVersionError",
    "ProxyUnavailableError",
    "PurgesExpiredError",
    "QuarantineError",
    "QueueFullError",
    "QuotaError",
    "RangeNotSatisfiableError",
    "RateError",
    "ReadOnlyError",
    "RenderTimeoutError",
    "RequestError",
    "ResourceError",
    "RoleError",
    "SandboxError",
    "SecretError",
    "SecurityOptionError",
    "SettingsError",
    "ShuttingDownError",
    "SignatureError",
    "SourceError",
    "SourceForbiddenError",
    "SourceIncompleteError",
    "SourceNotFoundError",
    "SourceResponseError",
    "SourceStatusError",
    "SourceTimeoutError",
    "SourceTooLargeError",
    "SourceUnreachableError",
    "SourceUrlError",
    "StorageDeniedError",
    "StorageError",
    "StorageFullError",
    "StorageTimeoutError",
    "StorageUnavailableError",
    "TooLongError",
    "TooManyErrorsError",
    "UnauthenticatedError",
    "UnknownFormatError",
    "UnsignedError",
    "UnsupportedFormatError",
    "UploadGoneError",
    "UploadNotFoundError",
    "UploadStalledError",
    "UploadTooLargeError",
    "UploadTypeError",
    "UrlError",
    "VersionError",
    "WatermarkError",
    "WorkerCrashError",
    "WorkerError",
    "WorkerKilledError",
    "error_classes",
    "error_from_code",
    "missing_extra",
    "missing_extra_text",
    "source_status_error",
]
