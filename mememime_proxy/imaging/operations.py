"""What of libvips a worker uses, and how libvips is set up there."""

from __future__ import annotations

import pyvips
from pyvips.voperation import Introspect

_OPERATIONS = (
    "addalpha",
    "arrayjoin",
    "bandjoin",
    "cast",
    "colourspace",
    "composite2",
    "copy",
    "embed",
    "extract_area",
    "extract_band",
    "find_trim",
    "flatten",
    "flip",
    "gaussblur",
    "getpoint",
    "icc_export",
    "icc_import",
    "icc_transform",
    "linear",
    "premultiply",
    "replicate",
    "resize",
    "rot",
    "sharpen",
    "shrink",
    "smartcrop",
    "unpremultiply",
    "zoom",
    "gifload_buffer",
    "heifload_buffer",
    "jpegload_buffer",
    "pngload_buffer",
    "svgload_buffer",
    "tiffload_buffer",
    "uhdrload_buffer",
    "webpload_buffer",
    "gifsave_buffer",
    "heifsave_buffer",
    "jpegsave_buffer",
    "pngsave_buffer",
    "tiffsave_buffer",
    "uhdrsave_buffer",
    "webpsave_buffer",
)
"""Operations whose arguments are looked up before a worker is forked, so that no request pays for it."""

_LOADERS = ("Heif", "Jpeg", "Nsgif", "Png", "Svg", "Tiff", "Uhdr", "Webp")
"""Decoders that may run; each only from a buffer, none from a file name."""


def prepare() -> None:
    """Set libvips up for a worker; to be called once, before the first render, best before a fork.

    Starts no thread and touches no pixel. Afterwards only the decoders that this package asks for by name can be used,
    an operation is never answered from libvips' cache, and a render uses one core.
    """
    pyvips.cache_set_max(0)
    pyvips.vips_lib.vips_concurrency_set(1)
    for name in _OPERATIONS:
        Introspect.get(name)
    pyvips.operation_block_set("VipsForeignLoad", True)
    for loader in _LOADERS:
        pyvips.operation_block_set(f"VipsForeignLoad{loader}Buffer", False)
