"""Files of sound as settings want them: clips, loudness that is measured in the result, speed, tags, equal bytes."""

import io

import av
import numpy as np
import pytest
from msgspec import structs

from mememime_proxy.av.film_facts import TrackLoudness, decode_facts, encode_facts
from mememime_proxy.av.films import FilmReader
from mememime_proxy.av.sound.loudness import measure
from mememime_proxy.av.sound.outputs import OUTPUTS
from mememime_proxy.av.sound.production import SoundSettings, clip_range, make_sound_file, measure_track
from mememime_proxy.errors import LimitError, MissingStreamError
from mememime_proxy.formats.containers import sniff_container
from mememime_proxy.formats.film_config import FilmConfig
from tests.support.av_sources import byte_source
from tests.support.sounds import add_sound, click_times, clicks, container_sound, decode, make_sound, tone


def produce(content, name="wav", config=None, **settings):
    with byte_source(content) as source:
        return make_sound_file(
            source, sniff_container(content), config or FilmConfig(), OUTPUTS[name], SoundSettings(**settings)
        )


@pytest.mark.parametrize("name", OUTPUTS)
def test_whole_track_keeps_its_clicks_in_each_kind(name):
    samples, rate = decode(produce(container_sound("m4a"), name))
    assert samples.shape[1] == round(12.3 * rate)
    assert click_times(samples, rate, 0.1) == pytest.approx(range(13), abs=0.001)


@pytest.mark.parametrize(
    ("start", "duration", "begins", "seconds"),
    [(2.5, 3, [0.5, 1.5, 2.5], 3), (-2.3, 0, [0, 1, 2], 2.3), (11, 100, [0, 1], 1.3), (-100, 1.5, [0, 1], 1.5)],
)
def test_clip_is_exact(start, duration, begins, seconds):
    samples, rate = decode(produce(container_sound("mp3"), clip_start=start, clip_duration=duration))
    assert samples.shape[1] == pytest.approx(seconds * rate, abs=1)
    assert click_times(samples, rate) == pytest.approx(begins, abs=0.001)


def test_clip_after_the_end_has_no_sound():
    with pytest.raises(MissingStreamError, match="after the end"):
        produce(container_sound("mp3"), clip_start=60)


@pytest.mark.parametrize("name", ["wav", "opus", "m4a", "mp3"])
def test_result_has_the_loudness(name):
    chord = sum(tone(6, amplitude=0.03, hertz=hertz) for hertz in (220, 440, 660, 1320))
    chord[:, 48000 * 3 :] *= 4
    content = produce(make_sound(chord, format="flac", codec="flac"), name, loudness=(-23.0, -1.0))
    samples, rate = decode(content)
    measured = measure(iter([samples]), rate, "stereo")
    assert measured.integrated == pytest.approx(-23, abs=0.2)


def test_peak_limits_the_loudness():
    quiet = tone(8, amplitude=0.01)
    quiet[:, 1000] = 0.7
    samples, rate = decode(produce(make_sound(quiet, codec="pcm_f32le"), loudness=(-16.0, -1.0)))
    measured = measure(iter([samples]), rate, "stereo")
    assert measured.true_peak == pytest.approx(-1, abs=0.1)
    assert measured.integrated < -30


def test_loudness_of_a_clip_is_that_of_the_whole_track():
    samples = tone(8, amplitude=0.05)
    samples[:, 48000 * 4 :] *= 4
    content = make_sound(samples, codec="pcm_f32le")
    clip, _ = decode(produce(content, loudness=(-20.0, -1.0), clip_duration=2, sample_rate=48000))
    whole, _ = decode(produce(content, loudness=(-20.0, -1.0), sample_rate=48000))
    assert np.array_equal(clip, whole[:, : 2 * 48000])


