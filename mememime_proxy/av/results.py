"""Results of films and sound: the function that makes each kind of them.

Each one takes the original, the plan and the operator's limits, and returns the result with its output's name as the
format. It raises our errors, and those of the source. It keeps nothing of a request: equal arguments give equal bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Final

from mememime_proxy.av.byte_source import ByteSource
from mememime_proxy.av.encoding.admission import check_codecs, check_cost, check_limits
from mememime_proxy.av.film_facts import FilmFacts
from mememime_proxy.av.films import FilmReader
from mememime_proxy.av.moving.results import is_stack, make_frames, make_video
from mememime_proxy.av.moving.sound import CODECS as SOUND_CODECS
from mememime_proxy.av.moving.transcode import CODECS as VIDEO_CODECS
from mememime_proxy.av.sound.makers import make_sound, make_spectrogram, make_waveform
from mememime_proxy.av.sound.production import DEFAULT_CHANNELS, known_loudness
from mememime_proxy.av.storyboard import make_storyboard
from mememime_proxy.av.streams.members import make_member
from mememime_proxy.errors import MememimeError, UnsupportedFormatError
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.formats.outputs import OutputKind
from mememime_proxy.plan import Plan
from mememime_proxy.variant import Variant

Maker = Callable[[ByteSource, Plan, FilmConfig], Variant[bytes]]
"""Makes results of one kind."""

MAKERS: Final[dict[OutputKind, Maker]] = {
    OutputKind.SOUND: make_sound,
    OutputKind.WAVEFORM: make_waveform,
    OutputKind.SPECTROGRAM: make_spectrogram,
    OutputKind.ANIMATION: make_frames,
    OutputKind.VIDEO: make_video,
    OutputKind.STORYBOARD: make_storyboard,
    OutputKind.STREAM: make_member,
}
"""The maker of each kind that is made here."""


def make(source: ByteSource, plan: Plan, config: FilmConfig) -> Variant[bytes]:
    """Return the result of a film or sound that a plan asks for (``Plan.output_kind``).

    Raises UnsupportedFormatError where there is no such result of this original, LimitError, TooLongError,
    BrokenImageError and the errors of the source.
    """
    kind = plan.output_kind
    maker = None if kind is None else MAKERS.get(kind)
    if maker is None:
        raise UnsupportedFormatError(f"results of the kind {kind or 'picture'} are not made")
    plan = with_allowed_codecs(plan, config)
    check_codecs(plan, config)
    if not is_stack(source):
        facts = FilmReader(config).look(source)
        check_limits(facts, plan, config)
        check_cost(facts, plan, config, is_measured=_is_measured(facts, plan))
    source.seek(0)
    return maker(source, plan, config)


def _is_measured(facts: FilmFacts, plan: Plan) -> bool:
    try:
        return known_loudness(facts, plan.media.track, plan.media.audio_channels or DEFAULT_CHANNELS) is not None
    except MememimeError:  # of a track that is not there, or not read: the maker says so if it needs it
        return False


def with_allowed_codecs(plan: Plan, config: FilmConfig) -> Plan:
    """Return the plan with the first codecs that its format holds and the operator allows, where it names none."""
    if not config.codecs or plan.output_kind is not OutputKind.VIDEO:
        return plan
    media = plan.media
    video = _first_allowed(media.video_codec, VIDEO_CODECS.get(plan.format, ()), config.codecs)
    audio = _first_allowed(media.audio_codec, SOUND_CODECS.get(plan.format, ()), config.codecs)
    return replace(plan, media=replace(media, video_codec=video, audio_codec=audio))


def _first_allowed(name: str, held: Collection[str], allowed: Collection[str]) -> str:
    return next((codec for codec in held if codec in allowed), name) if name == "auto" else name
