"""What a source means for the plan: its stored focal point and preset join it; originals of uploads have a policy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mememime_proxy.errors import OriginalForbiddenError
from mememime_proxy.formats import FORMATS
from mememime_proxy.formats.media_plan import ALL_TRACKS, MediaPlan
from mememime_proxy.formats.output_rules import OriginalPolicy
from mememime_proxy.plan import Gravity, GravityType, Plan
from mememime_proxy.sources.model import Original

_UPLOADS = ("alias://", "asset://")
_COPIES = {"mp4": "mp4", "3gp": "mp4", "mov": "mov", "webm": "webm", "mkv": "mkv"}
"""Containers of films, and the outputs that are copies of them."""


def apply_original_policy(plan: Plan, policy: OriginalPolicy) -> Plan:
    """Return ``plan`` with the policy, if its source was uploaded.

    A plan with ``raw`` becomes one that passes every format on, so that a worker takes out what is private. Raises
    OriginalForbiddenError where raw originals are forbidden.
    """
    if policy is OriginalPolicy.ALLOW or not plan.source.startswith(_UPLOADS):
        return plan
    if not plan.raw:
        return replace(plan, original_policy=policy)
    if policy is OriginalPolicy.FORBID:
        raise OriginalForbiddenError("found raw, and MEMEMIME_ORIGINAL_POLICY forbids originals of uploads")
    return replace(plan, raw=False, format="", skip_processing=tuple(FORMATS), original_policy=policy)


def stripped_copy(plan: Plan, container: str) -> Plan | None:
    """Return the plan of a film's packets in the same container without its tags, where a plan passes it on stripped.

    None where it does not, and for a container that is not written here.
    """
    is_passed_on = plan.original_policy is OriginalPolicy.STRIP and plan.skip_processing == tuple(FORMATS)
    if not is_passed_on or container not in _COPIES:
        return None
    media = MediaPlan(video_codec="copy", track=ALL_TRACKS)
    return replace(plan, skip_processing=(), format=_COPIES[container], media=media, strip_metadata=True)


def apply_source_options(plan: Plan, original: Original, apply_preset: Callable[[Plan, str], Plan]) -> Plan:
    """Return ``plan`` with the options that it leaves to its source.

    ``apply_preset``: a plan with the options of a preset by its name. Raises PresetError as that does.
    """
    if plan.takes_preset and original.preset:
        plan = apply_preset(plan, original.preset)
    if original.focus is None:
        return plan
    gravity = Gravity(GravityType.FOCUS_POINT, *rotate_and_flip_point(original.focus, plan))
    crop = plan.crop
    if crop.gravity is not None and crop.gravity.type is GravityType.SMART:
        crop = replace(crop, gravity=gravity)
    return replace(plan, gravity=gravity if plan.follows_focus else plan.gravity, crop=crop)


def rotate_and_flip_point(point: tuple[float, float], plan: Plan) -> tuple[float, float]:
    """Return where a point of the upright picture is after the plan's rotation and flips; sides are 1."""
    x, y = point
    for _ in range(plan.rotate // 90 % 4):
        x, y = 1 - y, x
    return 1 - x if plan.flip_horizontal else x, 1 - y if plan.flip_vertical else y
