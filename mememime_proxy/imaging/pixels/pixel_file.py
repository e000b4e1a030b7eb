"""An image of libvips as a memory file: its pixels, what describes them, and the length of that at the end.

All metadata is there, each field with its type and in its order: encoders write some of it.
"""

from __future__ import annotations

import mmap
import os
import struct
from typing import Any, Final

import msgspec
import pyvips

from mememime_proxy.memfd import seal, write_all

_LENGTH: Final = struct.Struct("<Q")
_MAX_FIELDS: Final = 2048
_MAX_DESCRIPTION: Final = 8 << 20
"""Bytes of metadata; images with more are not written."""
_HEADER: Final = frozenset({
    "width", "height", "bands", "format", "coding", "interpretation", "xoffset", "yoffset", "xres", "yres", "filename",
})  # fmt: skip
"""Fields that are no metadata.

The one that says that rows come one after the other stays. By it a resize computes the picture in other parts, and the
parts decide about the last bit of some samples, because positions are added up within each.
"""
_KINDS: Final = (
    pyvips.GValue.gint_type,
    pyvips.GValue.gdouble_type,
    pyvips.GValue.refstr_type,
    pyvips.GValue.blob_type,
    pyvips.GValue.array_int_type,
    pyvips.GValue.array_double_type,
)
"""Types of metadata, by the number that stands for them."""
_BYTES: Final = {"uchar": 1, "char": 1, "ushort": 2, "short": 2, "uint": 4, "int": 4, "float": 4, "double": 8}


class _Description(msgspec.Struct, frozen=True, array_like=True):
    width: int
    height: int
    bands: int
    format: str
    interpretation: str
    resolution: tuple[float, float]
    offset: tuple[int, int]
    fields: list[tuple[str, int, Any]]

    @property
    def size(self) -> int:
        """Bytes of the pixels."""
        return self.width * self.height * self.bands * _BYTES[self.format]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Description).decode


def size_of(image: pyvips.Image) -> int:
    """Return the bytes of an image's pixels; 0 for one that cannot be written."""
    if image.format not in _BYTES or image.get("coding") != "none":
        return 0
    return int(image.width * image.height * image.bands * _BYTES[image.format])


def write(image: pyvips.Image, descriptor: int) -> int:
    """Write an image to an empty memory file, seal it, and return the bytes in it; 0 where that is not possible.

    Raises pyvips.Error where the image cannot be computed, OSError where the file cannot be written.
    """
    description = _describe(image)
    # In a file that is not empty is something of a worker that was lost.
    if description is None or os.fstat(descriptor).st_size:
        return 0
    target = pyvips.Target.new_to_descriptor(descriptor)
    image.rawsave_target(target)
    write_all(descriptor, description + _LENGTH.pack(len(description)))
    seal(descriptor)
    return size_of(image) + len(description) + _LENGTH.size


def open_image(descriptor: int) -> pyvips.Image:
    """Return the image of a sealed memory file, whose pixels are mapped. Raises ValueError where it is none."""
    size = os.fstat(descriptor).st_size
    view = memoryview(mmap.mmap(descriptor, size, flags=mmap.MAP_SHARED, prot=mmap.PROT_READ))
    if size < _LENGTH.size:
        raise ValueError("a memory file of pixels is cut short")
    (length,) = _LENGTH.unpack_from(view, size - _LENGTH.size)
    end = size - _LENGTH.size - length
    description = _decode(view[max(0, end) : size - _LENGTH.size])
    if description.size != end:
        raise ValueError("a memory file of pixels has another size than it says")
    image = pyvips.Image.new_from_memory(
        view[:end], description.width, description.height, description.bands, description.format
    ).copy(
        interpretation=description.interpretation,
        xres=description.resolution[0],
        yres=description.resolution[1],
        xoffset=description.offset[0],
        yoffset=description.offset[1],
    )
    for name, kind, value in description.fields:
        image.set_type(_KINDS[kind], name, value)
    return image


def _describe(image: pyvips.Image) -> bytes | None:
    fields = []
    names = [name for name in image.get_fields() if name not in _HEADER]
    if len(names) > _MAX_FIELDS:
        return None
    for name in names:
        kind = image.get_typeof(name)
        if kind not in _KINDS:
            return None
        try:
            fields.append((name, _KINDS.index(kind), image.get(name)))
        except UnicodeDecodeError:
            return None
    description = _encode(
        _Description(
            image.width,
            image.height,
            image.bands,
            str(image.format),
            str(image.interpretation),
            (image.xres, image.yres),
            (image.xoffset, image.yoffset),
            fields,
        )
    )
    return description if len(description) <= _MAX_DESCRIPTION else None
