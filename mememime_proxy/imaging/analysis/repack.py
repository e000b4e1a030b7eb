"""The same picture in fewer bytes: JPEG with better tables, PNG with better filters. Not a pixel changes.

Needs the extra ``repack``. What comes out is decoded and held against the original, so that a fault of the packers
costs room and not a picture.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Final

import pyvips

from mememime_proxy.cost import Approve, approve_any
from mememime_proxy.errors import UnsupportedFormatError
from mememime_proxy.imaging.codecs.load import OriginalImage, open_original
from mememime_proxy.imaging.color.working_space import profile
from mememime_proxy.imaging.cost.estimate import estimate_repack
from mememime_proxy.imaging.gate.header import Buffer
from mememime_proxy.imaging.image_fields import field
from mememime_proxy.imaging.picture import orientation
from mememime_proxy.imaging.vips_errors import run_job
from mememime_proxy.plan import ImageLimits, RenderConfig

_PNG_LEVEL: Final = 1
"""Of oxipng's 0 to 6: about 0.3 s of CPU a megapixel; the next needs more than twice that for a thousandth."""

_HEAD: Final = 1 << 20
"""Bytes at the start of a JPEG among which its blocks of metadata are."""


def available() -> bool:
    """Whether the extra is installed."""
    return all(importlib.util.find_spec(name) for name in ("mozjpeg_lossless_optimization", "oxipng"))


def preload() -> None:
    """Import the packers, because a sandboxed worker may be unable to."""
    if available():
        import mozjpeg_lossless_optimization  # noqa: F401, PLC0415
        import oxipng  # noqa: F401, PLC0415


def _jpeg(data: bytes) -> bytes:
    """End the process at coefficients that no JPEG may have: one of the reasons why this runs in a worker."""
    from mozjpeg_lossless_optimization import (  # noqa: PLC0415
        COPY_MARKERS,
        optimize,
    )

    return bytes(optimize(data, copy=COPY_MARKERS.ALL))


def _png(data: bytes) -> bytes:
    import oxipng  # noqa: PLC0415

    # Kinds of pixels stay as they are: a palette in place of colours is a picture that decoders see otherwise.
    return bytes(
        oxipng.optimize_from_memory(
            data,
            level=_PNG_LEVEL,
            bit_depth_reduction=False,
            color_type_reduction=False,
            palette_reduction=False,
            grayscale_reduction=False,
            interlace=None,
        )
    )


def _has_more(original: OriginalImage, data: bytes) -> bool:
    """Whether a file holds more than one picture: packers drop the others."""
    if original.format == "png":
        return b"acTL" in data[: data.find(b"IDAT")]
    # Gain maps, thumbnails for stereo, films: behind the picture's end, most of them listed in an MPF block.
    return original.gain_map or b"MPF\x00" in data[:_HEAD] or not data.endswith(b"\xff\xd9")


_PACKERS: Final[dict[str, Callable[[bytes], bytes]]] = {"jpeg": _jpeg, "png": _png}


def repack(data: Buffer, limits: ImageLimits, config: RenderConfig, approve: Approve = approve_any) -> bytes:
    """Fewer bytes that decode to the same pixels, profile and orientation; empty where there are none.

    ``approve`` is called with the estimate of its cost before the packer begins.
    ImageError for an original that cannot be decoded. UnsupportedFormatError without the extra, or for other formats.
    """
    original = open_original(data, limits, config)
    packer = _PACKERS.get(original.format)
    if packer is None or not available():
        raise UnsupportedFormatError(f"{original.format} cannot be packed again here")
    source_bytes = bytes(data)
    if _has_more(original, source_bytes):
        return b""
    approve(estimate_repack(original.header, len(source_bytes)))
    try:
        packed = packer(source_bytes)
    except Exception as error:
        raise UnsupportedFormatError(f"the packer gave up: {type(error).__name__}") from error
    if len(packed) >= len(source_bytes):
        return b""
    same = run_job(lambda: _same(original.load(), open_original(packed, limits, config).load()))
    return packed if same else b""


def _same(first: pyvips.Image, second: pyvips.Image) -> bool:
    kinds = [
        (image.width, image.height, image.bands, image.format, image.interpretation, orientation(image),
         profile(image), field(image, "exif-data", b""), field(image, "xmp-data", b""))
        for image in (first, second)
    ]  # fmt: skip
    return kinds[0] == kinds[1] and (first - second).abs().max() == 0
