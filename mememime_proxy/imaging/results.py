"""Variants of pictures: from the pixels of the last step, or from the bytes of the original."""

from __future__ import annotations

import msgspec

from mememime_proxy.errors import BrokenImageError, FrameTooLargeError, LimitError
from mememime_proxy.formats import FORMATS
from mememime_proxy.formats.output_rules import OriginalPolicy
from mememime_proxy.imaging.codecs.load import OriginalImage
from mememime_proxy.imaging.damage.gif import GifLayout
from mememime_proxy.imaging.damage.model import Damage
from mememime_proxy.imaging.picture import Picture
from mememime_proxy.imaging.privacy.original import without_private
from mememime_proxy.imaging.vips_errors import reported_damage
from mememime_proxy.memfd import Buffer
from mememime_proxy.plan import PIPELINE_FIELDS, ImageLimits, Plan
from mememime_proxy.variant import Variant

_DEFAULTS = Plan()
_SIZES = frozenset(
    (
        *("resizing_type", "width", "height", "min_width", "min_height", "zoom_x", "zoom_y", "dpr", "enlarge"),
        *("gravity", "auto_rotate", "resizing_algorithm"),
    )
)
"""Fields of a plan that change nothing where the result has the size of the original."""


def check_size(width: int, height: int, frames: int, limits: ImageLimits) -> None:
    """Return if the limits allow an original of that many pixels. Raises LimitError.

    One frame of an animation may have a limit of its own; a still picture does not.
    """
    if frames > 1 and limits.max_animation_frame_resolution > 0:
        if width * height > limits.max_animation_frame_resolution:
            raise FrameTooLargeError(
                f"{width}×{height} pixels a frame are more than {limits.max_animation_frame_resolution}"
            )
    elif 0 < limits.max_src_resolution < width * height * frames:
        raise LimitError(f"{width}×{height}×{frames} pixels are more than {limits.max_src_resolution}")


def upright_size(original: OriginalImage) -> tuple[int, int]:
    """Return width and height of the original after its EXIF orientation was applied."""
    width, height = original.header.nominal_size
    return (height, width) if original.header.orientation in (5, 6, 7, 8) else (width, height)


def original_bytes(original: OriginalImage, data: Buffer, plan: Plan) -> Buffer | None:
    """Return the bytes of the original that the plan gives out; None where it has to be rendered."""
    if FORMATS[original.format].verbatim:
        return original.data  # a drawing as the gate has sanitised it
    if plan.original_policy is OriginalPolicy.ALLOW:
        return data
    if plan.original_policy is OriginalPolicy.STRIP:
        return without_private(bytes(data), original.format)
    return None


def pass_through(original: OriginalImage, body: Buffer, plan: Plan) -> Variant[Buffer]:
    """Return the original itself. Its size is checked all the same, so that no decompression bomb reaches a browser."""
    width, height = upright_size(original)
    if not original.vector:
        check_size(width, height, 1, plan.limits)
    return Variant(
        body=body,
        format=original.format,
        width=width,
        height=height,
        source_format=original.format,
        source_width=width,
        source_height=height,
        pages=original.header.pages,
        rendered=False,
    )


def passes_for_result(original: OriginalImage, picture: Picture, data: Buffer) -> bool:
    """Whether the original is what the plan asks for, in fewer bytes than the result, which is only encoded again."""
    plan, header, geometry = picture.plan, original.header, picture.geometry
    if picture.encoded is None or len(memoryview(data)) >= len(picture.encoded) or picture.format != header.format:
        return False
    if FORMATS[header.format].document:
        return False  # it is drawn, and holds more than what is seen
    is_plain = header.pages == 1 and header.orientation == 1 and header.icc is False and header.color is None
    has_nothing_to_drop = not (header.metadata_bytes and plan.strip_metadata)
    sizes = (picture.image.width, picture.image.height), (geometry.width_scale, geometry.height_scale)
    is_same_size = sizes == ((header.width, header.height), (1, 1))
    is_unchanged = not plan.chain and plan.saving == _DEFAULTS.saving
    return (
        is_plain
        and has_nothing_to_drop
        and is_same_size
        and is_unchanged
        and all(getattr(plan, name) == getattr(_DEFAULTS, name) for name in PIPELINE_FIELDS if name not in _SIZES)
    )


def with_damage(variant: Variant[Buffer], data: Buffer, fail_on: str) -> Variant[Buffer]:
    """Return the variant with the damage that a decoder has told of, or has hidden. Raises BrokenImageError."""
    if variant.source_format == "jpeg" and reported_damage():
        return msgspec.structs.replace(variant, damage=Damage.CORRUPT.value)
    if variant.source_format == "gif" and variant.pages > 1 and GifLayout(memoryview(data)).truncated:
        # libnsgif shows a part of the last frame, and says nothing
        if fail_on != "none":
            raise BrokenImageError("GIF without its trailer")
        return msgspec.structs.replace(variant, damage=Damage.TRUNCATED.value)
    return variant


def build_variant(picture: Picture, original: OriginalImage) -> Variant[Buffer]:
    """Return the variant of a picture whose file was written."""
    if picture.encoded is None:
        raise ValueError("a picture that no step has encoded")
    source_width, source_height = upright_size(original)
    image = picture.image
    return Variant(
        body=picture.encoded,
        format=picture.format,
        width=image.width,
        height=image.height // picture.frames,
        source_format=original.format,
        source_width=source_width,
        source_height=source_height,
        pages=picture.frames,
        rendered=True,
    )
