"""Errors in getting an original from its source."""

from __future__ import annotations

from mememime_proxy.errors.base import MememimeError


class SourceError(MememimeError):
    """The original cannot be read from its source."""

    code = "source.failed"
    status, public, kind = 404, "Source is unreachable", "download"
    development = "Can't download source image: source is unreachable"
    remedy = "Read the detail in the log and request the source from the machine of the service."


class SourceForbiddenError(SourceError):
    """The source is not in MEMEMIME_ALLOWED_SOURCES, or its address is blocked."""

    code = "source.forbidden"
    public, kind = "Invalid source URL", "security"
    development = "Source URL is not allowed"
    remedy = "Add the source to MEMEMIME_ALLOWED_SOURCES. Addresses of private networks need their own setting."


class SourceUnreachableError(SourceError):
    """The scheme is unknown, the host name has no address, the connection failed, or there were too many redirects."""

    code = "source.unreachable"
    remedy = "Check the host's name and its DNS, firewalls, and certificates. Settings enable the schemes."


class SourceStatusError(SourceError):
    """The source answered with an error status. A 4xx is passed on, a 5xx becomes 502, anything else 404."""

    code = "source.error_status"
    remedy = "Read the status in the log and look at the source's own log."

    def __init__(self, detail: str = "", *, upstream: int = 500) -> None:
        """``upstream``: the source's status."""
        super().__init__(detail or f"the source answered {upstream}")
        self.upstream = upstream
        self.status = upstream if 400 <= upstream < 500 else 502 if upstream >= 500 else 404  # type: ignore[misc]


class SourceNotFoundError(SourceStatusError):
    """The source has no such original."""

    code = "source.not_found"
    remedy = "Correct the source in the URL, or put the original there. A fallback image can stand in for it."

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, upstream=404)


def source_status_error(upstream: int) -> SourceStatusError:
    """Return the error for a source's response with the status ``upstream``."""
    return SourceNotFoundError() if upstream == 404 else SourceStatusError(upstream=upstream)


class SourceResponseError(SourceError):
    """The source's response is not valid HTTP, or is not the original that was asked for."""

    code = "source.response_invalid"
    status = 502
    remedy = "Request the source with `curl -v` and repair its headers and body."


class SourceIncompleteError(SourceError):
    """The source sent fewer bytes than its Content-Length announces."""

    code = "source.incomplete"
    status, public = 422, "Source response is incomplete"
    development = "Can't download source image: response is incomplete"
    remedy = "Check the source, and proxies between it and the service, for broken connections."


class SourceTimeoutError(SourceError):
    """The source did not answer, or did not send fast enough, in time."""

    code = "source.timeout"
    status = 504
    remedy = "Make the source faster, or raise MEMEMIME_DOWNLOAD_TIMEOUT and MEMEMIME_TIMEOUT."
