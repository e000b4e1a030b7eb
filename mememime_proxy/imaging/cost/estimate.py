"""The cost of a render, an inspection and a repack. No pixel is decoded; a call takes some ten microseconds.

A job goes through a decoder, operations and an encoder, whose records are in ``decoders``, ``operations`` and
``encoders``. Times and memory add up: what one of them has given back by the time when the next one begins is not
subtracted, so that memory is an upper bound.
"""

from __future__ import annotations

from typing import Final

from mememime_proxy.cost import Cost, JobClass, classify
from mememime_proxy.formats import FORMATS
from mememime_proxy.geometry.geometry import Geometry, calculate, result_size
from mememime_proxy.geometry.load_shrink import load_shrink
from mememime_proxy.geometry.numbers import min_nonzero
from mememime_proxy.imaging.codecs import selection
from mememime_proxy.imaging.cost.decoders import noise, output_bytes
from mememime_proxy.imaging.cost.encoders import ENCODERS, effort_of, encoder_name
from mememime_proxy.imaging.cost.filters import add_filters
from mememime_proxy.imaging.cost.work import BASE_SECONDS, Work
from mememime_proxy.imaging.gate.header import ImageHeader
from mememime_proxy.plan import GravityType, Plan, RenderConfig

_MODERN: Final = frozenset({"avif", "heic", "jxl"})
_ROWS: Final = 20
"""Rows of a result that are computed at a time, and some: so many times the reduction are held in front of a resize."""
_RESULT: Final = 128 << 10
"""Bytes of a result beside its pixels, texts of authors and rights among them."""
_MAX_METADATA: Final = 4 << 20
"""Bytes of a profile, inflated, or of other blocks of the original, that may be part of a result."""
_CONVERSION: Final = 0.03
"""Seconds of a conversion from CMYK of any size: tables are made of its profile."""
_SMART_CROP: Final = 0.005
"""Seconds of a smart crop of any size: libvips builds forty operations for it."""
_PALETTES: Final = frozenset({"png", "gif"})
_MOST_TRIES: Final = 12
"""Encodings of one picture in a search for a size in bytes."""


def estimate_render(
    header: ImageHeader,
    size: int,
    plan: Plan,
    config: RenderConfig,
    name: str,
    frames: int,
    geometry: Geometry,
    watermark: ImageHeader | None = None,
    *,
    is_decoded: bool = False,
) -> Cost:
    """Return the cost of a render.

    ``size``: bytes of the original; ``name``: the format that is written; ``watermark``: the operator's, where there is
    one. ``is_decoded``: the pixels are there already.
    """
    work = Work()
    bands, depth = output_bytes(header)
    sample = max(depth, 2 if plan.preserve_hdr and FORMATS[name].hdr and header.bit_depth > 8 else 1)
    shrink = _shrink_on_load(header, plan, config, geometry, frames)
    pixels = header.width * header.height
    loaded = pixels / (shrink * shrink)
    if FORMATS[header.format].vector:
        pixels, loaded = 0, geometry.source_width * geometry.source_height / (shrink * shrink)
    if not is_decoded:
        work.decode(header, size, pixels, loaded, frames)
    # All frames of an AVIF and of a stack are decoded before the first one is rendered.
    in_memory = frames > 1 and header.format in ("avif", "png")
    work.memory += pixels * bands * depth * frames * in_memory
    if header.bands == 4 and header.alpha is False:
        work.add("conversion", loaded * frames * bands)
        work.seconds_fixed += _CONVERSION
    if depth > 1:
        work.add("depth", loaded * frames * bands)
    if plan.trim is not None and frames == 1:
        work.add("trim", loaded * bands, held=depth)
    left = _crop(work, plan, geometry, loaded, bands * frames, sample)
    left = _scale(work, header, config, geometry, left, bands * frames, sample, shrink)
    if not geometry.upright or plan.rotate or plan.flip_horizontal or plan.flip_vertical:
        work.add("rotate", left * bands * frames, held=sample)
    left = _crop_to_result(work, plan, geometry, left, bands * frames, sample)
    add_filters(work, plan, left, max(3, bands) * frames, sample, geometry, alpha=header.alpha is not False)
    width, height = result_size(geometry, plan)
    pixels = width * height * frames
    if pixels > left * frames:
        bands = max(bands, 4)
        work.add("canvas", pixels * bands)
    if header.icc is not False or header.color is not None:
        work.add("colours", pixels * bands)
    if header.color is not None and header.color.needs_depth:
        work.add("tone mapping", loaded * frames * bands)
    if watermark is not None and plan.watermark is not None:
        bands = max(bands, 3)
        _watermark(work, watermark, plan, width, height, frames)
    if frames > 1:
        work.add("stack", pixels * bands, held=sample)
    if plan.preserve_hdr and header.gain_map:
        work.add("gain map", (loaded + pixels) * 3)
    resized = geometry.width_scale != 1 or geometry.height_scale != 1
    new_colors = resized or plan.blur or plan.sharpen or plan.watermark is not None or plan.effects.is_filter
    limited = header.palette and name in _PALETTES and not new_colors
    detail = 0.0 if limited else noise(header, size, header.pages)
    result = _encode(work, header, size, plan, config, name, frames, detail, pixels, bands * sample)
    return classify(_kind(header, name, frames), work.seconds, work.bytes, result)


