"""When a photograph was taken, as its EXIF says; of the picture only the head is read."""

from __future__ import annotations

import contextlib
import struct
import threading
import warnings
from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO

from PIL import ExifTags, ImageFile, JpegImagePlugin, PngImagePlugin, TiffImagePlugin

_TAGS = (ExifTags.Base.DateTimeOriginal, ExifTags.Base.DateTimeDigitized, ExifTags.Base.DateTime)
# The classes, not Image.open: what it says of large pictures does not matter to who reads a date.
_KINDS: tuple[tuple[bytes, type[ImageFile.ImageFile]], ...] = (
    (b"\xff\xd8", JpegImagePlugin.JpegImageFile),
    (b"\x89PNG", PngImagePlugin.PngImageFile),
    (b"II*\0", TiffImagePlugin.TiffImageFile),
    (b"MM\0*", TiffImagePlugin.TiffImageFile),
)
_ONE = threading.Lock()
_BROKEN = (SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError, OSError, struct.error)
"""What Pillow raises for a file that is not what it begins as."""


def taken(file: BinaryIO) -> datetime | None:
    """The camera's own time, without a zone; None where the file is no JPEG, PNG or TIFF or does not say. Blocks."""
    start = file.read(4)
    file.seek(0)
    kind = next((kind for magic, kind in _KINDS if start.startswith(magic)), None)
    if kind is None:
        return None
    with _quiet(), contextlib.suppress(*_BROKEN), contextlib.closing(kind(file)) as picture:
        exif = picture.getexif()
        inner = exif.get_ifd(ExifTags.IFD.Exif)
        for tag in _TAGS:
            text = str(inner.get(tag) or exif.get(tag) or "").strip("\0 ")
            with contextlib.suppress(ValueError):
                return datetime.strptime(text, "%Y:%m:%d %H:%M:%S")
    return None


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without what Pillow says of damaged metadata; filters are the whole process's, so that one thread reads at a
    time."""
    with _ONE, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
