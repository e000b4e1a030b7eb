"""Stable error codes in place of class names: why an upload failed, and why an asset is quarantined."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
_CODES = {
    "MememimeError": "service.internal_error",
    "ImageError": "image.invalid",
    "UnknownFormatError": "image.format_unknown",
    "LimitError": "image.too_large",
    "SourceTooLargeError": "source.too_large",
    "UnsupportedFormatError": "image.format_unsupported",
    "BrokenImageError": "image.corrupt",
    "WorkerError": "worker.failed",
    "WorkerCrashError": "worker.crashed",
    "WorkerKilledError": "worker.killed",
    "RenderTimeoutError": "render.timeout",
    "UrlError": "url.invalid",
    "PathError": "url.path_invalid",
    "OptionError": "url.option_invalid",
    "PresetError": "url.preset_unknown",
    "SourceUrlError": "url.source_invalid",
    "ExpiredError": "url.expired",
    "ForbiddenError": "request.forbidden",
    "SignatureError": "url.signature_invalid",
    "UnsignedError": "url.signature_missing",
    "SecurityOptionError": "url.security_option_forbidden",
    "SecretError": "request.secret_invalid",
    "ClientGoneError": "request.cancelled",
    "ResourceError": "request.failed",
    "RequestError": "request.invalid",
    "UnauthenticatedError": "credentials.invalid",
    "RoleError": "credentials.role_insufficient",
    "QuotaError": "quota.exceeded",
    "AssetMissingError": "asset.not_found",
    "AliasMissingError": "alias.not_found",
    "UploadMissingError": "upload.not_found",
    "ConflictError": "resource.conflict",
    "OffsetError": "upload.offset_conflict",
    "AliasTakenError": "alias.taken",
    "UploadGoneError": "upload.gone",
    "VersionError": "resource.precondition_failed",
    "ProtocolVersionError": "upload.protocol_version_unsupported",
    "UploadTooLargeError": "upload.too_large",
    "UploadTypeError": "upload.media_type_unsupported",
    "AliasNameError": "alias.name_invalid",
    "DigestError": "upload.digest_mismatch",
    "RateError": "rate_limit.exceeded",
    "ChecksumError": "upload.checksum_mismatch",
    "DatabaseError": "database.unavailable",
    "OverloadError": "service.overloaded",
    "QueueFullError": "service.queue_full",
    "ShuttingDownError": "service.shutting_down",
    "SettingsError": "settings.invalid",
    "SourceError": "source.failed",
    "SourceForbiddenError": "source.forbidden",
    "SourceUnreachableError": "source.unreachable",
    "SourceStatusError": "source.error_status",
    "SourceBrokenError": "source.response_invalid",
    "SourceIncompleteError": "source.incomplete",
    "SourceTimeoutError": "source.timeout",
    "StorageError": "storage.failed",
    "ObjectMissingError": "storage.object_not_found",
    "PreconditionFailedError": "storage.precondition_failed",
    "SpanError": "storage.range_not_satisfiable",
    "StorageDeniedError": "storage.access_denied",
    "StorageUnavailableError": "storage.unavailable",
    "StorageTimeoutError": "storage.timeout",
    "StorageFullError": "storage.full",
    "_WrongBytesError": "source.response_invalid",
}
"""As they were at this step; later changes of classes and codes do not change it."""
_TABLES = {
    "error_code": sa.table("uploads", sa.column("error_code")),
    "reason": sa.table("assets", sa.column("reason")),
}


def upgrade() -> None:
    """Go to this step."""
    _replace(_CODES)


def downgrade() -> None:
    """Go back to the step before."""
    _replace({code: name for name, code in _CODES.items()})


def _replace(texts: dict[str, str]) -> None:
    for name, table in _TABLES.items():
        for before, after in texts.items():
            op.execute(sa.update(table).where(table.c[name] == before).values({name: after}))