def _shrink_on_load(header: ImageHeader, plan: Plan, config: RenderConfig, geometry: Geometry, frames: int) -> float:
    """Return how many times smaller the decoder hands the picture over; see ``steps.scale_on_load``."""
    if plan.trim is not None or frames > 1:
        return 1.0
    return geometry.preshrink() if FORMATS[header.format].vector else load_shrink(header.format, geometry, plan, config)


def _crop(work: Work, plan: Plan, geometry: Geometry, loaded: float, bands: float, sample: int) -> float:
    """Add the crop in front of the scaling; return the pixels that are left of a frame."""
    if not geometry.crop_width and not geometry.crop_height:
        return loaded
    if geometry.crop_gravity.type is GravityType.SMART:
        _smart(work, loaded * bands, sample)
    across = min_nonzero(geometry.crop_width, geometry.source_width) / geometry.source_width
    down = min_nonzero(geometry.crop_height, geometry.source_height) / geometry.source_height
    return loaded * across * down


def _scale(
    work: Work,
    header: ImageHeader,
    config: RenderConfig,
    geometry: Geometry,
    left: float,
    bands: float,
    sample: int,
    shrink: float,
) -> float:
    """Add the scaling; return the pixels that a frame has after it."""
    scaled = geometry.scaled_width * geometry.scaled_height
    if geometry.width_scale == 1 and geometry.height_scale == 1:
        return scaled
    work.add("resize, each pixel before", left * bands)
    work.add("resize, each pixel after", scaled * bands)
    if header.alpha is not False:
        work.add("transparency", (left + scaled) * bands)
    if config.use_linear_colorspace:
        work.add("linear light", (left + scaled) * bands, held=1.5)
    horizontal, vertical = geometry.stored_scale()
    rows = _ROWS / max(vertical * shrink, 1e-9)
    across = header.width / shrink * max(1.0, horizontal * shrink)
    sample = 4 if config.use_linear_colorspace else sample
    work.memory += min(left * max(1.0, horizontal * shrink), across * rows) * bands * sample
    return scaled


def _crop_to_result(work: Work, plan: Plan, geometry: Geometry, left: float, bands: float, sample: int) -> float:
    """Add the crop to the plan's box; return the pixels that are left of a frame."""
    width = min_nonzero(geometry.result_crop_width, geometry.scaled_width)
    height = min_nonzero(geometry.result_crop_height, geometry.scaled_height)
    if width >= geometry.scaled_width and height >= geometry.scaled_height:
        return left
    if plan.gravity.type is GravityType.SMART:
        _smart(work, left * bands, sample)
    return min(width, geometry.scaled_width) * min(height, geometry.scaled_height)


def _smart(work: Work, samples: float, sample: int) -> None:
    work.add("smart crop", samples, held=1.5 * sample)
    work.seconds_fixed += _SMART_CROP


def _watermark(work: Work, mark: ImageHeader, plan: Plan, width: int, height: int, frames: int) -> None:
    """Add the watermark: its own render, and laying it over each frame."""
    option = plan.watermark
    if option is None:
        return
    scale = option.scale
    box = Plan(width=max(1, int(width * scale)), height=max(1, int(height * scale)), enlarge=True) if scale else Plan()
    geometry = calculate(mark.width, mark.height, mark.orientation, box, vector=FORMATS[mark.format].vector)
    pixels = mark.width * mark.height
    work.decode(mark, 0, pixels, pixels)
    work.add("resize, each pixel before", pixels * 4)
    work.add("resize, each pixel after", geometry.scaled_width * geometry.scaled_height * 4, held=1)
    work.add("watermark", width * height * frames * 4, held=1)


