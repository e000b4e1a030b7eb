"""Sound beside the pictures of a short film: clicks where they are in the original."""

import io
from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pytest

from mememime_proxy.av.moving.sound import EncodedSound, choose_sound_codec
from mememime_proxy.av.moving.transcode import MovingOptions, transcode
from mememime_proxy.errors import OptionError
from mememime_proxy.plan import Plan
from tests.support.films import container_film
from tests.support.moving import grabber_of, numbers_of

RATE = 48_000


def clicks():
    """Two seconds of silence in two channels, with a click at each half second, in blocks of odd lengths."""
    samples = np.zeros((2, 2 * RATE), np.float32)
    for at in range(0, 2 * RATE, RATE // 2):
        samples[:, at + 100 : at + 148] = 0.8
    for at in range(0, 2 * RATE, 1_234):
        yield samples[:, at : at + 1_234]


def click_times(body):
    """Times of the clicks that are heard."""
    with av.open(io.BytesIO(body)) as film:
        stream, found = film.streams.audio[0], []
        resampler = av.AudioResampler("fltp", "stereo", RATE)
        for frame in film.decode(stream):
            start = float(frame.pts * frame.time_base)
            for part in resampler.resample(frame):
                loud = np.flatnonzero(np.abs(part.to_ndarray()[0]) > 0.3)
                found += [start + at / RATE for at in loud[:1] if not found or start + at / RATE - found[-1] > 0.1]
        return found


@pytest.mark.parametrize(("format_", "codec"), [("mp4", "aac"), ("mp4", "opus"), ("webm", "opus"), ("mp4", "mp3")])
def test_clicks_are_where_they_were(format_, codec):
    sound = EncodedSound(clicks(), RATE, "stereo", 2, codec=codec, language="deu")
    with grabber_of(container_film("mp4")) as grabber:
        film = transcode(grabber, Plan(), MovingOptions(format=format_, encoder_speed=9), sound)
    assert numbers_of(film.body) == list(range(50))
    expected = [at / 2 + 100 / RATE for at in range(4)]
    assert click_times(film.body) == pytest.approx(expected, abs=0.005)
    with av.open(io.BytesIO(film.body)) as result:
        assert result.streams.audio[0].language == "deu"
        assert result.streams.audio[0].codec_context.channels == 2


def test_sound_lies_beside_the_pictures_of_its_time():
    sound = EncodedSound(clicks(), RATE, "stereo", 2, codec="aac")
    with grabber_of(container_film("mp4")) as grabber:
        film = transcode(grabber, Plan(), MovingOptions(encoder_speed=9), sound)
    with av.open(io.BytesIO(film.body)) as result:
        times = [(p.stream.type, float(Fraction(p.dts) * p.time_base)) for p in result.demux() if p.size]
    for (kind, time), (other, following) in pairwise(times):
        assert kind == other or abs(time - following) < 1.1


def test_codec_that_the_format_does_not_hold_is_refused():
    assert choose_sound_codec("webm", "auto") == "opus"
    with pytest.raises(OptionError, match="audio_codec"):
        choose_sound_codec("webm", "aac")
