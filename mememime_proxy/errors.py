"""Every error that a request can end in, with its HTTP status and what the client is told.

::

    MememimeError
    ├── UrlError                     404  the URL does not say a plan
    │   ├── PathError                     no signature, or nothing behind it
    │   ├── OptionError                   unknown or forbidden option, or a bad argument
    │   ├── PresetError                   a preset that is not defined
    │   ├── SourceUrlError                the source part cannot be read
    │   └── ExpiredError                  the URL's time has passed
    ├── ForbiddenError               403
    │   ├── SignatureError                bad, malformed or missing signature
    │   │   └── UnsignedError             it looks like an option instead
    │   ├── SecurityOptionError           a security option while these are not allowed
    │   └── SecretError                   the shared secret is missing or wrong
    ├── SourceError                  404  the original cannot be had
    │   ├── SourceForbiddenError          not among the allowed sources, or a blocked address
    │   ├── SourceUnreachableError        unknown scheme, DNS, connection, redirects
    │   ├── SourceStatusError        any  the source answered with an error status
    │   ├── SourceBrokenError        502  an answer that breaks HTTP's rules, or none
    │   ├── SourceIncompleteError    422  fewer bytes than announced
    │   └── SourceTimeoutError       504
    ├── ImageError                   422  the original cannot be rendered
    │   ├── UnknownFormatError            not an image that we know
    │   ├── LimitError                    too many pixels, bytes or frames
    │   │   └── SourceTooLargeError       the source sends more bytes than allowed
    │   ├── UnsupportedFormatError        known, but this installation cannot read or write it
    │   └── BrokenImageError              corrupt
    ├── WorkerError                  500  the render failed for no fault of the image
    │   ├── WorkerCrashError         422  a decoder took its process down
    │   ├── WorkerKilledError        503  the process was killed from outside
    │   └── RenderTimeoutError       503  the deadline passed
    ├── StorageError                 502  a storage did not do what it promises
    │   ├── ObjectMissingError       404  there is no such object
    │   ├── PreconditionFailedError  412  the object is not in the state that the writer named
    │   ├── SpanError                416  a range that begins behind the object's end
    │   ├── StorageDeniedError       403  wrong credentials, or not allowed with them
    │   ├── StorageUnavailableError  503  no connection, or an answer that says later
    │   ├── StorageTimeoutError      504
    │   └── StorageFullError         507
    ├── OverloadError                503
    │   ├── QueueFullError           429  too many requests wait already
    │   └── ShuttingDownError        503
    ├── ResourceError                400  the resource service cannot do what a request asks
    │   ├── RequestError                  a body, parameter or header that does not say what is needed
    │   ├── UnauthenticatedError     401  no API key or token, or one that is not good
    │   ├── RoleError                403  a key or token that does not allow this
    │   ├── QuotaError               403  the tenant has no room left
    │   ├── AssetMissingError        404
    │   ├── AliasMissingError        404
    │   ├── UploadMissingError       404
    │   ├── ConflictError            409  somebody else was faster, or the state does not allow it
    │   │   ├── OffsetError               the upload does not go on at this offset
    │   │   └── AliasTakenError           the name, or one that looks like it, belongs to somebody else
    │   ├── UploadGoneError          410  expired or ended
    │   ├── VersionError             412  not the state that If-Match or If-None-Match names
    │   ├── ProtocolVersionError     412  a version of tus that is not spoken here
    │   ├── UploadTooLargeError      413
    │   ├── UploadTypeError          415  not the media type that this path takes
    │   ├── AliasNameError           422  a name that aliases may not have
    │   ├── DigestError              422  the whole does not have the digest that was said
    │   ├── RateError                429  too many requests from one key
    │   ├── ChecksumError            460  a piece does not have the checksum that was said
    │   └── DatabaseError            503  the database cannot be had now
    ├── ClientGoneError              499  nobody waits for the answer any more
    └── SettingsError                --   the service does not start

``kind`` is the label of the metric ``errors_total``. The ``detail`` given to the constructor is for logs and
development mode; a client only ever sees ``public``.
"""

from __future__ import annotations

from typing import ClassVar

DOCS = "docs/errors.md"


