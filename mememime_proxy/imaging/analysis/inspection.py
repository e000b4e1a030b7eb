"""Inspection: all of an original is decoded, every frame to its last pixel, and its facts are reported."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import Any, Final

import pyvips

from mememime_proxy.asset_facts import AssetFacts
from mememime_proxy.cost import Approve, approve_any
from mememime_proxy.errors import BrokenImageError, LimitError
from mememime_proxy.formats import FORMATS
from mememime_proxy.imaging.analysis.decoding import decode_all
from mememime_proxy.imaging.analysis.placeholders import blurhash, dominant_color, fingerprint, thumbhash
from mememime_proxy.imaging.animation import Timing
from mememime_proxy.imaging.codecs.frames.avif import decode_all as decode_frames
from mememime_proxy.imaging.codecs.load import OriginalImage, open_original
from mememime_proxy.imaging.cost.estimate import estimate_decoding
from mememime_proxy.imaging.damage.verification import verify
from mememime_proxy.imaging.gate.header import Buffer
from mememime_proxy.imaging.image_fields import field
from mememime_proxy.imaging.results import check_size, upright_size
from mememime_proxy.imaging.vips_errors import reported_damage, run_job
from mememime_proxy.plan import ImageLimits, RenderConfig

_EXTRANEOUS: Final = "extraneous"
"""In libjpeg's words for bytes that it skipped: between the scans of a progressive JPEG they are the rest of one, in
the head of another one they are padding.
"""
_MAX_FRAMES: Final = 1000
"""Frames of an animation that are inspected; the limits for plans may be lower."""
_ANIMATED: Final = 10
"""Times the limit of a picture that all frames of an animation may have in pixels."""
_DEEP: Final = frozenset({"avif", "heic", "jxl", "tiff"})
"""Formats of which loaders hand over fewer bits than there are."""
_DEPTHS: Final = {"uchar": 8, "char": 8, "ushort": 16, "short": 16, "float": 32, "double": 64}
_EXIF: Final = {
    "exif-ifd0-Make": "make",
    "exif-ifd0-Model": "model",
    "exif-ifd2-LensModel": "lens",
    "exif-ifd2-DateTimeOriginal": "taken",
    "exif-ifd2-ExposureTime": "exposure_time",
    "exif-ifd2-FNumber": "f_number",
    "exif-ifd2-ISOSpeedRatings": "iso",
    "exif-ifd2-FocalLength": "focal_length",
}
"""What is safe to keep: how a picture was taken, not where, by whom, or with which copy of a camera."""
_TAIL: Final = re.compile(r", (?P<kind>[A-Za-z ]+), \d+ components?, \d+ bytes?\)\Z")
"""End of libvips' text for an EXIF value, after the value and its readable form in parentheses."""
_NUMBERS: Final = frozenset({"exposure_time", "f_number", "iso", "focal_length"})
_MAX_TEXT: Final = 200


def inspect(data: Buffer, limits: ImageLimits, config: RenderConfig, approve: Approve = approve_any) -> AssetFacts:
    """Return the facts of an original after all of it was decoded.

    ``approve`` is called with the estimate of its cost before a pixel is decoded.
    Every part of it is there: what a proxy would show of a damaged original is refused here.

    Raises ImageError where it cannot be decoded or is over the limits.
    """
    return run_job(partial(_inspect, data, limits, config, approve))


def _inspect(data: Buffer, limits: ImageLimits, config: RenderConfig, approve: Approve) -> AssetFacts:
    allowed = max(limits.max_animation_frames, _MAX_FRAMES)
    original = open_original(data, replace(limits, max_animation_frames=allowed), config)
    header = original.header
    if not original.vector:
        check_size(header.width, header.height, 1, limits)
    if header.animated:
        _check_frames(original, allowed, limits)
    approve(estimate_decoding(header, len(memoryview(data))))
    verify(data, header)
    duration = 0
    if header.animated and header.format == "avif":
        duration = decode_frames(original.data, header)
    elif header.animated:
        stacked = original.load(pages=header.pages)
        duration = sum(Timing.of(stacked, header.pages).delays)
        # A mean of all pixels, so that all are decoded; they stream through, and are not kept.
        stacked.avg()
    image, small = decode_all(original)
    if header.format == "jpeg" and (report := reported_damage()) and (header.progressive or _EXTRANEOUS not in report):
        raise BrokenImageError(report)
    pixels = small.pixels()
    width, height = (image.width, image.height) if original.vector else upright_size(original)
    return AssetFacts(
        media_type=FORMATS[header.format].mime,
        format=header.format,
        width=width,
        height=height,
        orientation=header.orientation,
        frames=header.pages,
        duration_ms=duration,
        color_space=str(image.interpretation),
        has_alpha=bool(image.hasalpha()),
        depth=max(_DEPTHS.get(str(image.format), 8), header.bit_depth if header.format in _DEEP else 8),
        dominant_color=dominant_color(pixels),
        blurhash=blurhash(pixels),
        thumbhash=thumbhash(pixels),
        phash=fingerprint(small.brightness()),
        exif=_exif(image),
        saliency=small.saliency(),
        palette=small.palette(),
        histogram=small.histogram(),
    )


def _check_frames(original: OriginalImage, allowed: int, limits: ImageLimits) -> None:
    header = original.header
    if header.pages > allowed:
        raise LimitError(f"more than {allowed} frames")
    check_size(header.width, header.height, header.pages, replace(limits, max_src_resolution=0))
    pixels = header.width * header.height * header.pages
    if 0 < _ANIMATED * limits.max_src_resolution < pixels:
        raise LimitError(f"{pixels} pixels in all frames are more than {_ANIMATED} × {limits.max_src_resolution}")


def _exif(image: pyvips.Image) -> dict[str, str | int | float]:
    exif: dict[str, str | int | float] = {}
    for name, key in _EXIF.items():
        text = str(field(image, name, ""))
        tail = _TAIL.search(text)
        if tail is None:
            continue
        value_text = text[: tail.start()]
        value: Any = _number(value_text.partition(" (")[0]) if key in _NUMBERS else _text(value_text, tail["kind"])
        if value not in {None, ""}:
            exif[key] = value
    return exif


def _text(value_text: str, kind: str) -> str:
    """Return a text, of which libvips says ``text (text``; '' for what is none."""
    half = len(value_text) // 2 - 1
    if kind != "ASCII" or value_text != f"{value_text[:half]} ({value_text[:half]}":
        return ""
    return "".join(c for c in value_text[:half] if c.isprintable())[:_MAX_TEXT].strip()


def _number(raw: str) -> Any:
    """``1/100`` or ``200``, as libvips writes rationals and integers; None for what is none."""
    above, _, below = raw.partition("/")
    try:
        value = int(above) / int(below or 1)
    except (ValueError, ZeroDivisionError):
        return None
    return int(value) if value.is_integer() else round(value, 6)
