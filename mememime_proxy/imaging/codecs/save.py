"""From a finished image to the bytes of a file."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyvips

from mememime_proxy.formats import FORMATS, cannot_write
from mememime_proxy.imaging.codecs.bitmap import write_bmp, write_ico
from mememime_proxy.imaging.codecs.frames import avif as animated_avif
from mememime_proxy.imaging.codecs.frames import stack
from mememime_proxy.imaging.codecs.hdr_tags import avif_with_nclx, png_with_cicp
from mememime_proxy.imaging.codecs.jpeg import jpegli
from mememime_proxy.imaging.codecs.jpeg.gain_map import GAIN_MAP_FIELD
from mememime_proxy.imaging.codecs.jxl_writer import write_jxl
from mememime_proxy.imaging.codecs.palette import MAX_DEPTH, png_depth, with_depth
from mememime_proxy.imaging.codecs.png_writer import write_png
from mememime_proxy.imaging.color.result_tags import hdr_code_points
from mememime_proxy.imaging.color.working_space import ICC_FIELD, without_profile
from mememime_proxy.imaging.image_fields import PAGE_HEIGHT_FIELD, field
from mememime_proxy.imaging.metadata import KEEP_ICC, blob_of, keep_flags
from mememime_proxy.imaging.pdf.writer import page_of_jpeg
from mememime_proxy.plan import Plan, RenderConfig


@dataclass(frozen=True, slots=True)
class _Order:
    """How one image is to be written."""

    quality: int
    plan: Plan
    config: RenderConfig


def save(
    image: pyvips.Image,
    format: str,  # noqa: A002
    *,
    quality: int,
    plan: Plan,
    config: RenderConfig,
) -> bytes:
    """Return the image as a file of the given format, written with the operator's encoder settings.

    ``quality``: 1–100, for formats that have one. Of the metadata only what the plan keeps is written.
    Raises UnsupportedFormatError where this installation has no encoder, LimitError for an icon that is too large,
    else pyvips.Error.
    """
    if format not in _SAVERS or not FORMATS[format].writable:
        raise cannot_write(format)
    return _SAVERS[format](image, _Order(quality, plan, config))


def _call(name: str, image: pyvips.Image, order: _Order, **options: Any) -> bytes:
    body: bytes = pyvips.Operation.call(name, image, keep=keep_flags(image, order.plan), **options)
    return body


_APP0 = b"\xff\xe0"
_YCBCR = 3
"""Channels of a JPEG in colour that JFIF is about."""


def _jpeg(image: pyvips.Image, order: _Order) -> bytes:
    if order.plan.preserve_hdr and image.get_typeof(GAIN_MAP_FIELD):
        return _call("uhdrsave_buffer", image, order, Q=order.quality)  # jpegsave knows gain maps in encoded form only
    config = order.config
    if config.jpeg_encoder == "jpegli" and image.bands in jpegli.BANDS:
        body = jpegli.write(
            image,
            quality=order.quality,
            progressive=config.jpeg_progressive,
            full_color=config.jpeg_no_subsample,
            keep=keep_flags(image, order.plan),
        )
        return _with_density(body, order.plan.saving.dpi)
    options: dict[str, Any] = {"interlace": True} if config.jpeg_progressive else {}
    options |= {"subsample_mode": "off"} if config.jpeg_no_subsample else {}
    options |= {"trellis_quant": True} if config.jpeg_trellis_quant else {}
    options |= {"overshoot_deringing": True} if config.jpeg_overshoot_deringing else {}
    options |= {"optimize_scans": True} if config.jpeg_optimize_scans and config.jpeg_progressive else {}
    options |= {"quant_table": config.jpeg_quant_table} if config.jpeg_quant_table else {}
    body = _call("jpegsave_buffer", image, order, Q=order.quality, optimize_coding=True, **options)
    return _with_density(body, order.plan.saving.dpi) if image.bands <= _YCBCR else body


def _pdf(image: pyvips.Image, order: _Order) -> bytes:
    """Return a document of one page. The profile is told by the page: readers do not look for one in the JPEG."""
    icc = blob_of(image, ICC_FIELD) if keep_flags(image, order.plan) & KEEP_ICC else None
    return page_of_jpeg(
        _jpeg(without_profile(image), order),
        image.width,
        image.height,
        channels=image.bands - image.hasalpha(),
        dpi=order.plan.saving.dpi or order.config.strip_metadata_dpi,
        icc=icc,
    )


def _with_density(jpeg: bytes, dpi: float) -> bytes:
    """Return a JPEG that claims this resolution: libvips writes it into EXIF alone. JFIF 1.02, APP0; 0 = as it is."""
    if not dpi or jpeg[2:4] == _APP0:
        return jpeg
    density = round(dpi)
    segment = struct.pack(">2sH5sHBHHBB", _APP0, 16, b"JFIF\0", 0x0102, 1, density, density, 0, 0)
    return b"".join((jpeg[:2], segment, memoryview(jpeg)[2:]))


def _png(image: pyvips.Image, order: _Order) -> bytes:
    if order.plan.as_stack:
        return stack.write(image, keep=keep_flags(image, order.plan))
    if order.config.png_quantize:
        depth = png_depth(order.config.png_quantization_colors)
    else:
        image, depth = with_depth(image, order.plan)
    options: dict[str, Any] = {"interlace": True} if order.config.png_interlaced else {}
    if depth:
        depth = png_depth(1 << depth)
        options |= {"palette": True, "bitdepth": depth, "effort": order.config.palette_effort, "filter": "none"}
    else:
        options["filter"] = "all"
    png = write_png(image, keep=keep_flags(image, order.plan), **options)
    hdr = hdr_code_points(image)
    return png if hdr is None else png_with_cicp(png, hdr)


_VP8X_FLAGS_AT, _WEBP_ANIMATION, _WEBP_ALPHA = 20, 0x02, 0x10
"""Place of a VP8X chunk's flags, and two of them; RFC 9649, 2.7.1."""


