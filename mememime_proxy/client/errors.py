"""What can go wrong in the client.

::

    ClientError
    ├── FileError            a file cannot be read, or what is to be done with it cannot be said
    ├── AnswerError          the service refuses one request, with the status and text of its problem
    ├── LostError            the service has forgotten what an earlier run sent
    ├── RefusedError         the service does not know the key: nothing else can go well
    └── UnreachableError     no answer, or none but «later», after all tries
"""

from __future__ import annotations


class ClientError(Exception):
    """Base of all errors of the client; its text is for people."""


class FileError(ClientError):
    """This file cannot be uploaded; others may."""


class AnswerError(ClientError):
    """The service refused."""

    def __init__(self, status: int, title: str, detail: str = "") -> None:
        super().__init__(f"{status} {title}" + (f": {detail}" if detail and detail != title else ""))
        self.status = status
        self.title = title
        self.detail = detail


class LostError(ClientError):
    """The service does not have the parts any more that the journal knows."""


class RefusedError(ClientError):
    """The key is not good."""


class UnreachableError(ClientError):
    """The service, or the storage that it names, does not answer."""
