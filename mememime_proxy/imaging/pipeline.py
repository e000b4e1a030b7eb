"""From the bytes of an original and a plan to the bytes of a variant."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import replace
from functools import partial
from typing import Any

import msgspec

from mememime_proxy.color.profile_files import read_profiles
from mememime_proxy.cost import Approve, Cost, approve_any, in_turn
from mememime_proxy.errors import BrokenImageError, ImageError
from mememime_proxy.formats import FORMATS
from mememime_proxy.formats.output_rules import NOBODY, SigningIdentity
from mememime_proxy.geometry.geometry import Geometry, calculate, following
from mememime_proxy.imaging import results
from mememime_proxy.imaging.animation import render_frames
from mememime_proxy.imaging.chain import check_sides, next_pipeline
from mememime_proxy.imaging.codecs import selection, vips_setup
from mememime_proxy.imaging.codecs.load import STRICT, OriginalImage, open_original
from mememime_proxy.imaging.cost.estimate import estimate_copy, estimate_render
from mememime_proxy.imaging.damage.model import Damage, Repaired
from mememime_proxy.imaging.damage.repair import repair
from mememime_proxy.imaging.damage.tiff import check_tiles
from mememime_proxy.imaging.detection.areas import with_objects
from mememime_proxy.imaging.gate.header import ImageHeader
from mememime_proxy.imaging.loading import first_geometry, plan_load, with_growth
from mememime_proxy.imaging.marks import open_marks
from mememime_proxy.imaging.pages import PageStack, check_hashsum, chosen_pages, counting_limits, from_page
from mememime_proxy.imaging.picture import Picture, orientation, plan_areas, thumbnail
from mememime_proxy.imaging.pixels.exchange import PixelExchange
from mememime_proxy.imaging.provenance.signing import ManifestSigner, Sign
from mememime_proxy.imaging.steps import best_format
from mememime_proxy.imaging.steps.canvas import CANVAS_STEPS
from mememime_proxy.imaging.steps.colors import to_processing, to_result, to_srgb
from mememime_proxy.imaging.steps.cropping import crop, crop_to_objects, crop_to_result
from mememime_proxy.imaging.steps.encoding import attach_gain_map, encode
from mememime_proxy.imaging.steps.filters import apply_filters, shape
from mememime_proxy.imaging.steps.flattening import flatten, flatten_on_background
from mememime_proxy.imaging.steps.rotation import rotate_and_flip
from mememime_proxy.imaging.steps.scale_on_load import scale_on_load
from mememime_proxy.imaging.steps.scaling import fit_format, scale
from mememime_proxy.imaging.steps.sharpening import unsharp_mask
from mememime_proxy.imaging.steps.strip_metadata import strip_metadata
from mememime_proxy.imaging.steps.trim import trim
from mememime_proxy.imaging.steps.vector import guarded_size, vector_guard
from mememime_proxy.imaging.steps.watermark import add_watermark
from mememime_proxy.imaging.vips_errors import run_job
from mememime_proxy.memfd import Buffer
from mememime_proxy.plan import ImageLimits, Plan, RenderConfig
from mememime_proxy.variant import Variant

Step = Callable[[Picture], Picture]

_PIPELINE_STEPS: tuple[Step, ...] = (
    vector_guard,
    trim,
    crop_to_objects,
    scale_on_load,
    to_processing,
    crop,
    scale,
    unsharp_mask,
    rotate_and_flip,
    crop_to_result,
    apply_filters,
    shape,
    *CANVAS_STEPS,
)
"""``crop`` is given for the rotated picture, but is done before the rotation."""

CHAIN_STEPS: tuple[Step, ...] = (*_PIPELINE_STEPS, flatten_on_background)
"""Steps for each frame by itself, in all pipelines of a plan but the last one. The watermark follows, as in that."""

FRAME_STEPS: tuple[Step, ...] = (*_PIPELINE_STEPS, fit_format, to_srgb, flatten)
"""Steps for each frame by itself, in the last pipeline of a plan."""

RESULT_STEPS: tuple[Step, ...] = (
    to_result,
    strip_metadata,
    attach_gain_map,
    encode,
)
"""Steps for all frames at once, behind the last pipeline."""

STEPS = (*FRAME_STEPS, add_watermark, *RESULT_STEPS)
"""All steps in their order, from the decoder to the encoder, of a plan with one pipeline."""


class Renderer:
    """Renderer of plans, with one operator's configuration. It keeps nothing of a request.

    Raises ImageError for a watermark that cannot be read.
    """

    def __init__(
        self, config: RenderConfig, watermark: bytes | None = None, identity: SigningIdentity = NOBODY
    ) -> None:
        self._config = config
        self._manifests = ManifestSigner(config.c2pa, identity)
        read_profiles(config.color_profiles_dir)  # workers cannot open files
        self._marks = {} if watermark is None else {"": open_original(watermark, ImageLimits(), config)}
        self._writable = frozenset(name for name, format_ in FORMATS.items() if format_.writable)

    def with_pictures(self, plan: Plan, pictures: Sequence[Buffer]) -> Renderer:
        """Return a renderer with the pictures of ``plan.pictures``. Raises WatermarkError."""
        renderer = copy(self)
        renderer._marks = self._marks | open_marks(plan, pictures, self._config)
        return renderer

    def signed_by(self, sign: Sign) -> Renderer:
        """Return a renderer that asks for the signatures of C2PA manifests by ``sign``."""
        renderer = copy(self)
        renderer._manifests = replace(self._manifests, sign=sign)
        return renderer

    @staticmethod
    def prepare() -> None:
        """Set up libvips; see ``vips_setup.prepare``."""
        vips_setup.prepare()

    def render(
        self, data: Buffer, plan: Plan, approve: Approve = approve_any, pixels: PixelExchange | None = None
    ) -> Variant[Buffer]:
        """Return the variant of the original in ``data`` for ``plan``.

        ``approve`` is called with the estimate of its cost, after all checks of the gate and before a pixel is decoded.
        Equal arguments give equal bytes, whatever ``pixels`` were given. A damaged original is rendered as far as it
        can be decoded, and the variant says so; the configuration's ``fail_on`` may refuse it. Raises ImageError where
        the original or the wanted format is at fault, WorkerError where libvips failed for another reason.
        """
        check_hashsum(data, plan.hashsum)
        strict = STRICT if self._config.fail_on != "warning" else "warning"
        try:
            variant = run_job(partial(self._render, data, plan, strict, approve, pixels))
        except BrokenImageError as error:
            if self._config.fail_on in ("error", "warning"):
                raise
            return self._render_damaged(data, plan, error, approve)
        return results.with_damage(variant, data, self._config.fail_on)

    def _render_damaged(self, data: Buffer, plan: Plan, error: BrokenImageError, approve: Approve) -> Variant[Buffer]:
        """Return what can be decoded of an original that no decoder reads to its end; otherwise raise ``error``."""
        try:
            repaired = repair(data, open_original(data, plan.limits, self._config).header)
            if repaired.damage is Damage.TRUNCATED and self._config.fail_on == "truncated":
                raise error
            variant = self._render_repaired(repaired, plan, approve)
        except (ImageError, struct.error, IndexError):
            raise error from None
        return msgspec.structs.replace(variant, damage=repaired.damage.value)

    def _render_repaired(self, repaired: Repaired, plan: Plan, approve: Approve) -> Variant[Buffer]:
        *others, last = repaired.data, *repaired.others
        for data in others:
            with suppress(BrokenImageError):
                return run_job(partial(self._render, data, plan, "none", approve))
        return run_job(partial(self._render, last, plan, "none", approve))

    def _render(
        self, data: Buffer, plan: Plan, fail_on: str, approve: Approve, pixels: PixelExchange | None = None
    ) -> Variant[Buffer]:
        selection.check_writable(plan, self._writable)

        def open_(data: Buffer, page: int) -> OriginalImage:
            more: dict[str, Any] = {"preserve_hdr": plan.preserve_hdr, "style": plan.saving.style, "page": page}
            return open_original(data, counting_limits(plan), self._config, fail_on=fail_on, pixels=pixels, **more)

        original = open_(data, plan.pages.first)
        if original.format == "tiff" and fail_on != "none":
            check_tiles(memoryview(original.data))
        if selection.skips_processing(original.format, plan, self._config):
            approve(estimate_copy(len(memoryview(original.data))))
            body = results.original_bytes(original, data, plan)
            if body is not None:
                return results.pass_through(original, body, plan)
        if original.format == "tiff" and plan.pages.first:
            original = open_(from_page(data, plan.pages.first), 0)
        picture = self._open_picture(original, plan, approve, open_)
        plans = picture.plan.pipelines
        approved = [picture.geometry, *following(picture.geometry, plans)]
        for index, each in enumerate(plans):
            if index:
                picture = next_pipeline(add_watermark(picture), each)
            steps = FRAME_STEPS if index == len(plans) - 1 else CHAIN_STEPS
            if picture.frames > 1:
                picture = render_frames(picture, steps)
                continue
            for step in steps:
                picture = step(picture)
                if step is scale_on_load:
                    sizes = with_growth(picture.geometry, plans, approved, index)
                    approved = self._approve_growth(original, picture, plans[0], approved, sizes, approve)
        picture = add_watermark(picture).with_changes(plan=plans[0])
        for step in RESULT_STEPS:
            picture = step(picture)
        if self._config.return_smaller_original and results.passes_for_result(original, picture, data):
            body = results.original_bytes(original, data, plan)
            if body is not None:
                return results.pass_through(original, body, plan)
        variant = results.build_variant(picture, original)
        return self._manifests.add(variant, data, plan, zip(plans, approved, strict=True))

    def _open_picture(
        self, original: OriginalImage, plan: Plan, approve: Approve, reopen: Callable[[Buffer, int], OriginalImage]
    ) -> Picture:
        """Return the picture before its first step.

        All checks of size are made here, and the cost is approved, before any pixel is decoded.
        """
        header = original.header
        is_animation = header.animated and not plan.disable_animation
        frames_wanted = min(header.pages, plan.limits.max_animation_frames) if is_animation else 1
        # What is not known yet is taken to be transparent, which costs more: finding out takes decoding.
        format_ = self._format(original, plan, animated=frames_wanted > 1, alpha=header.alpha is not False)
        candidates = best_format.candidates(plan, self._config, self._writable) if frames_wanted == 1 else ()
        if candidates:
            format_, plan = best_format.carrier(candidates), replace(plan, preserve_hdr=False)
        frames = frames_wanted if selection.holds_animation(format_, plan, self._config) else 1
        if frames > 1:  # no format holds an animation of more than 8 bits a channel
            plan = replace(plan, preserve_hdr=False)
        first, count = chosen_pages(header, plan.pages) if frames == 1 else (0, 1)
        if (first, count) != (0, 1):
            return self._open_stack(
                PageStack(original, first, count, reopen), original, plan, format_, candidates, approve
            )
        if original.vector:
            original.check_cost(0)
        else:
            results.check_size(header.width, header.height, frames, plan.limits)
        width, height = header.width, header.height
        if original.vector:
            width, height = guarded_size(width, height, plan.limits.max_src_resolution)
        geometry = first_geometry(original, plan, width, height)
        if original.pixels is not None:
            original.pixels.begin(plan_load(original, plan, self._config, geometry))
        approve(self._estimate(original, plan, candidates or (format_,), frames, geometry))
        if header.alpha is None and not plan.format and not candidates:
            format_ = self._format(original, plan, animated=False, alpha=original.load().hasalpha())
        image = thumbnail(original) if plan.enforce_thumbnail and frames == 1 else None
        reloadable = image is None
        if image is not None:
            width, height, stored_orientation = image.width, image.height, orientation(image)
        elif frames > 1:
            image = original.load(pages=frames)
            width, height, stored_orientation = image.width, image.height // frames, header.orientation
        else:
            width, height, stored_orientation = header.width, header.height, header.orientation
        if image is not None and header.stack is None:
            geometry = calculate(width, height, stored_orientation, plan, vector=original.vector)
        check_sides(geometry, plan)
        picture = Picture(
            decoded=image,
            geometry=geometry,
            plan=plan,
            config=selection.configured(self._config, plan),
            format=format_,
            candidates=candidates,
            original=original if reloadable else None,
            orientation=stored_orientation,
            marks=self._marks,
            frames=frames,
            areas=plan_areas(plan, stored_orientation),
        )
        return picture if frames > 1 else with_objects(picture, original)

    def _open_stack(
        self,
        stack: PageStack,
        original: OriginalImage,
        plan: Plan,
        format_: str,
        candidates: tuple[str, ...],
        approve: Approve,
    ) -> Picture:
        """Return the picture of several pages, or of another one than the first, before its first step."""
        geometry = stack.geometry(plan)
        check_sides(geometry, plan)
        approve(self._estimate(original, plan, candidates or (format_,), 1, geometry, header=stack.header))
        image, geometry = stack.load_for(geometry, plan)
        if original.header.alpha is None and not plan.format and not candidates:
            format_ = self._format(original, plan, animated=False, alpha=image.hasalpha())
        picture = Picture(
            decoded=image,
            geometry=geometry,
            plan=plan,
            config=selection.configured(self._config, plan),
            format=format_,
            candidates=candidates,
            original=None,
            marks=self._marks,
            areas=plan_areas(plan, 1),
        )
        return with_objects(picture, image)

    def _estimate(
        self,
        original: OriginalImage,
        plan: Plan,
        names: tuple[str, ...],
        frames: int,
        *geometries: Geometry,
        header: ImageHeader | None = None,
    ) -> Cost:
        """Return the estimate of a render to one of several formats, of which each may be tried.

        ``geometries``: of all pipelines, or of the first one.
        """
        marks = {url: mark.header for url, mark in self._marks.items()}
        decoded = original.pixels.decoded if original.pixels is not None else None
        config = selection.configured(self._config, plan)
        config = selection.with_smallest_jpeg(config) if plan.best else config
        costs = [
            estimate_render(
                header or original.header,
                len(memoryview(original.data)),
                plan,
                config,
                name,
                frames,
                geometries if len(geometries) > 1 else (*geometries, *following(geometries[0], plan.pipelines)),
                marks,
                is_decoded=decoded is not None and decoded.is_given and not plan.enforce_thumbnail,
            )
            for name in names
        ]
        return costs[0] if len(costs) == 1 else in_turn(costs)

    def _approve_growth(
        self, image: OriginalImage, picture: Picture, plan: Plan, old: list[Geometry], new: list[Geometry], ask: Approve
    ) -> list[Geometry]:
        """Approve ``new`` geometries unless they are the ``old`` ones; return them."""
        if new is not old:
            ask(self._estimate(image, plan, picture.candidates or (picture.format,), 1, *new))
        return new

    def _format(self, original: OriginalImage, plan: Plan, *, animated: bool, alpha: bool) -> str:
        return selection.output_format(
            original.format,
            plan,
            self._config,
            self._writable,
            animated=animated,
            transparent=selection.expects_transparency(plan, alpha=alpha),
        )
