"""What a name says about the content."""

from __future__ import annotations

from mimetypes import MimeTypes

from mememime_proxy.formats import FORMATS, by_name

UNKNOWN = "application/octet-stream"
_EXTENSIONS = {"tif": "tiff", "heif": "heic"} | {kind.extension[1:]: kind.name for kind in FORMATS.values()}
_TYPES = MimeTypes(())


def of_name(path: str) -> str:
    """What a file of this name is on the web, whatever the system's own list says."""
    extension = path.rpartition(".")[2].lower()
    known = by_name(_EXTENSIONS.get(extension, extension))
    return known.mime if known else _TYPES.guess_type(f"x.{extension}")[0] or UNKNOWN
