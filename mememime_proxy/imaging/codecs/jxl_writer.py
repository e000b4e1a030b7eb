"""JPEG XL: a finished image, its colours and its metadata handed to libjxl."""

from __future__ import annotations

import pyvips

from mememime_proxy.errors import UnsupportedFormatError
from mememime_proxy.imaging.codecs import libjxl
from mememime_proxy.imaging.color.result_tags import hdr_code_points
from mememime_proxy.imaging.color.working_space import GREY, profile
from mememime_proxy.imaging.metadata import KEEP_EXIF, KEEP_ICC, KEEP_XMP, blob_of, set_blob

_EXIF_FIELD, _XMP_FIELD, _ORIENTATION = "exif-data", "xmp-data", "orientation"
_EXIF_ID = b"Exif\0\0"
_APP1 = b"\xff\xe1"
_FORMATS = ("uchar", "ushort")


def write_jxl(image: pyvips.Image, *, distance: float, effort: int, keep: int) -> bytes:
    """Return the image as JPEG XL; ``keep`` are libvips' flags for metadata. Raises pyvips.Error.

    Raises UnsupportedFormatError for what libjxl cannot write.
    """
    if image.format not in _FORMATS:
        image = image.colourspace("b-w" if image.interpretation in GREY else "srgb")
    hdr = hdr_code_points(image)
    picture = libjxl.ToEncode(
        pixels=image.write_to_memory(),
        width=image.width,
        height=image.height,
        bands=image.bands,
        sixteen=image.format == "ushort",
        distance=distance,
        effort=effort,
        hdr=hdr,
        icc=profile(image) if keep & KEEP_ICC and hdr is None else None,
        exif=_exif(image) if keep & KEEP_EXIF else None,
        xmp=blob_of(image, _XMP_FIELD) if keep & KEEP_XMP else None,
    )
    try:
        return libjxl.encode(picture)
    except libjxl.LibjxlError as error:
        raise UnsupportedFormatError(f"libjxl cannot write {image.bands} channels of {image.format}") from error


def _exif(image: pyvips.Image) -> bytes | None:
    """Return the EXIF block as libvips' encoders write it, from its fields, which steps have changed; no thumbnail."""
    fields = [name for name in image.get_fields() if name.startswith("exif-") and name != _EXIF_FIELD]
    if not fields:
        return None
    carrier = pyvips.Image.black(1, 1).copy(xres=image.xres, yres=image.yres)
    block = blob_of(image, _EXIF_FIELD)
    if block is not None:
        set_blob(carrier, _EXIF_FIELD, block)
    for name in [name for name in carrier.get_fields() if name.startswith("exif-ifd") and name not in fields]:
        carrier.remove(name)
    if carrier.get_typeof(_ORIENTATION) and not image.get_typeof(_ORIENTATION):
        carrier.remove(_ORIENTATION)  # it was applied to the pixels
    for name in fields:
        carrier.set_type(pyvips.GValue.gstr_type, name, image.get(name))
    jpeg: bytes = pyvips.Operation.call("jpegsave_buffer", carrier, keep=KEEP_EXIF)
    at = jpeg.find(_APP1)
    length = int.from_bytes(jpeg[at + 2 : at + 4], "big")
    written = jpeg[at + 4 : at + 2 + length]
    return written.removeprefix(_EXIF_ID) if at >= 0 and written.startswith(_EXIF_ID) else None
