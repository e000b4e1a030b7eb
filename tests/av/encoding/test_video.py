"""What the settings promise of the encoders: the codec string, the delay, the key frames, before a frame is encoded."""

import io
import os
from fractions import Fraction

import av
import numpy as np
import pytest

from mememime_proxy.av import engine
from mememime_proxy.av.encoding.video import SETTINGS, VideoChoices, VideoFormat, add_stream, av1, h264

NTSC = Fraction(30000, 1001)


def encode(settings, count=9, start=0):
    """The packets of ``count`` frames, and the encoder's header."""
    engine.prepare()
    what = settings.format
    with av.open(io.BytesIO(), "w", format="mp4") as film:
        stream = add_stream(film, settings)
        packets = []
        for number in range(count):
            pixels = np.full((what.height * 3 // 2, what.width), number * 20, np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, format="yuv420p")
            frame.pts, frame.time_base = start + number, 1 / what.rate
            packets += stream.encode(frame)
        packets += stream.encode()
        return packets, bytes(stream.codec_context.extradata or b"")


@pytest.mark.parametrize("speed", [3, 7, 8, 9])
@pytest.mark.parametrize("interval", [1, 2, 3, 9])
def test_h264_has_the_delay_and_the_profile_that_are_named_in_advance(speed, interval):
    settings = h264(VideoFormat(320, 180, NTSC, interval), VideoChoices(speed=speed))
    packets, header = encode(settings, start=1800)
    assert packets[0].pts - packets[0].dts == settings.delay
    assert packets[0].pts == 1800
    assert packets[0].time_base == 1 / NTSC
    assert sorted(packet.pts - 1800 for packet in packets if packet.is_keyframe) == list(range(0, 9, interval))
    assert settings.codecs == f"avc1.{header[5:8].hex()}"


@pytest.mark.parametrize(("side", "rate"), [(240, 24), (360, 30), (480, 60), (720, 30), (1080, 60)])
def test_codec_strings_are_those_of_the_encoders(side, rate):
    what = VideoFormat(side * 16 // 9 // 2 * 2, side, Fraction(rate), 12)
    _, header = encode(h264(what), 1)
    assert h264(what).codecs == f"avc1.{header[5:8].hex()}"
    packets, header = encode(av1(what), 1)
    # Sequence header: OBU header and size, 16 bits of flags and operating point, then the level; AV1 5.5.1.
    level = int.from_bytes(header[2:6], "big") >> 3 & 31
    assert av1(what).codecs == f"av01.0.{level:02d}M.08"
    assert packets[0].dts == packets[0].pts


@pytest.mark.parametrize("codec", SETTINGS)
def test_equal_frames_and_settings_give_equal_bytes(codec):
    settings = SETTINGS[codec](VideoFormat(320, 180, NTSC, 4), VideoChoices(quality=60))
    first, second = (encode(settings) for _ in range(2))
    assert [bytes(packet) for packet in first[0]] == [bytes(packet) for packet in second[0]]
    assert first[1] == second[1]
    assert [packet.pts for packet in first[0] if packet.is_keyframe] == [0, 4, 8]


def test_a_cap_of_the_request_is_the_encoders():
    settings = h264(VideoFormat(320, 180, NTSC, 60), VideoChoices(bit_rate=123_000))
    options = dict(settings.options)
    assert (settings.max_rate, options["maxrate"], options["bufsize"]) == (123_000, "123000", "123000")


def test_process_is_no_real_time_one_after_an_encode_in_av1():
    """SVT-AV1 would make it one for root; see ``tests.support.scheduling_class``."""
    encode(av1(VideoFormat(320, 180, NTSC, 4)), 1)
    assert os.sched_getscheduler(0) not in {os.SCHED_FIFO, os.SCHED_RR}
