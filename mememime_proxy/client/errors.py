"""Errors of the client.

::

    ClientError
    ├── FileError            a file cannot be read, or its entry is invalid
    ├── AnswerError          the service refuses one request, with the status and text of its problem
    ├── UploadLostError      the service has no longer what an earlier run sent
    ├── RefusedError         the service refuses the API key, so no request can succeed
    └── UnreachableError     no response, or temporary errors alone, after all attempts
"""

from __future__ import annotations


class ClientError(Exception):
    """Base of all errors of the client; its text is for users."""


class FileError(ClientError):
    """This file cannot be uploaded; others may be."""


class AnswerError(ClientError):
    """The service refused a request."""

    def __init__(self, status: int, title: str, detail: str = "", code: str = "") -> None:
        """``code``: the service's code of the error, as in docs/errors.md; '' where the response has none."""
        text = f"{status} {title}" + (f" ({code})" if code else "")
        super().__init__(text + (f": {detail}" if detail and detail != title else ""))
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail


class UploadLostError(ClientError):
    """The service no longer has the parts that are in the journal."""


class RefusedError(ClientError):
    """The API key is invalid."""


class UnreachableError(ClientError):
    """The service, or its storage, does not respond."""


def as_file_error(error: Exception) -> ClientError:
    """Return any exception as the failure of one file."""
    if isinstance(error, ClientError):
        return error
    return FileError(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)


def valid_unicode(path: str) -> str:
    """Return ``path`` as valid Unicode: bytes that are not UTF-8, which Python escapes, become ``\\xe9``."""
    try:
        return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # other halves of surrogates, which JSON may have
        return path.encode("utf-8", "backslashreplace").decode()
