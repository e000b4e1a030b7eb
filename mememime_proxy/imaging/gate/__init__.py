"""The header gate: the format and size of an original are checked before any C decoder reads it."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TypeVar

from mememime_proxy.errors import BrokenImageError, LimitError, SourceTooLargeError, UnknownFormatError
from mememime_proxy.formats import FORMATS
from mememime_proxy.formats.sniff import sniff
from mememime_proxy.imaging.gate import bmp, drawing, gif, heif, ico, jpeg, pdf, png, psd, tiff, webp
from mememime_proxy.imaging.gate.header import MAX_ICC_LENGTH, Buffer, ImageHeader
from mememime_proxy.imaging.gate.jxl import header as jxl
from mememime_proxy.plan import ImageLimits, RenderConfig

__all__ = ["MAX_ICC_LENGTH", "Buffer", "ImageHeader", "inspect"]

B = TypeVar("B", bound=Buffer)


def inspect(
    data: B, limits: ImageLimits, config: RenderConfig, style: str = "", page: int = 0
) -> tuple[ImageHeader, B | bytes]:
    """Return the header of an original within the limits, and the bytes to decode.

    Those are ``data`` itself, never a copy, unless it has metadata or frames that would cost too much (then they are
    the same picture without those), it is a drawing (then they are that drawing without entities, and sanitised where
    the operator wants that), or decoders would get the picture wrong (then they are the same pixels, described
    otherwise). Nothing is decoded; time and memory are linear in the bytes, as ``test_linear`` states by format.
    ``max_src_resolution`` is checked for one frame of an animation: the number of frames that are loaded depends on the
    plan.
    ``style``: CSS for a drawing. ``page``: number of the page of a PDF, which the header is about.
    Raises UnknownFormatError, LimitError, PasswordError and BrokenImageError.
    """
    view = memoryview(data)
    if 0 < limits.max_src_file_size < len(view):
        raise SourceTooLargeError(f"{len(view)} bytes are more than {limits.max_src_file_size}")
    name = sniff(view)
    if name is None:
        raise UnknownFormatError("no image format that is known")
    rewritten: bytes | None = None
    try:
        if name == "svg":
            header, rewritten = drawing.read(view, limits, config, inspect, style)
        elif name == "pdf":
            header = pdf.walk(view, _max_pixels(limits), config, page)
        elif name in _MENDED:
            header, rewritten = _MENDED[name](view, limits, config)
        else:
            header = _WALKERS[name](view, limits, config)
    except (struct.error, IndexError) as error:
        raise BrokenImageError(f"{name} that ends too soon") from error
    if not FORMATS[name].vector:
        _check_size(header, limits)
    return header, data if rewritten is None else rewritten


_WALKERS: dict[str, Callable[[memoryview, ImageLimits, RenderConfig], ImageHeader]] = {
    "jxl": lambda data, _, __: jxl.walk(data),
    "tiff": lambda data, limits, config: tiff.walk(data, _max_pixels(limits), unlimited=config.tiff_unlimited),
    "bmp": lambda data, _, __: bmp.walk(data),
    "ico": lambda data, _, __: ico.walk(data),
    "psd": lambda data, _, __: psd.walk(data),
}

_MENDED: dict[str, Callable[[memoryview, ImageLimits, RenderConfig], tuple[ImageHeader, bytes | None]]] = {
    "jpeg": lambda data, _, __: jpeg.walk(data),
    "png": lambda data, limits, _: png.walk(data, _max_frames(limits)),
    "webp": lambda data, limits, _: webp.walk(data, _max_frames(limits)),
    "avif": lambda data, limits, config: heif.walk(
        data, "avif", _max_pixels(limits), _max_frames(limits) if config.avif_animation else 1
    ),
    "gif": lambda data, limits, _: gif.walk(data, _max_frames(limits)),
    "heic": lambda data, limits, _: heif.walk(data, "heic", _max_pixels(limits)),
}
"""Formats whose files may be written otherwise for their decoders, though nothing in them is refused."""


def _max_frames(limits: ImageLimits) -> int:
    return max(1, limits.max_animation_frames)


def _max_pixels(limits: ImageLimits) -> int:
    """Return the pixels that a still picture may have; 0 = any number."""
    return limits.max_src_resolution


def _check_size(header: ImageHeader, limits: ImageLimits) -> None:
    """Refuse an original that no plan may load. Which limit counts for an animation depends on the frames loaded."""
    limit = limits.max_src_resolution
    if header.animated and limits.max_animation_frame_resolution > 0:
        limit = limit and max(limit, limits.max_animation_frame_resolution)
    pixels = header.width * header.height
    if header.stack is not None:
        pixels = max(pixels, header.stack.width * header.stack.height)
    if 0 < limit < pixels:
        raise LimitError(f"{header.width}×{header.height} pixels are more than {limit}")
    if 0 < limit < max(pixels * (1 + header.layers), header.layer_pixels):
        raise LimitError(f"{header.width}×{header.height} pixels in {1 + header.layers} layers are more than {limit}")
