"""Keys and entity tags of variants."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import fields
from operator import attrgetter

import msgspec

from mememime_proxy.formats import has_jpegli
from mememime_proxy.formats.effects_plan import NO_EFFECTS, NO_MARK, NO_SHAPE
from mememime_proxy.formats.output_plan import AS_SET, QUALITY_AS_SET, AutoqualityConfig
from mememime_proxy.plan import PIPELINE_FIELDS, Plan, RenderConfig, pixel_fields

_MAX_EMBEDDED = 256
"""Longest validator of a source, in bytes, that an entity tag of ours embeds."""

_DEFAULTS = Plan()
_LATER = (
    *("resizing_algorithm", "crop_aspect_ratio", "pages", "disable_animation", "unsharp", "hashsum"),
    *("objects", "objects_position", "autoquality"),
)
_OPTIONAL = {"as_stack": False, "best": False, "effects": NO_EFFECTS, "mark": NO_MARK, "shape": NO_SHAPE} | {
    name: getattr(_DEFAULTS, name) for name in _LATER
}
"""Fields, and their defaults, that count where they are set, and leave other keys as they were."""

_LATER_SETTINGS = (
    *(each.name for each in fields(AutoqualityConfig)),
    "best_format_complexity_threshold",
    "best_format_max_resolution",
    "best_format_allow_skips",
    "jpeg_no_subsample",
    "jpeg_trellis_quant",
    "jpeg_overshoot_deringing",
    "jpeg_optimize_scans",
    "jpeg_quant_table",
    "jpeg_encoder",
    "webp_compression",
    "webp_smart_subsample",
    "avif_subsample",
    "strip_metadata_dpi",
    "color_profiles_dir",
    "unsharp_masking_mode",
    "unsharp_masking_weight",
    "unsharp_masking_divider",
    "return_smaller_original",
    "c2pa",
    "detection",
    "classification",
    "pdf_no_background",
)
"""Fields of ``RenderConfig`` that keys of variants are older than."""

_optional = attrgetter(*_OPTIONAL)
_pixels = attrgetter(*(name for name in pixel_fields() if name not in {*_OPTIONAL, "chain", "saving"}))


class VariantKeys:
    """Makes keys of variants: equal for two plans exactly when they give the same bytes of the same original."""

    def __init__(self, configuration: object, media_configuration: object = ()) -> None:
        """Take as ``configuration`` everything besides the plan that changes pixels, as plain data.

        ``media_configuration``: what changes other results of films and sound besides it.
        """
        self._salt = hashlib.blake2b(msgspec.msgpack.encode(configuration), digest_size=16).digest()
        self._media_configuration = media_configuration

    def key(self, plan: Plan) -> bytes:
        """Return 16 bytes that stand for source, options and this process's configuration.

        Those of pictures depend on nothing that is about other results of films and sound.
        """
        values = _pixels(plan)
        for (name, default), value in zip(_OPTIONAL.items(), _optional(plan), strict=True):
            if value is not default and value != default:  # most are the default itself, which costs no comparison
                values = (*values, name) if value is True else (*values, name, value)
        if plan.saving is not AS_SET and (changes := plan.saving.changes()):
            values = (*values, "saving", changes)
        if plan.chain:
            values = (*values, "chain", [_changes(each) for each in plan.chain])
        if (plan.best or plan.autoquality is not QUALITY_AS_SET) and has_jpegli():
            values = (*values, "jpegli")  # see ``best_format`` and ``autoquality.target``
        if plan.output_kind is not None:
            values = (*values, plan.media, self._media_configuration)
        return hashlib.blake2b(msgspec.msgpack.encode(values), digest_size=16, key=self._salt).digest()


def configuration_of(config: RenderConfig) -> dict[str, object]:
    """Return a configuration as plain data. What was added to it later counts where it is not the default."""
    values: dict[str, object] = msgspec.to_builtins(config)
    defaults = msgspec.to_builtins(RenderConfig())
    for name in _LATER_SETTINGS:
        if values[name] == defaults[name]:
            del values[name]
    if config.autoquality_method == "ssim2":
        values["has_jpegli"] = has_jpegli()
    return values


def _changes(plan: Plan) -> list[tuple[str, object]]:
    """Return what a pipeline behind the first one changes."""
    return [(each, value) for each in PIPELINE_FIELDS if (value := getattr(plan, each)) != getattr(_DEFAULTS, each)]


def key_with_headers(key: bytes, headers: tuple[tuple[str, str], ...]) -> bytes:
    """Return the key of a variant whose original depends on request headers, too."""
    return hashlib.blake2b(msgspec.msgpack.encode(headers), digest_size=16, key=key).digest()


def make_etag(key: bytes, validator: str) -> str:
    """Return the entity tag of a variant of the original in the state of ``validator`` (see ``SourceState``).

    It stands for source state, plan and configuration, so it differs whenever the bytes may differ. It embeds the
    validator, so that a conditional request can be passed on to the source. Weak where the source's own is weak.
    """
    raw = validator.encode("utf-8", "surrogateescape")
    digest = _encode(hashlib.blake2b(raw, digest_size=12, key=key).digest())
    embedded = f".{_encode(raw)}" if len(raw) <= _MAX_EMBEDDED else ""
    weak = "W/" if validator.startswith("W/") else ""
    return f'{weak}"{digest}{embedded}"'


def content_etag(body: bytes) -> str:
    """Return the entity tag of a variant whose source has no validator: a digest of the variant's own bytes."""
    return f'"{_encode(hashlib.blake2b(body, digest_size=18).digest())}"'


def embedded_validator(key: bytes, etag: str) -> str:
    """Return the validator in an entity tag that ``make_etag`` made with this key; '' for any other text."""
    opaque = etag.removeprefix("W/").strip('"')
    _, _, embedded = opaque.partition(".")
    if not embedded or len(embedded) > 2 * _MAX_EMBEDDED:
        return ""
    try:
        raw = base64.urlsafe_b64decode(embedded + "=" * (-len(embedded) % 4))
    except (binascii.Error, ValueError):
        return ""
    validator = raw.decode("utf-8", "surrogateescape")
    return validator if hmac.compare_digest(make_etag(key, validator).encode(), etag.encode("utf-8", "replace")) else ""


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
