"""Originals that other libraries than libvips decode: AVIF, HEIC, JPEG XL.

Their pixels are handed to libvips as memory that it does not copy. Everything here decodes the whole picture at once;
the gate has seen to it that this is not too much, and no picture may be larger than the gate was told.
"""

from __future__ import annotations

import importlib
import io
import os
import struct
from collections.abc import Callable
from typing import Any

import pyvips
from PIL import _avif

from mememime_proxy.errors import BrokenImageError
from mememime_proxy.formats import FORMATS
from mememime_proxy.geometry.geometry import Rotation
from mememime_proxy.imaging.codecs import libjxl
from mememime_proxy.imaging.color.icc import profile_for
from mememime_proxy.imaging.gate.exif import EXIF_ID, ExifBudget
from mememime_proxy.imaging.gate.header import Buffer, ImageHeader
from mememime_proxy.imaging.metadata import set_blob
from mememime_proxy.imaging.orientation import rotate_upright

BANDS = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4, "RGBa": 4}
"""Channels by Pillow's mode."""
_PREMULTIPLIED = "RGBa"
FAILURES = (OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, struct.error, RuntimeError)
"""What Python's decoders raise about broken input."""

_ORIENTATION = ("exif-ifd0-Orientation", "orientation")


def preload() -> None:
    """Import the optional libraries that are installed, so that a sandboxed worker need not. Starts no thread."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy would start a thread for every core
    for format_ in FORMATS.values():
        if format_.module and format_.readable:
            importlib.import_module(format_.module)
            if format_.name == "jxl":
                libjxl.library()


def from_memory(pixels: Buffer, width: int, height: int, bands: int, *, sixteen: bool = False) -> pyvips.Image:
    """Return the image whose samples are in ``pixels``, which it references and does not copy.

    It belongs to the caller.
    """
    image: pyvips.Image = pyvips.Image.new_from_memory(
        memoryview(pixels), width, height, bands, "ushort" if sixteen else "uchar"
    )
    space = ("grey16" if sixteen else "b-w") if bands < 3 else ("rgb16" if sixteen else "srgb")
    return image.copy(interpretation=space)


def check_size(width: int, height: int, header: ImageHeader) -> None:
    """Raise BrokenImageError for a picture with more pixels than its header, which was checked against the limits."""
    full_width, full_height = header.width, header.height
    if header.aperture:
        full_width, full_height = header.aperture.full_width, header.aperture.full_height
    if not 0 < width * height <= full_width * full_height:
        raise BrokenImageError(f"{header.format} of {width}×{height} pixels that claims {full_width}×{full_height}")


def visible(image: pyvips.Image, header: ImageHeader) -> pyvips.Image:
    """Return the part of a rotated AVIF or HEIC picture that is in its clean aperture."""
    area = header.aperture
    if area is None or (image.width, image.height) != (area.full_width, area.full_height):
        return image
    return image.crop(area.left, area.top, area.width, area.height)


def attach(image: pyvips.Image, *, icc: bytes | None, exif: bytes | None, xmp: bytes | None) -> None:
    """Give a fresh image its metadata as libvips' own loaders would; the orientation is left out: it is applied.

    EXIF that libvips would take long to read is left out as well.
    """
    if icc:
        set_blob(image, "icc-profile-data", icc)
    if xmp:
        set_blob(image, "xmp-data", xmp)
    if exif and ExifBudget().allows(memoryview(exif)):
        block = exif if exif.startswith(EXIF_ID) else EXIF_ID + exif
        set_blob(image, "exif-data", block)
        for name in _ORIENTATION:  # libvips has read the block and found its tags
            image.remove(name)


def avif(data: Buffer, header: ImageHeader) -> pyvips.Image:
    """Return the first picture of an AVIF file, 8 bits a channel, rotated and mirrored by its container (irot, imir).

    The EXIF orientation is ignored in AVIF (MIAF, ISO/IEC 23000-22, 7.3.10). Decoded by dav1d, in the
    extension behind Pillow's AVIF plugin: the plugin itself would copy the pixels twice, a third of all the time.
    """
    try:
        decoder = _avif.AvifDecoder(bytes(data), "auto", 1)
        (width, height), _, mode, icc, exif, orientation, xmp = decoder.get_info()
        check_size(width, height, header)
        pixels = decoder.get_frame(0)[0]
    except FAILURES as error:
        raise BrokenImageError(f"AVIF: {error}") from error
    image = from_memory(pixels, width, height, BANDS[mode])
    attach(image, icc=icc, exif=exif, xmp=xmp)
    return visible(rotate_upright(image, Rotation.from_orientation(orientation)), header)


def heic(data: Buffer, header: ImageHeader, *, deep: bool) -> pyvips.Image:
    """Return the primary picture of a HEIC file, rotated as the container asks; up to 16 bits a channel if ``deep``."""
    pi_heif: Any = importlib.import_module("pi_heif")
    pi_heif.options.DECODE_THREADS = 1
    pi_heif.options.THUMBNAILS = pi_heif.options.DEPTH_IMAGES = pi_heif.options.AUX_IMAGES = False
    try:
        heif_file = pi_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=not deep)
        width, height = heif_file.size
        check_size(width, height, header)
        mode, _, depth = heif_file.mode.partition(";")
        bands, sixteen = BANDS[mode], bool(depth)
        line = width * bands * (2 if sixteen else 1)
        lines, stride = memoryview(heif_file.data), heif_file.stride
        # a copy, because the memory is gone with ``opened``
        pixels = b"".join(lines[at : at + line] for at in range(0, height * stride, stride))
    except FAILURES as error:
        raise BrokenImageError(f"HEIC: {error}") from error
    image = from_memory(pixels, width, height, bands, sixteen=sixteen)
    if mode == _PREMULTIPLIED:
        image = image.unpremultiply().rint().cast(image.format).copy(interpretation=image.interpretation)
    info = heif_file.info
    attach(image, icc=info.get("icc_profile"), exif=info.get("exif"), xmp=info.get("xmp"))
    return visible(image, header)


def jxl(data: Buffer, header: ImageHeader, *, deep: bool) -> pyvips.Image:
    """Return the first picture of a JPEG XL file, set upright by its decoder, its colours not multiplied by alpha.

    16 bits a channel are kept if ``deep``, or where fewer are too coarse for its colour encoding.
    """
    try:
        decoded = libjxl.decode(bytes(data), max_pixels=header.width * header.height, deep=deep)
    except (*FAILURES, libjxl.LibjxlError) as error:
        raise BrokenImageError(f"JPEG XL: {error}") from error
    bands, icc = decoded.bands, decoded.icc
    image = from_memory(decoded.pixels, decoded.width, decoded.height, bands, sixteen=decoded.sixteen)
    if decoded.color is not None and not decoded.color.srgb:
        icc = profile_for(decoded.color, grey=bands < 3)
    attach(image, icc=icc, exif=decoded.exif, xmp=decoded.xmp)
    return image


Decoder = Callable[..., pyvips.Image]
DECODERS: dict[str, Decoder] = {"heic": heic, "jxl": jxl}
"""By format: a function of data, header and ``deep``, whether more than 8 bits a channel are wanted."""
