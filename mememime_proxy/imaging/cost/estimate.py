"""The cost of a render, an inspection and a repack. No pixel is decoded; a call takes some ten microseconds.

A job goes through a decoder, operations and an encoder, whose records are in ``decoders``, ``operations`` and
``encoders``. Times and memory add up: what one of them has given back by the time when the next one begins is not
subtracted, so that memory is an upper bound.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from mememime_proxy.cost import Cost, JobClass, classify
from mememime_proxy.formats import FORMATS
from mememime_proxy.formats.output_plan import QUALITY_AS_SET
from mememime_proxy.geometry.geometry import Geometry
from mememime_proxy.geometry.load_shrink import load_shrink
from mememime_proxy.imaging.autoquality.target import target_for, with_encoder
from mememime_proxy.imaging.codecs import selection
from mememime_proxy.imaging.cost.decoders import noise, output_bytes
from mememime_proxy.imaging.cost.encoders import ENCODERS, effort_of, encoder_name, slowdown
from mememime_proxy.imaging.cost.steps import ROWS, PictureState, add_steps
from mememime_proxy.imaging.cost.work import BASE_SECONDS, Work
from mememime_proxy.imaging.detection.areas import wants_objects
from mememime_proxy.imaging.gate.header import ImageHeader
from mememime_proxy.plan import Plan, RenderConfig

_MODERN: Final = frozenset({"avif", "heic", "jxl"})
_RESULT: Final = 128 << 10
"""Bytes of a result beside its pixels, texts of authors and rights among them."""
_MAX_METADATA: Final = 4 << 20
"""Bytes of a profile, inflated, or of other blocks of the original, that may be part of a result."""
_MANIFEST: Final = 0.003
"""Seconds for a C2PA manifest; the original and the result are hashed besides."""
_CONVERSION: Final = 0.03
"""Seconds of a conversion from CMYK of any size: tables are made of its profile."""
_PALETTES: Final = frozenset({"png", "gif"})
_LOSSLESS: Final = 4.5
"""Bytes of a result for each pixel that is coded without loss, at most."""
_MOST_TRIES: Final = 12
"""Encodings of one picture in a search for a size in bytes."""
_FEATURES: Final = 0.012
"""Seconds of what a search for a quality finds out about a picture of any size."""
_MEASUREMENT: Final = 0.014
"""Seconds of a comparison of a result with its original, of any size."""
_METRIC: Final = 32 << 20
"""Bytes that comparisons need."""


def estimate_render(
    header: ImageHeader,
    size: int,
    plan: Plan,
    config: RenderConfig,
    name: str,
    frames: int,
    geometries: Sequence[Geometry],
    marks: Mapping[str, ImageHeader] | None = None,
    *,
    is_decoded: bool = False,
) -> Cost:
    """Return the cost of a render.

    ``size``: bytes of the original; ``name``: the format that is written; ``geometries``: of each pipeline of the plan;
    ``marks``: the watermarks by their URLs; '' is the operator's. ``is_decoded``: the pixels are there already.
    """
    plans, geometry = plan.pipelines, geometries[0]
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
    state = PictureState(loaded, bands, header.alpha is not False, header.width, shrink)
    searches = 0
    for each, sizes in zip(plans, geometries, strict=True):
        searches += wants_objects(each, config)
        if sizes is not geometry:
            work.memory += state.pixels * frames * state.bands * sample
        state = add_steps(work, each, config, sizes, state, sample, frames, marks or {})
    if searches:
        work.decode(header, size, pixels, loaded)  # a copy for the search alone
        work.search(has_net=bool(config.detection.net), times=searches * frames)
    bands, rendered = state.bands, state.pixels * frames
    if header.icc is not False or header.color is not None:
        work.add("colours", rendered * bands)
    if plan.saving.color_profile:
        work.add("colours", rendered * max(3, bands))
    if header.color is not None and header.color.needs_depth:
        work.add("tone mapping", loaded * frames * bands)
    if plan.preserve_hdr and header.gain_map:
        work.add("gain map", (loaded + rendered) * 3)
    resized = geometry.width_scale != 1 or geometry.height_scale != 1 or len(plans) > 1
    new_colors = (
        resized
        or plan.blur
        or plan.sharpen
        or plan.watermark is not None
        or plan.effects.is_filter
        or plan.objects.draw.enabled
    )
    limited = header.palette and name in _PALETTES and not new_colors
    detail = 0.0 if limited else noise(header, size, header.pages)
    result = _encode(work, header, size, plan, config, name, frames, detail, rendered, bands * sample)
    if config.c2pa != "off":
        work.seconds_fixed += _MANIFEST
        work.time += 4 * size
        work.memory += size + 3 * result
        result += _RESULT + min(_MAX_METADATA, size)
    return classify(_kind(header, name, frames), work.seconds, work.bytes, result)


def _shrink_on_load(header: ImageHeader, plan: Plan, config: RenderConfig, geometry: Geometry, frames: int) -> float:
    """Return how many times smaller the decoder hands the picture over; see ``steps.scale_on_load``."""
    if plan.trim is not None or frames > 1:
        return 1.0
    return geometry.preshrink() if FORMATS[header.format].vector else load_shrink(header.format, geometry, plan, config)


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
    quality, target = selection.quality(name, plan, config), None
    is_search = plan.autoquality is not QUALITY_AS_SET or config.autoquality_method != "none"
    if is_search and frames == 1 and (target := target_for(name, plan, config, pixels)) is not None:
        quality, config = target.high, with_encoder(config, target)
    palette = header.palette and name in _PALETTES
    encoder = ENCODERS[encoder_name(name, quality, config, frames=frames, palette=palette)]
    if palette:
        work.add("count colours", pixels * pixel_bytes, held=2)
    best = (quality / 100) ** 4
    time = encoder.pixel + encoder.noise * detail + encoder.best * best
    if encoder.efforts:
        efforts = encoder.efforts
        time *= efforts[min(effort_of(name, config), len(efforts) - 1)]
    time *= slowdown(name, config)
    deep = max(1.0, pixel_bytes / 4)
    is_lossless = name == "webp" and config.webp_compression != "lossy"
    per_pixel = encoder.result * (0.25 + 0.75 * best) if encoder.best else encoder.result
    result = pixels * deep * (_LOSSLESS if is_lossless else per_pixel)
    tries = 1
    if plan.max_bytes and FORMATS[name].quality:
        tries = _tries(quality, result / plan.max_bytes)
        work.memory += pixels * pixel_bytes
    if target is not None:
        tries += target.max_encodes - 1
        work.seconds_fixed += _FEATURES
        work.memory += _METRIC + pixels * pixel_bytes
        measurements = 0 if target.method == "size" else target.max_encodes - 1
        work.seconds_fixed += _MEASUREMENT * measurements
        work.add("measure a result", pixels * pixel_bytes, measurements, held=1)
    work.seconds_fixed += encoder.fixed * tries
    work.time += time * deep * pixels * tries
    work.memory += (encoder.held + encoder.held_noise * detail) * deep * pixels / frames + result
    metadata = not plan.strip_metadata or not plan.strip_color_profile
    if plan.saving.color_profile:
        return int(result) + _RESULT + _MAX_METADATA + 2 * size * metadata
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


def estimate_decoding(header: ImageHeader, size: int, nets: int = 0) -> Cost:
    """Return the cost of decoding all of an original of ``size`` bytes, every frame of it, for its facts.

    ``nets``: that look at it.
    """
    work = Work()
    if nets:
        work.search(has_net=True, times=nets)
    pixels, (bands, depth) = header.width * header.height, output_bytes(header)
    work.decode(header, size, pixels, pixels, header.pages)
    work.decode(header, size, pixels, pixels)
    work.time += size * 2
    work.add("resize, each pixel before", pixels * (header.pages + 2) * bands)
    work.add("transparency", pixels * bands)
    rows = max(header.width, header.height) / 128 * ROWS
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
