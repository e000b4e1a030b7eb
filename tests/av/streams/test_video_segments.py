from fractions import Fraction

import pytest

from mememime_proxy.av.encoding.video import VideoChoices, VideoFormat, av1, h264
from mememime_proxy.av.streams.boxes import stream_header
from mememime_proxy.av.streams.video_segments import encode_film, video_header
from tests.support.films import av, np

RATE = Fraction(30000, 1001)


def frames(first, count):
    for number in range(first, first + count):
        pixels = np.full((270, 320), number % 200, np.uint8)
        yield number, av.VideoFrame.from_ndarray(pixels, format="yuv420p")


@pytest.mark.parametrize("speed", [7, 9])
@pytest.mark.parametrize("codec", [h264, av1])
def test_header_without_a_frame_is_that_of_every_segment(codec, speed):
    settings = codec(VideoFormat(320, 180, RATE, 60, (1, 1, 1)), VideoChoices(speed=speed))
    header = video_header(settings)
    for number, count in ((0, 20), (7, 20), (40, 1)):
        film = encode_film(settings, number, frames(number * 60, count))
        assert stream_header(film, settings.delay * 1001) == header
