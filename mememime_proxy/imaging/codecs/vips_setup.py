"""The set-up of libvips in a worker, and the operations that it uses."""

from __future__ import annotations

import pyvips
from pyvips.voperation import Introspect

from mememime_proxy.imaging.codecs import external_decoders

_OPERATIONS = (
    "abs",
    "add",
    "addalpha",
    "arrayjoin",
    "avg",
    "bandfold",
    "bandjoin",
    "bandmean",
    "bandunfold",
    "boolean_const",
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
    "hist_cum",
    "hist_find",
    "icc_export",
    "icc_import",
    "icc_transform",
    "ifthenelse",
    "insert",
    "invert",
    "join",
    "linear",
    "maplut",
    "max",
    "premultiply",
    "rank",
    "recomb",
    "replicate",
    "resize",
    "rot",
    "rotate",
    "round",
    "sharpen",
    "shrink",
    "smartcrop",
    "subtract",
    "text",
    "unpremultiply",
    "xyz",
    "zoom",
    "gifload_source",
    "heifload_source",
    "jpegload_source",
    "pngload_source",
    "svgload_source",
    "tiffload_source",
    "uhdrload_source",
    "webpload_source",
    "gifsave_buffer",
    "heifsave_buffer",
    "jpegsave_buffer",
    "pngsave_buffer",
    "rawsave_target",
    "tiffsave_buffer",
    "uhdrsave_buffer",
    "webpsave_buffer",
)
"""Operations whose arguments are looked up before a worker is forked, so that no request pays for it."""

_LOADERS = (
    "HeifSource",
    "JpegSource",
    "NsgifSource",
    "PngSource",
    "SvgSource",
    "TiffSource",
    "UhdrSource",
    "WebpSource",
    "JpegBuffer",  # libvips' own way to a gain map
)
"""Decoders that may run; none of them from a file name."""

_SAVERS = (
    "CgifBuffer",
    "HeifBuffer",
    "JpegBuffer",
    "PngBuffer",
    "TiffBuffer",
    "UhdrBuffer",
    "WebpBuffer",
    "JpegTarget",  # the two pictures of an Ultra HDR JPEG
    "RawTarget",  # pixels for later renders, to a memory file
)
"""Encoders that may run; none of them to a file."""


def prepare() -> None:
    """Set libvips up for a worker; to be called once, before the first render, best before a fork.

    Starts no thread and touches no pixel. Afterwards only the decoders and encoders that this package asks for by name
    can be used, an operation is never answered from libvips' cache, and a render uses one core. Optional decoders are
    imported, because a sandboxed worker may be unable to.
    """
    external_decoders.preload()
    # libvips' threads would send eight unused messages a render to Python's logging. Without that way
    # GLib writes warnings to standard error, and nothing else.
    pyvips._remove_log_handler()
    pyvips.cache_set_max(0)
    pyvips.vips_lib.vips_concurrency_set(1)
    for name in _OPERATIONS:
        Introspect.get(name)
    pyvips.operation_block_set("VipsForeignLoad", True)
    for loader in _LOADERS:
        pyvips.operation_block_set(f"VipsForeignLoad{loader}", False)
    pyvips.operation_block_set("VipsForeignSave", True)
    for saver in _SAVERS:
        pyvips.operation_block_set(f"VipsForeignSave{saver}", False)
