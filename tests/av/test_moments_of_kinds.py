"""The frame at a moment in films of each kind: what is burnt into it says that it is the one on screen.

Films that are turned are in test_frame_png.py.

What is right is read without a seek: all frames from the start, with their times.
"""

from __future__ import annotations

import io
from bisect import bisect_right
from fractions import Fraction

import av
import pytest

from mememime_proxy.av.films import open_pictures
from mememime_proxy.av.frame_png import to_png
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.formats.film_still import VideoMoment
from tests.support.av_sources import byte_source
from tests.support.films import RATE, film_bytes, make_film, number_in
from tests.support.moving import edited_film

VARIABLE = [0, 1, 2, 9, 10, 30, 31, 32, 40, 60, 61, 62, 63, 80, 81, 100, 101, 102, 103, 104]
FRAGMENTS = {"movflags": "frag_keyframe+empty_moov"}
KINDS = {
    "B-frames": {"reorder": 3},
    "one GOP": {"gop": 250},
    "variable rate": {"times": VARIABLE, "frames": len(VARIABLE)},
    "sound": {"sound": True},
    "late sound": {"sound": True, "sound_delay": 1.0},
    "aspect": {"aspect": Fraction(4, 3)},
    "HDR": {"pixel_format": "yuv420p10le", "color": (9, 16)},
    "HLG": {"pixel_format": "yuv420p10le", "color": (9, 18)},
    "interlaced": {"encoder": {"x264-params": "tff=1:interlaced=1"}},
    "begins late": {"times": [100 + number for number in range(50)]},
}
FORMATS = {
    "mp4": {"format": "mp4"},
    "moov first": {"format": "mp4", "movflags": "faststart"},
    "fragments": {"format": "mp4", **FRAGMENTS},
    "mov": {"format": "mov"},
    "mkv": {"format": "matroska"},
    "ts": {"format": "mpegts"},
    "flv": {"format": "flv"},
}


def truth(content):
    """Return the times of all frames from the start of the film on, in order, and the numbers in them."""
    with av.open(io.BytesIO(content)) as film:
        stream = film.streams.video[0]
        start = Fraction(film.start_time, av.time_base)
        frames = [(frame.pts * frame.time_base - start, frame) for frame in film.decode(stream)]
        numbers = [number_in(to_png(frame, None, 1 << 20)[0]) for _, frame in frames]
    return [float(time) for time, _ in frames], numbers


def moments_of(times):
    """Return moments just before, at and after frames of all parts of a film."""
    step = max(1, len(times) // 12)
    some = sorted({*range(0, len(times), step), 1, 2, len(times) - 1})
    return sorted({max(0.0, times[number] + offset) for number in some for offset in (-0.002, 0.002)})


def wrong(content, times, numbers, moments, *, key_frames=False):
    """Return the moments at which another frame than the right one is shown."""
    with byte_source(content) as source, open_pictures(source, FilmConfig()) as grabber:
        shown = {}
        for moment in moments:
            frame = grabber.grab(VideoMoment(value=moment), key_frames=key_frames)
            shown[moment] = number_in(to_png(frame, None, 1 << 20)[0])
    right = {moment: numbers[max(0, bisect_right(times, moment + 1e-6) - 1)] for moment in moments}
    return {moment: (number, right[moment]) for moment, number in shown.items() if number != right[moment]}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FORMATS)
def test_frame_is_the_one_on_screen(name, kind, tmp_path):
    make_film(str(tmp_path / "film"), **FORMATS[name], **KINDS[kind])
    content = (tmp_path / "film").read_bytes()
    times, numbers = truth(content)
    assert numbers == list(range(len(numbers)))
    assert not wrong(content, times, numbers, moments_of(times))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("webm", {"format": "webm", "codec": "libvpx-vp9"}),
        ("webm, AV1", {"format": "webm", "codec": "libsvtav1", "frames": 25}),
        ("ogg", {"format": "ogg", "codec": "libvpx"}),
        ("avi", {"format": "avi", "codec": "mpeg4"}),
        ("avi, MJPEG", {"format": "avi", "codec": "mjpeg", "pixel_format": "yuvj420p"}),
        ("mov, ProRes", {"format": "mov", "codec": "prores_ks", "pixel_format": "yuv422p10le"}),
        ("ts, MPEG-2", {"format": "mpegts", "codec": "mpeg2video"}),
        ("mkv, HEVC", {"format": "matroska", "codec": "libx265"}),
    ],
)
@pytest.mark.parametrize("sound", [False, True])
def test_frame_of_each_codec_is_the_one_on_screen(name, options, sound):
    if sound and options["format"] in ("webm", "ogg"):
        pytest.skip("no AAC in it")
    content = film_bytes(**options, sound=sound)
    times, numbers = truth(content)
    assert numbers == list(range(len(numbers))), name
    assert not wrong(content, times, numbers, moments_of(times))


@pytest.mark.parametrize(
    ("entries", "shown"),
    [
        ([(1400, 13)], {0: 13, 0.05: 14, 0.5: 25, 1.0: 38, 9: 47}),
        ([(1000, -1), (2000, 0)], {0: 0, 0.05: 1, 0.5: 12, 1.0: 25, 9: 49}),
        ([(400, 20), (400, 5)], {0: 20, 0.05: 21, 0.37: 29, 0.41: 5, 0.61: 10, 9: 14}),
    ],
)
def test_frame_of_an_edited_film_is_the_one_on_screen(entries, shown):
    content = edited_film(*entries)
    assert not wrong(content, list(shown), list(shown.values()), list(shown))


def test_key_frame_that_an_edit_leaves_out_is_not_shown():
    shown = {0: 20, 0.1: 20, 0.3: 20, 0.7: 30, 9: 40}
    assert not wrong(edited_film((1400, 13)), list(shown), list(shown.values()), list(shown), key_frames=True)


TRANSPORT = {
    "plain": {},
    "sound first": {"sound": True},
    "late sound": {"sound": True, "sound_delay": 0.7},
    "B-frames": {"reorder": 4},
    "one GOP": {"gop": 250},
    "short GOPs": {"gop": 3, "reorder": 0},
    "begins late": {"times": [2500 + number for number in range(50)]},
}


@pytest.mark.parametrize("kind", TRANSPORT)
def test_each_of_the_first_frames_of_a_transport_stream_is_found(kind):
    """It has no index, and a seek near its start may land behind the moment: then it is decoded from its start."""
    content = film_bytes("mpegts", **TRANSPORT[kind])
    times, numbers = truth(content)
    moments = [max(0.0, times[number] + offset) for number in range(30) for offset in (-0.002, 0.0005, 0.02)]
    assert not wrong(content, times, numbers, moments)


def test_transport_stream_that_begins_between_key_frames_shows_its_first_frame():
    content = film_bytes("mpegts", gop=10)
    cut = content[len(content) // 4 // 188 * 188 :]
    times, numbers = truth(cut)
    assert numbers[0] > 0
    assert not wrong(cut, times, numbers, [0, 0.01, *(time + 0.002 for time in times[:12])])


def test_bare_seek_in_a_transport_stream_lands_behind_the_moment():
    """The rule is needed: after a seek to a moment, the first frame that is decoded is a later one."""
    content = film_bytes("mpegts", sound=True, gop=10)
    behind = []
    for number in range(1, 50):
        with av.open(io.BytesIO(content)) as film:
            stream = film.streams.video[0]
            target = film.start_time / av.time_base + number / RATE
            film.seek(int(target / stream.time_base), stream=stream)
            first = next(film.decode(stream), None)
            behind.append(first is None or float(first.pts * first.time_base) > target)
    assert any(behind)