def _encode(
    work: Work,
    header: ImageHeader,
    size: int,
    plan: Plan,
    config: RenderConfig,
    name: str,
    frames: int,
    detail: float,
    pixels: float,
    pixel_bytes: int,
) -> int:
    """Add the encoder; return the bytes that the result has at most."""
    quality = selection.quality(name, plan, config)
    palette = header.palette and name in _PALETTES
    encoder = ENCODERS[encoder_name(name, quality, config, frames=frames, palette=palette)]
    if palette:
        work.add("count colours", pixels * pixel_bytes, held=2)
    best = (quality / 100) ** 4
    time = encoder.pixel + encoder.noise * detail + encoder.best * best
    if encoder.efforts:
        efforts = encoder.efforts
        time *= efforts[min(effort_of(name, config), len(efforts) - 1)]
    deep = max(1.0, pixel_bytes / 4)
    result = pixels * deep * (encoder.result if not encoder.best else encoder.result * (0.25 + 0.75 * best))
    tries = 1
    if plan.max_bytes and FORMATS[name].quality:
        tries = _tries(quality, result / plan.max_bytes)
        work.memory += pixels * pixel_bytes
    work.seconds_fixed += encoder.fixed * tries
    work.time += time * deep * pixels * tries
    work.memory += (encoder.held + encoder.held_noise * detail) * deep * pixels / frames + result
    metadata = not plan.strip_metadata or not plan.strip_color_profile
    return int(result) + _RESULT + (min(_MAX_METADATA, _RESULT + 2 * size) if metadata else 0)


def _tries(quality: int, ratio: float) -> int:
    """Return how often a picture is encoded until it is small enough, at most; see ``selection.next_quality``."""
    tries = 1
    while ratio > 1 and quality > selection.LOWEST_QUALITY and tries < _MOST_TRIES:
        quality = int(quality * 0.75)
        tries += 1
    return tries


def estimate_load(header: ImageHeader, size: int, shrink: float) -> tuple[int, float]:
    """Return the bytes of an original's pixels, loaded ``shrink`` times smaller, and the CPU seconds of its decoder."""
    work = Work()
    pixels, (bands, depth) = header.width * header.height, output_bytes(header)
    loaded = int(pixels / (shrink * shrink))
    work.decode(header, size, pixels, loaded)
    return max(1, loaded * bands * depth), work.seconds - BASE_SECONDS


def estimate_decoding(header: ImageHeader, size: int) -> Cost:
    """Return the cost of decoding all of an original of ``size`` bytes, every frame of it, for its facts."""
    work = Work()
    pixels, (bands, depth) = header.width * header.height, output_bytes(header)
    work.decode(header, size, pixels, pixels, header.pages)
    work.decode(header, size, pixels, pixels)
    work.time += size * 2
    work.add("resize, each pixel before", pixels * (header.pages + 2) * bands)
    work.add("transparency", pixels * bands)
    rows = max(header.width, header.height) / 128 * _ROWS
    work.memory += header.width * min(header.height, rows) * bands * depth
    return classify(_kind(header, "", header.pages), work.seconds, work.bytes, 1 << 20)


def estimate_repack(header: ImageHeader, size: int) -> Cost:
    """Return the cost of packing the ``size`` bytes of a JPEG or PNG again."""
    work = Work()
    pixels, (bands, depth) = header.width * header.height, output_bytes(header)
    for _ in range(2):
        work.decode(header, size, pixels, pixels)
    work.add("repack", pixels * bands * depth, held=1)
    work.memory += 3 * size
    return classify(_kind(header, "", 1), work.seconds, work.bytes, size)


def estimate_copy(size: int) -> Cost:
    """Return the cost of giving out ``size`` bytes of an original as they are, or without private metadata."""
    work = Work()
    work.time += size
    work.memory += 2 * size
    return classify(JobClass.LARGE, work.seconds, work.bytes, size + _RESULT)


def _kind(header: ImageHeader, name: str, frames: int) -> JobClass:
    if FORMATS[header.format].vector:
        return JobClass.VECTOR
    if frames > 1:
        return JobClass.ANIMATION
    return JobClass.MODERN if header.format in _MODERN or name in _MODERN else JobClass.LARGE
