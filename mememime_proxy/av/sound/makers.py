"""Results of sound as plans ask for them: files of sound, waveforms, spectrograms."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from mememime_proxy.av.byte_source import ByteSource
from mememime_proxy.av.opening import container_in
from mememime_proxy.av.sound.drawing.spectrogram import draw_spectrogram
from mememime_proxy.av.sound.drawing.waveform import measure_waveform
from mememime_proxy.av.sound.drawing.waveform_picture import draw_png, draw_svg
from mememime_proxy.av.sound.frames import Samples
from mememime_proxy.av.sound.outputs import OUTPUTS, SoundOutput
from mememime_proxy.av.sound.production import SoundSettings, clip_range, make_sound_file
from mememime_proxy.av.sound.reader import SampleReader, open_sound
from mememime_proxy.errors import LimitError, UnsupportedFormatError
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.formats.media_plan import MediaPlan, Waveform
from mememime_proxy.plan import Plan
from mememime_proxy.variant import Variant

_WAVEFORM_SIZE: Final = (800, 200)
_SPECTROGRAM_SIZE: Final = (800, 400)
"""Width and height of a picture where the plan does not name them."""
_MAX_SIDE: Final = 8192
_JSON: Final = "json"


def make_sound(source: ByteSource, plan: Plan, config: FilmConfig) -> Variant[bytes]:
    """Return sound as a file; see ``make_sound_file``."""
    container, media = container_in(source), plan.media
    output = OUTPUTS[plan.format]
    _check_codec(output, media.audio_codec)
    settings = SoundSettings(
        clip_start=media.clip_start,
        clip_duration=media.clip_duration,
        track=media.track,
        channels=media.audio_channels,
        sample_rate=media.sample_rate,
        bitrate=media.audio_bitrate,
        loudness=media.loudness,
        volume=media.volume,
        fade_in=media.fade_in,
        fade_out=media.fade_out,
        speed=media.speed,
        with_tags=not plan.strip_metadata,
    )
    return Variant(
        output.name, source_format=container, body=make_sound_file(source, container, config, output, settings)
    )


def make_waveform(source: ByteSource, plan: Plan, config: FilmConfig) -> Variant[bytes]:
    """Return the peaks of sound: numbers in audiowaveform's form, or a picture of them.

    Raises as ``make_sound``.
    """
    wanted = plan.media.waveform or Waveform()
    container = container_in(source)
    name = plan.format or _JSON
    width, height = _size(plan, _WAVEFORM_SIZE)
    with _clip(source, container, config, plan.media, wanted.channels) as (reader, blocks, estimate):
        waveform = measure_waveform(blocks, reader.rate, reader.channels, wanted.samples_per_pixel, estimate)
    if name == _JSON:
        return Variant(name, source_format=container, body=waveform.to_json(wanted.bits))
    if wanted.samples_per_pixel and not plan.width:
        width = min(_MAX_SIDE, max(1, len(waveform.peaks)))
    draw = draw_svg if name == "svg" else draw_png
    return Variant(name, width, height, container, body=draw(waveform.peaks, width, height, plan.background))


def make_spectrogram(source: ByteSource, plan: Plan, config: FilmConfig) -> Variant[bytes]:
    """Return a picture of the frequencies of sound over time. Raises as ``make_sound``."""
    container = container_in(source)
    width, height = _size(plan, _SPECTROGRAM_SIZE)
    with _clip(source, container, config, plan.media, 1) as (_, blocks, _estimate):
        return Variant("png", width, height, container, body=draw_spectrogram(blocks, width, height))


def _check_codec(output: SoundOutput, wanted: str) -> None:
    if wanted not in ("auto", output.codec):
        raise UnsupportedFormatError(f"{output.name} has sound in {output.codec}, and none in {wanted}")


def _size(plan: Plan, default: tuple[int, int]) -> tuple[int, int]:
    """Return the sides of a picture that is drawn in any size."""
    sides = tuple(
        round((wanted or side) * plan.dpr) for wanted, side in zip((plan.width, plan.height), default, strict=True)
    )
    if max(sides) > _MAX_SIDE:
        raise LimitError(f"{sides[0]}×{sides[1]} pixels; a side has at most {_MAX_SIDE}")
    return max(1, sides[0]), max(1, sides[1])


@contextmanager
def _clip(
    source: ByteSource, container: str, config: FilmConfig, media: MediaPlan, channels: int
) -> Iterator[tuple[SampleReader, Iterator[Samples], int]]:
    """Open the part of a track that a plan names: reader, samples, and how many there are, by the file; 0 = unknown."""
    with open_sound(source, container, config, media.track, channels=channels) as reader:
        rate = reader.rate
        first, count = clip_range(media.clip_start, media.clip_duration, reader.film_duration, rate)
        left = max(0, round(reader.duration * rate) - first)
        estimate = min(left, count) if count is not None else left
        yield reader, reader.read(first, count, strict=True, max_duration=config.max_duration), estimate
