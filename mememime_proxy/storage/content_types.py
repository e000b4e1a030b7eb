"""Content types by file name."""

from __future__ import annotations

from mimetypes import MimeTypes

from mememime_proxy.formats import FORMATS, by_name

UNKNOWN = "application/octet-stream"
_EXTENSIONS = {"tif": "tiff", "heif": "heic"} | {kind.extension[1:]: kind.name for kind in FORMATS.values()}
_TYPES = MimeTypes(())


def guess_content_type(path: str) -> str:
    """Return the media type for the file name's extension, independent of the system's own list."""
    _, dot, extension = path.lower().rpartition(".")
    if not dot or "/" in extension:
        return UNKNOWN
    image_format = by_name(_EXTENSIONS.get(extension, extension))
    return image_format.mime if image_format else _TYPES.guess_type(f"x.{extension}")[0] or UNKNOWN