def test_loudness_is_measured_once_and_kept_with_the_facts():
    content = make_sound(tone(2, amplitude=0.1), codec="pcm_f32le")
    with byte_source(content) as source:
        FilmReader(FilmConfig()).look(source)
        measured = measure_track(source, "wav", FilmConfig(), "", 2)
        assert source.facts.loudness == {"0:2": measured}
        assert decode_facts(encode_facts(source.facts)) == source.facts
        source.facts = structs.replace(source.facts, loudness={"0:2": TrackLoudness(-1, -2, 3)})
        assert measure_track(source, "wav", FilmConfig(), "", 2) == TrackLoudness(-1, -2, 3)
        assert measure_track(source, "wav", FilmConfig(), "0", 1).integrated == pytest.approx(-23, abs=0.2)


def test_surround_is_measured_as_it_is_mixed():
    content = make_sound(tone(4, channels=6, amplitude=0.1), layout="5.1", codec="pcm_f32le")
    with byte_source(content) as source:
        stereo = measure_track(source, "wav", FilmConfig(), "", 2)
    samples, rate = decode(produce(content, "flac", channels=2))
    assert stereo.integrated == pytest.approx(measure(iter([samples]), rate, "stereo").integrated, abs=0.1)


def test_speed_volume_and_fades():
    samples, rate = decode(
        produce(make_sound(tone(4, amplitude=0.5)), speed=2, volume=-6.0206, fade_in=0.5, fade_out=0.5)
    )
    assert samples.shape[1] == 2 * rate
    assert np.abs(samples[:, rate // 2 : rate]).max() == pytest.approx(0.25, abs=0.01)
    assert np.abs(samples[:, : rate // 100]).max() < 0.01
    assert np.abs(samples[:, -rate // 100 :]).max() < 0.01


def test_gain_does_not_pass_full_scale():
    samples, _ = decode(produce(make_sound(tone(1, amplitude=0.5), codec="pcm_f32le"), "flac", volume=20))
    assert np.abs(samples).max() <= 1


@pytest.mark.parametrize("name", OUTPUTS)
def test_equal_arguments_give_equal_bytes(name):
    settings = {"loudness": (-16.0, -1.0), "speed": 1.25, "fade_in": 0.1, "clip_duration": 1}
    assert produce(container_sound("webm"), name, **settings) == produce(container_sound("webm"), name, **settings)


def test_tags_are_dropped_or_kept_and_a_place_never_is():
    tags = {"title": "A title", "artist": "An artist", "comment": "canary", "location": "+51+007/"}
    content = make_sound(tone(0.5), format="mp4", codec="aac", tags=tags)
    for name in OUTPUTS:
        without = produce(content, name)
        kept = produce(content, name, with_tags=True)
        assert b"A title" not in without
        assert b"A title" in kept
        assert b"An artist" in kept
        for result in (without, kept):
            assert b"canary" not in result
            assert b"+51" not in result


def test_language_is_kept():
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="matroska") as file:
        stream = file.add_stream("pcm_s16le", rate=8000, layout="mono")
        stream.metadata["language"] = "deu"
        add_sound(file, stream, tone(0.5, 8000, 1), 8000)
    with av.open(io.BytesIO(produce(buffer.getvalue(), "m4a"))) as file:
        assert file.streams.audio[0].language == "deu"


def test_too_long_sound_and_too_large_results_are_refused():
    content = make_sound(clicks(12, 8000, 1), 8000)
    with pytest.raises(LimitError, match="MAX_DURATION"):
        produce(content, config=FilmConfig(max_duration=10))
    assert produce(content, config=FilmConfig(max_duration=10), clip_duration=9)
    with pytest.raises(LimitError, match="bytes"):
        produce(content, config=FilmConfig(max_result=10_000))


def test_range_of_a_clip():
    assert clip_range(0, 0, 10, 100) == (0, None)
    assert clip_range(1.5, 2, 10, 100) == (150, 200)
    assert clip_range(-3, 0, 10, 100) == (700, None)
    assert clip_range(-30, 0, 10, 100) == (0, None)