class MememimeError(Exception):
    """Base of all errors that the project raises on purpose."""

    status: ClassVar[int] = 500
    public: ClassVar[str] = "Internal error"
    kind: ClassVar[str] = "unexpected"
    retry_after: int | None = None
    """Seconds for the Retry-After header, where asking again makes sense."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or self.public)
        self.detail = detail or self.public

    @classmethod
    def doc_anchor(cls) -> str:
        """Where the documentation explains this error."""
        return f"{DOCS}#{cls.__name__.lower()}"


class UrlError(MememimeError):
    """The URL does not say a plan."""

    status, public, kind = 404, "Invalid URL", "path_parsing"


class PathError(UrlError):
    """The path has no signature, or nothing behind it."""


class OptionError(UrlError):
    """An unknown or forbidden option, or a bad argument."""


class PresetError(UrlError):
    """A preset that is not defined."""


class SourceUrlError(UrlError):
    """The source part of the URL cannot be read."""


class ExpiredError(UrlError):
    """The URL's time has passed."""

    public = "Expired URL"


class ForbiddenError(MememimeError):
    """The request is understood and refused."""

    status, public, kind = 403, "Forbidden", "security"


class SignatureError(ForbiddenError):
    """The signature is missing, malformed or not ours."""


class UnsignedError(SignatureError):
    """The first segment looks like an option: most likely the signature was forgotten."""

    public = "The signature looks like a processing option: is it missing from the URL?"


class SecurityOptionError(ForbiddenError):
    """A security option in the URL while MEMEMIME_ALLOW_SECURITY_OPTIONS is off."""

    public = "Invalid URL"


class SecretError(ForbiddenError):
    """The Authorization header does not carry MEMEMIME_SECRET."""


class SourceError(MememimeError):
    """The original cannot be had."""

    status, public, kind = 404, "Source is unreachable", "download"


class SourceForbiddenError(SourceError):
    """The source is not among the allowed ones, or its address is blocked."""

    public, kind = "Invalid source URL", "security"


class SourceUnreachableError(SourceError):
    """Unknown scheme, failed name look-up, refused connection, too many redirects."""


class SourceStatusError(SourceError):
    """The source answered with an error status: a 4xx is passed on, a 5xx is 502, anything else 404."""

    def __init__(self, upstream: int, detail: str = "") -> None:
        super().__init__(detail or f"the source answered {upstream}")
        self.upstream = upstream
        self.status = upstream if 400 <= upstream < 500 else 502 if upstream >= 500 else 404  # type: ignore[misc]


class SourceBrokenError(SourceError):
    """The source was reached and did not answer as HTTP wants: nothing, something else, or without measure."""

    status = 502


class SourceIncompleteError(SourceError):
    """The source sent fewer bytes than it announced."""

    status, public = 422, "Source response is incomplete"


class SourceTimeoutError(SourceError):
    """The source was too slow."""

    status = 504


class ImageError(MememimeError):
    """The original cannot be rendered."""

    status, public, kind = 422, "Invalid source image", "processing"


class UnknownFormatError(ImageError):
    """The bytes are not an image that we know."""


class LimitError(ImageError):
    """Too many pixels, bytes, frames, scans or chunks."""

    kind = "image_data_size"


class SourceTooLargeError(LimitError):
    """The original has more bytes than allowed."""


class UnsupportedFormatError(ImageError):
    """A known format that this installation cannot read or write."""

    public = "Invalid URL"


class BrokenImageError(ImageError):
    """The image is corrupt."""

    public = "Broken or unsupported image"


class WorkerError(MememimeError):
    """The render failed for no fault of the image."""

    kind = "processing"


class WorkerCrashError(WorkerError):
    """A decoder or encoder took its process down (abort, segmentation fault, memory limit)."""

    status, public = 422, "Broken or unsupported image"


class WorkerKilledError(WorkerError):
    """The process was killed from outside while it rendered."""

    status, public, retry_after = 503, "Temporarily unavailable", 1


class RenderTimeoutError(WorkerError):
    """The request's deadline passed before its picture was ready."""

    status, public, kind, retry_after = 503, "Timeout", "timeout", 1


class StorageError(MememimeError):
    """A storage did not do what it promises: a body cut short, a wrong checksum, an answer that nobody understands."""

    status, public, kind = 502, "Storage failed", "IO"


class ObjectMissingError(StorageError):
    """There is no such object, or no such bucket."""

    status, public = 404, "Not found"


class PreconditionFailedError(StorageError):
    """The object is not in the state that the writer named; nothing was changed."""

    status, public = 412, "Precondition failed"


class SpanError(StorageError):
    """A range that begins behind the object's end."""

    status, public = 416, "Range not satisfiable"


