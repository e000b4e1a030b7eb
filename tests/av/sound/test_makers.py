"""Plans to results: sound, waveforms, spectrograms, covers, and what is refused."""

import json

import pytest
import pyvips

from mememime_proxy.av.results import make
from mememime_proxy.av.sound.cover import Cover
from mememime_proxy.av.sound.encoding import SoundTags, encode_sound
from mememime_proxy.av.sound.outputs import OUTPUTS
from mememime_proxy.errors import LimitError, MissingStreamError, UnsupportedFormatError
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.formats.media_plan import MediaPlan, Waveform
from mememime_proxy.plan import Plan
from tests.support.av_sources import byte_source, frame_of
from tests.support.films import film_bytes
from tests.support.sounds import container_sound, decode, tone


def result(content, plan, **config):
    with byte_source(content) as source:
        return make(source, plan, FilmConfig(**config))


def test_sound_of_a_plan():
    variant = result(container_sound("flac"), Plan(format="opus", media=MediaPlan(clip_duration=2, audio_channels=1)))
    samples, rate = decode(variant.body)
    assert (variant.format, variant.source_format) == ("opus", "flac")
    assert samples.shape == (1, 2 * rate)


def test_waveform_in_numbers():
    plan = Plan(format="json", media=MediaPlan(waveform=Waveform(512, 16, 2)))
    document = json.loads(result(container_sound("flac"), plan).body)
    assert (document["bits"], document["channels"], document["sample_rate"]) == (16, 2, 44100)
    assert document["length"] == -(-round(12.3 * 44100) // 512)
    assert len(document["data"]) == 4 * document["length"]
    assert max(document["data"]) > 10_000
    plan = Plan(media=MediaPlan(waveform=Waveform()))
    assert 1000 < json.loads(result(container_sound("mp3"), plan).body)["length"] <= 2000


@pytest.mark.parametrize(
    ("plan", "size"),
    [
        (Plan(format="png", media=MediaPlan(waveform=Waveform())), (800, 200)),
        (Plan(format="svg", media=MediaPlan(waveform=Waveform())), (800, 200)),
        (Plan(format="png", width=300, height=60, dpr=2, media=MediaPlan(waveform=Waveform())), (600, 120)),
        (Plan(format="png", media=MediaPlan(waveform=Waveform(48000))), (13, 200)),
        (Plan(format="png", height=256, media=MediaPlan(spectrogram=True)), (800, 256)),
    ],
)
def test_pictures_have_their_size(plan, size):
    variant = result(container_sound("m4a"), plan)
    image = pyvips.Image.new_from_buffer(variant.body, "")
    assert (image.width, image.height) == (variant.width, variant.height) == size
    assert variant.format == plan.format


def test_side_past_the_limit_is_refused():
    with pytest.raises(LimitError, match="9000"):
        result(container_sound("m4a"), Plan(format="png", width=9000, media=MediaPlan(waveform=Waveform())))


def test_codec_that_does_not_fit_is_refused():
    for codec in ("mp3", "none", "copy"):
        with pytest.raises(UnsupportedFormatError, match=codec):
            result(container_sound("m4a"), Plan(format="opus", media=MediaPlan(audio_codec=codec)))
    with pytest.raises(UnsupportedFormatError, match="AV_CODECS"):
        result(container_sound("m4a"), Plan(format="m4a"), codecs=("opus",))
    assert result(container_sound("m4a"), Plan(format="opus", media=MediaPlan(audio_codec="opus"))).body


def test_film_without_sound_has_none():
    for plan in (Plan(format="mp3"), Plan(format="json", media=MediaPlan(waveform=Waveform()))):
        with pytest.raises(MissingStreamError, match="no sound"):
            result(film_bytes(frames=3), plan)


def test_cover_is_the_still_of_sound():
    content = (pyvips.Image.black(32, 24) + 90).cast("uchar").jpegsave_buffer()
    tags = SoundTags(cover=Cover(content, "jpeg", 32, 24))
    for name in ("mp3", "m4a", "flac", "opus"):
        sound = encode_sound(iter([tone(0.3)]), OUTPUTS[name], rate=48000, layout="stereo", tags=tags)
        cover = frame_of(sound)
        assert (cover.format, cover.body) == ("jpeg", content)
    with pytest.raises(MissingStreamError, match="no cover"):
        frame_of(container_sound("mp3"))
