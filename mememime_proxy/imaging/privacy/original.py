"""Originals without private metadata: the same picture, bit for bit, in a file that tells less."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from mememime_proxy.imaging.privacy import boxes, chunks, exif, jpeg


def _tiff(data: bytes) -> bytes | None:
    file = bytearray(data)
    return bytes(file) if exif.remove_private(file) else None


def _unchanged(data: bytes) -> bytes:
    return data


_BY_FORMAT: Final[dict[str, Callable[[bytes], bytes | None]]] = {
    "jpeg": jpeg.remove_private,
    "png": chunks.remove_from_png,
    "webp": chunks.remove_from_webp,
    "gif": chunks.remove_from_gif,
    "tiff": _tiff,
    "avif": boxes.remove_from_heif,
    "heic": boxes.remove_from_heif,
    "jxl": boxes.remove_from_jxl,
    # Formats without metadata of cameras.
    "bmp": _unchanged,
    "ico": _unchanged,
    "svg": _unchanged,
}


def without_private(data: bytes, name: str) -> bytes | None:
    """Return the original of a format without locations and serial numbers.

    None where its structure cannot be followed to the end, or for another format: then the picture has to be rendered.
    """
    remove = _BY_FORMAT.get(name)
    return None if remove is None else remove(data)