def _webp(image: pyvips.Image, order: _Order) -> bytes:
    body = _call(
        "webpsave_buffer",
        image,
        order,
        Q=order.quality,
        effort=order.config.webp_effort,
        preset=order.config.webp_preset,
        **({} if order.config.webp_compression == "lossy" else {order.config.webp_compression: True}),
        **({"smart_subsample": True} if order.config.webp_smart_subsample else {}),
    )
    flags = body[_VP8X_FLAGS_AT]
    if not (image.hasalpha() and body[12:16] == b"VP8X" and flags & _WEBP_ANIMATION) or flags & _WEBP_ALPHA:
        return body
    # Frames that are opaque by themselves may leave gaps when they are disposed of: libwebp does not tell decoders.
    return b"".join((body[:_VP8X_FLAGS_AT], bytes([flags | _WEBP_ALPHA]), memoryview(body)[_VP8X_FLAGS_AT + 1 :]))


def _gif(image: pyvips.Image, order: _Order) -> bytes:
    image, depth = with_depth(image, order.plan)
    return _call("gifsave_buffer", image, order, bitdepth=depth or MAX_DEPTH, effort=order.config.palette_effort)


def _avif(image: pyvips.Image, order: _Order) -> bytes:
    subsample = order.config.avif_subsample
    if field(image, PAGE_HEIGHT_FIELD, image.height) < image.height:
        keep = keep_flags(image, order.plan)
        return animated_avif.write(
            image, quality=order.quality, speed=order.config.avif_speed, keep=keep, subsample=subsample
        )
    avif = _call(
        "heifsave_buffer",
        image,
        order,
        compression="av1",
        Q=order.quality,
        effort=9 - order.config.avif_speed,
        **({} if subsample == "auto" else {"subsample_mode": subsample}),
    )
    hdr = hdr_code_points(image)
    return avif if hdr is None else avif_with_nclx(avif, hdr)


def _tiff(image: pyvips.Image, order: _Order) -> bytes:
    keep = keep_flags(image, order.plan)
    if hdr_code_points(image):  # only a profile, which HDR has here, can say it in TIFF
        keep |= KEEP_ICC
    body: bytes = pyvips.Operation.call("tiffsave_buffer", image, keep=keep, Q=order.quality)
    return body


def jxl_distance(quality: int) -> float:
    """libjxl's distance for a quality as of JPEG: 0 lossless, 1 hardly visible, 25 worst.

    libjxl, ``JxlEncoderDistanceFromQuality``.
    """
    if quality >= 100:
        return 0.0
    if quality >= 30:
        return 0.1 + (100 - quality) * 0.09
    return 53 / 3000 * quality * quality - 23 / 20 * quality + 25


def _jxl(image: pyvips.Image, order: _Order) -> bytes:
    return write_jxl(
        image,
        distance=jxl_distance(order.quality),
        effort=order.config.jxl_effort,
        keep=keep_flags(image, order.plan),
    )


def _ico(image: pyvips.Image, order: _Order) -> bytes:
    return write_ico(image)


def _bmp(image: pyvips.Image, order: _Order) -> bytes:
    return write_bmp(image)


_SAVERS: dict[str, Callable[[pyvips.Image, _Order], bytes]] = {
    "jpeg": _jpeg,
    "png": _png,
    "webp": _webp,
    "gif": _gif,
    "avif": _avif,
    "jxl": _jxl,
    "tiff": _tiff,
    "ico": _ico,
    "bmp": _bmp,
    "pdf": _pdf,
}
