"""From the bytes of an original and a plan to the bytes of a variant."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyvips

from mememime_proxy.errors import LimitError, UnsupportedFormatError, WorkerCrashError
from mememime_proxy.formats import FORMATS
from mememime_proxy.imaging.animation import render_frames
from mememime_proxy.imaging.codecs import choose, operations
from mememime_proxy.imaging.codecs.load import OriginalImage, open_original
from mememime_proxy.imaging.codecs.save import save
from mememime_proxy.imaging.failures import failure_of
from mememime_proxy.imaging.geometry.geometry import calculate, result_size
from mememime_proxy.imaging.metadata import strip
from mememime_proxy.imaging.picture import Picture, orientation, thumbnail
from mememime_proxy.imaging.steps.canvas import extend, extend_aspect_ratio, pad
from mememime_proxy.imaging.steps.colors import to_processing, to_result
from mememime_proxy.imaging.steps.cropping import crop, crop_to_result
from mememime_proxy.imaging.steps.filters import apply_filters
from mememime_proxy.imaging.steps.flattening import flatten
from mememime_proxy.imaging.steps.reload import scale_on_load
from mememime_proxy.imaging.steps.scaling import fit_format, scale
from mememime_proxy.imaging.steps.stamping import stamp
from mememime_proxy.imaging.steps.trim import trim
from mememime_proxy.imaging.steps.turning import rotate_and_flip
from mememime_proxy.imaging.steps.vector import vector_guard
from mememime_proxy.memfd import Buffer
from mememime_proxy.plan import ImageLimits, Plan, RenderConfig
from mememime_proxy.variant import Variant

STEPS: Sequence[Callable[[Picture], Picture]] = (
    vector_guard,
    trim,
    scale_on_load,
    to_processing,
    crop,
    scale,
    rotate_and_flip,
    crop_to_result,
    apply_filters,
    extend,
    extend_aspect_ratio,
    pad,
    fit_format,
    flatten,
    stamp,
)
"""What happens to every picture, in this order. ``crop`` means the turned picture but is done before turning it."""

MAX_SIDE = 10_000_000
"""Longest side that libvips works with."""


def strip_metadata(picture: Picture, *, animated: bool) -> Picture:
    """The picture without what the original told about itself, but for what the plan keeps."""
    plan = picture.plan
    if not plan.strip_metadata:
        return picture
    return picture.showing(
        strip(
            picture.image, keep_copyright=plan.keep_copyright, keep_icc=not plan.strip_color_profile, animated=animated
        )
    )


class Renderer:
    """Renders plans with one operator's configuration; holds nothing of a request once that is answered.

    Raises ImageError for a watermark that cannot be read.
    """

    def __init__(self, config: RenderConfig, watermark: bytes | None = None) -> None:
        self._config = config
        self._watermark = None if watermark is None else open_original(watermark, ImageLimits(), config)
        self._writable = frozenset(name for name, format_ in FORMATS.items() if format_.writable)

    @staticmethod
    def prepare() -> None:
        """Set libvips up; see ``operations.prepare``."""
        operations.prepare()

    def render(self, data: Buffer, plan: Plan) -> Variant[Buffer]:
        """The variant that ``plan`` makes of the original in ``data``.

        Equal arguments give equal bytes. Raises ImageError where the original or the wanted format is at fault,
        WorkerError where libvips failed for another reason.
        """
        try:
            return self._render(data, plan)
        except pyvips.Error as error:
            raise failure_of(error) from error
        except MemoryError as error:
            raise WorkerCrashError("out of memory") from error

    def _render(self, data: Buffer, plan: Plan) -> Variant[Buffer]:
        self._check_writable(plan)
        original = open_original(data, plan.limits, self._config, preserve_hdr=plan.preserve_hdr)
        if choose.skips(original.format, plan, self._config):
            return _skipped(original, data, plan)
        picture, frames = self._opened(original, plan)
        if frames > 1:
            picture = render_frames(picture, frames, STEPS)
        else:
            for step in STEPS:
                picture = step(picture)
        picture = strip_metadata(to_result(picture), animated=frames > 1)
        return self._written(picture, original, frames)

    def _check_writable(self, plan: Plan) -> None:
        if plan.format and not FORMATS[plan.format].vector and plan.format not in self._writable:
            raise UnsupportedFormatError(f"cannot write {plan.format}")

    def _opened(self, original: OriginalImage, plan: Plan) -> tuple[Picture, int]:
        """The picture before its first step, and how many frames of it are rendered.

        All checks of size are made here, before any pixel is decoded.
        """
        header = original.header
        frames_wanted = min(header.pages, plan.limits.max_animation_frames) if header.animated else 1
        format_ = self._format(original, plan, animated=frames_wanted > 1)
        frames = frames_wanted if FORMATS[format_].animation else 1
        if not original.vector:
            check_size(header.width, header.height, frames, plan.limits)
        image = thumbnail(original) if plan.enforce_thumbnail and frames == 1 else None
        reloadable = image is None
        if image is not None:
            width, height, turn = image.width, image.height, orientation(image)
        elif frames > 1:
            image = original.load(pages=frames)
            width, height, turn = image.width, image.height // frames, header.orientation
        else:
            width, height, turn = header.width, header.height, header.orientation
        geometry = calculate(width, height, turn, plan, vector=original.vector)
        if max(result_size(geometry, plan)) > MAX_SIDE:
            raise LimitError("the result would have a side of more than ten million pixels")
        picture = Picture(
            decoded=image,
            geometry=geometry,
            plan=plan,
            config=self._config,
            format=format_,
            original=original if reloadable else None,
            orientation=turn,
            watermark=self._watermark,
        )
        return picture, frames

    def _format(self, original: OriginalImage, plan: Plan, *, animated: bool) -> str:
        alpha = original.header.alpha
        if alpha is None and not plan.format:
            alpha = original.load().hasalpha()
        return choose.output_format(
            original.format,
            plan,
            self._config,
            self._writable,
            animated=animated,
            transparent=choose.transparency_expected(plan, alpha=bool(alpha)),
        )

    def _written(self, picture: Picture, original: OriginalImage, frames: int) -> Variant[Buffer]:
        plan = picture.plan
        image = picture.image
        width, height = image.width, image.height // frames
        name = choose.for_small_sides(picture.format, width, height, alpha=image.hasalpha())
        if picture.gain is not None:
            image = picture.gain.attached_to(image)
        source_width, source_height = seen_size(original)
        return Variant(
            body=self._encoded(image, name, plan),
            format=name,
            width=width,
            height=height,
            source_format=original.format,
            source_width=source_width,
            source_height=source_height,
            pages=frames,
            rendered=True,
        )

    def _encoded(self, image: pyvips.Image, name: str, plan: Plan) -> Buffer:
        """The encoded image; with ``max_bytes``, in the highest quality tried that fits, or the lowest there is."""
        quality = choose.quality(name, plan, self._config)
        if not (plan.max_bytes and FORMATS[name].quality):
            return save(image, name, quality=quality, plan=plan, config=self._config)
        image = image.copy_memory()
        while True:
            body = save(image, name, quality=quality, plan=plan, config=self._config)
            quality = choose.next_quality(quality, len(body), plan.max_bytes)
            if not quality:
                return body


def check_size(width: int, height: int, frames: int, limits: ImageLimits) -> None:
    """Raises LimitError for an original of more pixels than the limits allow."""
    if limits.max_animation_frame_resolution > 0:
        if width * height > limits.max_animation_frame_resolution:
            raise LimitError(f"{width}×{height} pixels a frame are more than {limits.max_animation_frame_resolution}")
    elif 0 < limits.max_src_resolution < width * height * frames:
        raise LimitError(f"{width}×{height}×{frames} pixels are more than {limits.max_src_resolution}")


def seen_size(original: OriginalImage) -> tuple[int, int]:
    """Width and height of the original as it is meant to be seen."""
    header = original.header
    if header.orientation in (5, 6, 7, 8):
        return header.height, header.width
    return header.width, header.height


def _skipped(original: OriginalImage, data: Buffer, plan: Plan) -> Variant[Buffer]:
    """The original itself; its size is checked all the same, so that no bomb is handed on to a browser."""
    width, height = seen_size(original)
    if not original.vector:
        check_size(width, height, 1, plan.limits)
    return Variant(
        body=original.data if original.vector else data,  # a drawing as the gate has sanitised it
        format=original.format,
        width=width,
        height=height,
        source_format=original.format,
        source_width=width,
        source_height=height,
        pages=original.header.pages,
        rendered=False,
    )