class StorageDeniedError(StorageError):
    """The credentials are wrong or missing, or do not allow this."""

    status, public = 403, "Forbidden"


class StorageUnavailableError(StorageError):
    """The storage cannot be reached or asks to come later, after all retries."""

    status, public, retry_after = 503, "Storage is unavailable", 1


class StorageTimeoutError(StorageError):
    """The storage was too slow."""

    status, public = 504, "Storage is too slow"


class StorageFullError(StorageError):
    """There is no room for more bytes."""

    status, public = 507, "Storage is full"


class OverloadError(MememimeError):
    """There is more work than this process can do."""

    status, public, kind, retry_after = 503, "Temporarily overloaded", "queue", 1


class QueueFullError(OverloadError):
    """Too many requests wait already."""

    status, public = 429, "Too many requests"


class ShuttingDownError(OverloadError):
    """The process is stopping."""

    public = "Shutting down"


class ResourceError(MememimeError):
    """The resource service cannot do what a request asks. Here the client is told the detail, too."""

    status, public, kind = 400, "Bad request", "request"


class RequestError(ResourceError):
    """A body, a parameter or a header does not say what is needed."""


class UnauthenticatedError(ResourceError):
    """There is no API key or token, or one that is not good."""

    status, public = 401, "Not authenticated"


class RoleError(ResourceError):
    """The key or token does not allow this."""

    status, public = 403, "Not allowed"


class QuotaError(ResourceError):
    """The tenant has no room left."""

    status, public = 403, "Quota exceeded"


class AssetMissingError(ResourceError):
    """There is no such asset, or none that the caller may see."""

    status, public = 404, "Asset not found"


class AliasMissingError(ResourceError):
    """There is no such alias, or none that the caller may see."""

    status, public = 404, "Alias not found"


class UploadMissingError(ResourceError):
    """There is no such upload, or none that the caller may see."""

    status, public = 404, "Upload not found"


class ConflictError(ResourceError):
    """Somebody else was faster, or the state of the thing does not allow it."""

    status, public = 409, "Conflict"


class OffsetError(ConflictError):
    """The upload does not go on at this offset."""

    public = "Wrong offset"


class AliasTakenError(ConflictError):
    """The name, or one that looks like it, belongs to somebody else."""

    public = "Alias is taken"


class UploadGoneError(ResourceError):
    """The upload expired or was ended."""

    status, public = 410, "Upload is gone"


class VersionError(ResourceError):
    """The thing is not in the state that If-Match or If-None-Match names."""

    status, public = 412, "Precondition failed"


class ProtocolVersionError(ResourceError):
    """The client speaks a version of tus that is not spoken here."""

    status, public = 412, "Unsupported version of tus"


class UploadTooLargeError(ResourceError):
    """The upload is larger than what is allowed."""

    status, public = 413, "Upload is too large"


class UploadTypeError(ResourceError):
    """The body has not the media type that this path takes, or not one that the token allows."""

    status, public = 415, "Unsupported media type"


class AliasNameError(ResourceError):
    """Aliases may not have this name."""

    status, public = 422, "Bad alias name"


class DigestError(ResourceError):
    """The whole does not have the digest that was said."""

    status, public = 422, "Digest mismatch"


class RateError(ResourceError):
    """One key sends too many requests."""

    status, public, retry_after = 429, "Too many requests", 1


class ChecksumError(ResourceError):
    """A piece does not have the checksum that was said. The status is tus's own."""

    status, public = 460, "Checksum mismatch"


class DatabaseError(ResourceError):
    """The database cannot be had now; nothing was changed."""

    status, public, retry_after = 503, "Database is unavailable", 1


class ClientGoneError(MememimeError):
    """Nobody waits for the answer any more."""

    status, public, kind = 499, "Cancelled", "timeout"


class SettingsError(MememimeError):
    """A setting is wrong: the service does not start."""

    public, kind = "Invalid settings", "unexpected"


def missing_extra(subject: str, extra: str) -> SettingsError:
    """Return the error for ``subject``, which needs packages that only the extra ``extra`` installs."""
    return SettingsError(f"{subject} needs the extra {extra!r}: pip install '.[{extra}]' in a clone of Mememime")


def subclasses(root: type[MememimeError] = MememimeError) -> dict[str, type[MememimeError]]:
    """All error classes below and including ``root``, by class name; but for those that a module has for itself."""
    found = {root.__name__: root}
    for child in root.__subclasses__():
        if not child.__name__.startswith("_"):
            found.update(subclasses(child))
    return found
