"""Which options a result of a film or sound obeys: those that it cannot obey are errors, and never ignored."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Final

from mememime_proxy.errors import OptionError
from mememime_proxy.formats.effects_plan import CHESSBOARD
from mememime_proxy.formats.media_plan import NO_MEDIA, MediaPlan
from mememime_proxy.formats.outputs import OutputKind
from mememime_proxy.plan import GravityType, Plan
from mememime_proxy.urls.grammar import NEXT_PIPELINE
from mememime_proxy.urls.options.arguments import Argument
from mememime_proxy.urls.options.option import Option
from mememime_proxy.urls.options.table import BY_NAME, OPTIONS

_PIXEL_FIELDS: Final = (
    *("resizing_type", "width", "height", "min_width", "min_height", "zoom_x", "zoom_y", "dpr", "enlarge", "extend"),
    *("extend_aspect_ratio", "gravity", "crop", "trim", "padding", "auto_rotate", "rotate", "flip_horizontal"),
    *("flip_vertical", "background", "blur", "sharpen", "pixelate", "watermark", "preserve_hdr", "quality"),
    *("effects", "mark", "shape", "objects", "objects_position"),
    *("autoquality", "max_bytes", "enforce_thumbnail", "video_moment", "video_key_frames", "video_tile", "chain"),
    "hashsum",
)
"""Fields of a plan that change a picture, of which each kind of result obeys some."""
_SIZE: Final = frozenset({"resizing_type", "width", "height", "enlarge", "dpr"})
_PICTURES: Final = _SIZE | {
    *("extend", "gravity", "crop", "padding", "rotate", "flip_horizontal", "flip_vertical", "background", "blur"),
    *("watermark", "preserve_hdr", "quality"),
}
_SOUND: Final = frozenset(
    ("audio_codec", "audio_bitrate", "audio_channels", "sample_rate", "loudness", "volume", "track")
)
_TIME: Final = frozenset({"clip_start", "clip_duration", "speed", "fade_in", "fade_out"})
_FRAMES: Final = frozenset({"fps", "fps_exact", "tone_map", "deinterlace"})
_VIDEO: Final = frozenset({"video_codec", "video_bitrate", "keyframe_interval", "encoder_speed"})

_OBEYED: Final[dict[OutputKind, tuple[frozenset[str], frozenset[str]]]] = {
    OutputKind.VIDEO: (_PICTURES, _SOUND | _TIME | _FRAMES | _VIDEO),
    OutputKind.SOUND: (frozenset(), _SOUND | _TIME),
    OutputKind.ANIMATION: (
        _PICTURES | {"video_moment", "video_key_frames", "chain"},
        _TIME | _FRAMES | {"loop", "video_animation"},
    ),
    OutputKind.WAVEFORM: (_SIZE | {"background"}, frozenset({"clip_start", "clip_duration", "track", "waveform"})),
    OutputKind.SPECTROGRAM: (_SIZE, frozenset({"clip_start", "clip_duration", "track", "spectrogram"})),
    OutputKind.STORYBOARD: (
        frozenset({"video_key_frames", "quality"}),
        frozenset({"storyboard", "member"}),
    ),
    OutputKind.STREAM: (
        frozenset({"quality", "video_key_frames", "preserve_hdr"}),
        (_SOUND - {"sample_rate"}) | _VIDEO | _FRAMES | {"ladder", "segment_duration", "storyboard", "member"},
    ),
}
"""Of each kind: the fields of a plan, and those of its ``media``, that it obeys."""

_DEFAULTS: Final = Plan()
_MEDIA: Final = "media."
_NAMES: Final = {
    "autoquality": "autoquality",
    "gravity": "gravity",
    "objects.gravity": "gravity",
    "objects.crop_gravity": "crop",
    "objects_position": "objects_position",
    "effects.normalize": "normalize",
    "shape.corners": "corners",
    "extend": "extend",
    "trim": "trim",
    "chain": NEXT_PIPELINE,
    "hashsum": "hashsum",
    "video_tile": "video_thumbnail_tile",
    "background": "background",
    "media.video_animation": "video_thumbnail_animation",
    "media.loudness": "loudness",
    "media.storyboard": "storyboard",
    "media.waveform": "waveform",
    "media.ladder": "ladder",
    "extend_aspect_ratio": "extend_aspect_ratio",
}
"""Options of the fields that groups of arguments set."""


def _option_names() -> dict[str, str]:
    names: dict[str, str] = dict(_NAMES)
    for option in OPTIONS:
        for field in _fields_of(option):
            names.setdefault(field, option.name)
            parts = field.split(".")
            for depth in range(1, len(parts)):
                names.setdefault(".".join(parts[:depth]), option.name)
    return names


def _fields_of(option: Option) -> list[str]:
    return [argument.field for argument in option.arguments if isinstance(argument, Argument)]


_OPTION_OF: Final = {
    **_option_names(),
    # Several options set these; the one that is named is about nothing else.
    **{name: name for name in ("width", "height", "enlarge", "resizing_type")},
}


def check_media(plan: Plan, initial: Plan) -> Plan:
    """Return ``plan``, with no options of films and sound where its result is a picture.

    ``initial``: the plan before any option. Raises OptionError with the first option that the result cannot obey.
    """
    kind = plan.output_kind
    if kind is None:
        return plan if plan.media == NO_MEDIA else replace(plan, media=NO_MEDIA)
    _, of_media = _OBEYED[kind]
    _check_pipeline(plan, initial, kind)
    for following in plan.chain:
        _check_pipeline(following, _DEFAULTS, kind)
    for field in fields(MediaPlan):
        if field.name not in of_media and getattr(plan.media, field.name) != getattr(NO_MEDIA, field.name):
            raise _refusal(_OPTION_OF[f"media.{field.name}"], kind)
    return plan


def _check_pipeline(plan: Plan, initial: Plan, kind: OutputKind) -> None:
    of_plan, _ = _OBEYED[kind]
    for name in _PIXEL_FIELDS:
        if name not in of_plan and getattr(plan, name) != getattr(initial, name):
            raise _refusal(_option_of(name, plan, initial), kind)
    for by_content in {GravityType.SMART, GravityType.OBJECTS} & set(_gravities(plan)):
        raise OptionError(f"gravity: `{by_content}` looks at one picture, and cannot be obeyed by moving ones")
    if plan.watermark is not None and plan.watermark.position == CHESSBOARD:
        raise OptionError("watermark: the position `ch` is not one for moving pictures")


def obeys_chain(kind: OutputKind | None) -> bool:
    """Whether results of a kind may have several pipelines; None: pictures."""
    return kind is None or "chain" in _OBEYED[kind][0]


def _option_of(name: str, plan: Plan, initial: Plan) -> str:
    """Return the option that has set a field of ``plan``; of effects, the mark and the shape, the first of several."""
    if name not in ("effects", "mark", "shape", "objects"):
        return _OPTION_OF[name]
    new, old = getattr(plan, name), getattr(initial, name)
    part = next(part.name for part in fields(new) if getattr(new, part.name) != getattr(old, part.name))
    return _OPTION_OF[f"{name}.{part}"]


def is_obeyed(option: str, kind: OutputKind | None) -> bool:
    """Whether results of a kind obey an option, by its name or alias; None: pictures, which have all but some."""
    record = BY_NAME[option]
    names = {*_fields_of(record), *(field for field, name in _NAMES.items() if name == record.name)}
    names = {name if name.startswith(_MEDIA) else name.partition(".")[0] for name in names}
    if kind is None:
        return not any(name.startswith(_MEDIA) for name in names)
    of_plan, of_media = _OBEYED[kind]
    return all(
        name.removeprefix(_MEDIA) in of_media
        if name.startswith(_MEDIA)
        else name not in _PIXEL_FIELDS or name in of_plan
        for name in names
    )


def _gravities(plan: Plan) -> set[GravityType]:
    return {plan.gravity.type} | ({plan.crop.gravity.type} if plan.crop.gravity is not None else set())


def _refusal(option: str, kind: OutputKind) -> OptionError:
    return OptionError(f"{option}: results of the kind {kind.value} cannot obey this option")
