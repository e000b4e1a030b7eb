"""BMP and ICO, both ways, and PSD: formats that libvips does not support."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pyvips
from PIL import Image as PillowImage
from PIL.IcoImagePlugin import IcoImageFile

from mememime_proxy.errors import BrokenImageError, LimitError
from mememime_proxy.imaging.codecs.bmp import rows, runs
from mememime_proxy.imaging.codecs.external_decoders import check_size
from mememime_proxy.imaging.codecs.palette import png_depth
from mememime_proxy.imaging.codecs.pillow.plugin import decode
from mememime_proxy.imaging.codecs.pillow.psd import read_psd
from mememime_proxy.imaging.gate.bmp import FILE_HEADER_LENGTH, read_bitmap
from mememime_proxy.imaging.gate.header import Buffer, ImageHeader

ICON_SIDE = 256
"""Longest side of an icon in pixels."""

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_DIRECTORY, _ENTRY = struct.Struct("<HHH"), struct.Struct("<BBBBHHII")

PillowImage.MAX_IMAGE_PIXELS = None  # the gate's limits count


def read_bmp(data: Buffer, header: ImageHeader, *, partial: bool = False) -> pyvips.Image:
    """Return the picture of a BMP file; ``partial``: of one that ends too soon what is there, else BrokenImageError.

    It tells of a palette as pictures of libvips' own loaders do.
    """
    view = memoryview(data)
    try:
        (pixels_at,) = struct.unpack_from("<I", view, 10)
        bitmap = read_bitmap(view, FILE_HEADER_LENGTH, pixels_at)
    except struct.error as error:
        raise BrokenImageError("BMP that ends in its header") from error
    check_size(bitmap.width, bitmap.height, header)
    decode_rows = runs.decode if bitmap.runs else rows.decode
    image = decode_rows(view, pixels_at, bitmap, partial=partial)
    if bitmap.colors:
        image = image.copy()
        image.set_type(pyvips.GValue.gint_type, "palette", 1)
        image.set_type(pyvips.GValue.gint_type, "bits-per-sample", png_depth(bitmap.colors))
    return image


def read_ico(data: Buffer, header: ImageHeader) -> pyvips.Image:
    """Return the largest entry of an icon, of equal ones the deepest. Raises BrokenImageError or pyvips.Error."""
    try:
        (_, _, count) = _DIRECTORY.unpack_from(data)
        entries = [_ENTRY.unpack_from(data, _DIRECTORY.size + index * _ENTRY.size) for index in range(count)]
    except struct.error as error:
        raise BrokenImageError("icon that ends in its directory") from error
    if not entries:
        raise BrokenImageError("icon without an entry")
    largest = max(entries, key=lambda entry: ((entry[0] or ICON_SIDE) * (entry[1] or ICON_SIDE), entry[5]))
    length, start = largest[6:]
    entry = bytes(data[start : start + length])
    if len(entry) < length:
        raise BrokenImageError("icon that ends in its largest entry")
    if not entry.startswith(_PNG_SIGNATURE):
        return decode(IcoImageFile, _icon_of(largest, entry, header), header)
    source = pyvips.Source.new_from_memory(entry)
    image: pyvips.Image = pyvips.Operation.call("pngload_source", source, access="sequential", fail_on="error")
    image._references.append(entry)  # libvips holds on to the source, but nothing to the memory behind it
    check_size(image.width, image.height, header)
    return image


def _icon_of(largest: tuple[int, ...], entry: bytes, header: ImageHeader) -> bytes:
    """Return an icon with one bitmap for its only entry; what that one tells of its size counts, not the directory."""
    try:
        width, height = struct.unpack_from("<ii", entry, 4)
    except struct.error as error:
        raise BrokenImageError("icon that ends in its bitmap's header") from error
    height //= 2  # colours and mask lie one above the other
    check_size(width, height, header)
    entry_line = _ENTRY.pack(width % ICON_SIDE, height % ICON_SIDE, *largest[2:7], _DIRECTORY.size + _ENTRY.size)
    return _DIRECTORY.pack(0, 1, 1) + entry_line + entry


DECODERS: dict[str, Callable[..., pyvips.Image]] = {
    "bmp": read_bmp,
    "ico": lambda data, header, **_: read_ico(data, header),
    "psd": lambda data, header, **_: read_psd(data, header),
}
"""By format: a function of data, header and ``partial``."""


def write_ico(image: pyvips.Image) -> bytes:
    """Return an icon of one entry, a PNG of no more than ``ICON_SIDE`` pixels a side, else LimitError."""
    width, height = image.width, image.height
    if max(width, height) > ICON_SIDE:
        raise LimitError(f"an icon of {width}×{height} pixels")
    png: bytes = pyvips.Operation.call("pngsave_buffer", image, keep="none", filter="all")
    start = _DIRECTORY.size + _ENTRY.size
    entry = _ENTRY.pack(width % ICON_SIDE, height % ICON_SIDE, 0, 0, 1, 8 * image.bands, len(png), start)
    return _DIRECTORY.pack(0, 1, 1) + entry + png


_FILE_HEADER, _INFO_HEADER = struct.Struct("<2sIHHI"), struct.Struct("<IiiHHIIiiII4I4s36s12s")
_SHORT_INFO_HEADER = struct.Struct("<IiiHHIIiiII")
_BI_RGB, _BI_BITFIELDS = 0, 3
_BGRA_MASKS = (0x00FF0000, 0x0000FF00, 0x000000FF, 0xFF000000)
_PIXELS_PER_METRE = 2835
"""72 dots per inch."""


def write_bmp(image: pyvips.Image) -> bytes:
    """Return a BMP of 24 bits a pixel, 32 with alpha, 8 in grey.

    Its header is BITMAPV4HEADER, [MS-WMF] 2.2.2.4, the first with alpha, or in grey BITMAPINFOHEADER and a palette.
    """
    if image.bands == 1:
        return _write_grey(image if image.interpretation == "b-w" else image.colourspace("b-w"))
    if image.interpretation != "srgb":
        image = image.colourspace("srgb")
    alpha = image.hasalpha()
    width, height = image.width, image.height
    mode, order, bits = ("RGBA", "BGRA", 32) if alpha else ("RGB", "BGR", 24)
    picture = PillowImage.frombuffer(mode, (width, height), image.write_to_memory(), "raw", mode, 0, 1)
    pixels = picture.tobytes("raw", order, (width * bits // 8 + 3) & ~3, -1)
    start = _FILE_HEADER.size + _INFO_HEADER.size
    info = _INFO_HEADER.pack(
        _INFO_HEADER.size,
        width,
        height,
        1,
        bits,
        _BI_BITFIELDS if alpha else _BI_RGB,
        len(pixels),
        _PIXELS_PER_METRE,
        _PIXELS_PER_METRE,
        0,
        0,
        *(_BGRA_MASKS if alpha else (0, 0, 0, 0)),
        b"BGRs",  # LCS_sRGB; no end points and no gamma are read then
        b"",
        b"",
    )
    return _FILE_HEADER.pack(b"BM", start + len(pixels), 0, 0, start) + info + pixels


def _write_grey(image: pyvips.Image) -> bytes:
    width, height = image.width, image.height
    picture = PillowImage.frombuffer("L", (width, height), image.write_to_memory(), "raw", "L", 0, 1)
    pixels = picture.tobytes("raw", "L", (width + 3) & ~3, -1)
    palette = b"".join(bytes((grey, grey, grey, 0)) for grey in range(256))
    start = _FILE_HEADER.size + _SHORT_INFO_HEADER.size + len(palette)
    info = _SHORT_INFO_HEADER.pack(
        _SHORT_INFO_HEADER.size, width, height, 1, 8, _BI_RGB, len(pixels), _PIXELS_PER_METRE, _PIXELS_PER_METRE, 256, 0
    )
    return _FILE_HEADER.pack(b"BM", start + len(pixels), 0, 0, start) + info + palette + pixels
