from fractions import Fraction

import pytest

from mememime_proxy.av.streams.ladder import (
    SourcePictures,
    StreamChoices,
    rendition_size,
    sound_renditions,
    video_renditions,
)

RATE = Fraction(30000, 1001)


def renditions(size, *heights, **more):
    return video_renditions(SourcePictures(*size, RATE), StreamChoices(heights, **more), 60)


def test_a_height_is_that_of_the_shorter_side():
    assert [(each.name, each.width, each.height) for each in renditions((1080, 1920), 360, 720)] == [
        ("720", 720, 1280),
        ("360", 360, 640),
    ]


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((1920, 1080), [("720", 1280, 720), ("360", 640, 360)]),
        ((1280, 720), [("720", 1280, 720), ("360", 640, 360)]),
        ((960, 540), [("720", 960, 540), ("360", 640, 360)]),
        ((640, 361), [("360", 638, 360)]),
        ((320, 240), [("360", 320, 240)]),
        ((641, 359), [("360", 640, 360)]),
    ],
)
def test_no_rendition_is_above_the_source(size, expected):
    assert [(each.name, each.width, each.height) for each in renditions(size, 360, 720)] == expected


def test_sides_are_even_and_keep_the_ratio():
    assert rendition_size(1920, 800, 360) == (864, 360)
    assert rendition_size(333, 777, 240) == (240, 560)
    assert rendition_size(3, 3, 240) == (4, 4)


def test_av1_renditions_follow_those_in_h264():
    found = renditions((1280, 720), 720, 360, with_av1=True)
    assert [each.name for each in found] == ["720", "360", "720-av1", "360-av1"]
    assert [each.codecs for each in found] == ["avc1.64001f", "avc1.64001e", "av01.0.05M.08", "av01.0.01M.08"]


def test_bandwidth_holds_a_segment_that_begins_with_a_full_buffer():
    (found,) = renditions((1280, 720), 720)
    assert found.bandwidth == 3_284_400
    assert found.settings.max_rate == 2_800_000
    (capped,) = renditions((1280, 720), 720, bit_rate=1_000_000)
    assert capped.bandwidth == 1_173_000


def test_sound_beside_pictures_is_one_rendition_and_alone_two():
    choices = StreamChoices((720,))
    assert [(each.name, each.bit_rate) for each in sound_renditions(choices, 2, "en", alone=False)] == [("a", 128_000)]
    assert [(each.name, each.bit_rate) for each in sound_renditions(choices, 1, "", alone=False)] == [("a", 64_000)]
    alone = sound_renditions(choices, 2, "", alone=True)
    assert [(each.name, each.bit_rate) for each in alone] == [("a128", 128_000), ("a64", 64_000)]
    assert sound_renditions(choices, 0, "", alone=False) == []
