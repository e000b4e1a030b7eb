"""Content types of files: from an extended attribute, else from the name."""

from __future__ import annotations

import contextlib
import os
from mimetypes import MimeTypes

from mememime_proxy.formats import FORMATS, by_name

UNKNOWN = "application/octet-stream"
_EXTENSIONS = {"tif": "tiff", "heif": "heic"} | {kind.extension[1:]: kind.name for kind in FORMATS.values()}
_TYPES = MimeTypes(())
_ATTRIBUTE = "user.mime_type"
"""The extended attribute that the freedesktop.org shared MIME database names."""


def guess_content_type(path: str) -> str:
    """Return the media type for the file name's extension, independent of the system's own list."""
    _, dot, extension = path.lower().rpartition(".")
    if not dot or "/" in extension:
        return UNKNOWN
    image_format = by_name(_EXTENSIONS.get(extension, extension))
    return image_format.mime if image_format else _TYPES.guess_type(f"x.{extension}")[0] or UNKNOWN


def read_content_type(descriptor: int, path: str) -> str:
    """Return the content type that was written for the open file at ``path``, else the one of its name."""
    try:
        written = os.getxattr(descriptor, _ATTRIBUTE).decode("ascii", "replace")
    except OSError:
        written = ""
    return written or guess_content_type(path)


def write_content_type(descriptor: int, path: str, content_type: str) -> None:
    """Write the content type of the open file that will be at ``path``, unless its name says the same."""
    if content_type and content_type != guess_content_type(path):
        # Some file systems have no attributes: the content type comes from the name there.
        with contextlib.suppress(OSError):
            os.setxattr(descriptor, _ATTRIBUTE, content_type.encode())
