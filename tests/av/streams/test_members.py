"""Streams as clients put them together: every frame, every click, byte for byte the same in any order and process."""

import hashlib
import io
import multiprocessing
import random
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from functools import cache, partial

import pytest

from mememime_proxy.av.film_facts import decode_facts, encode_facts
from mememime_proxy.av.films import FilmReader
from mememime_proxy.av.results import make
from mememime_proxy.errors import LimitError, MemberError, MissingStreamError, UnsupportedFormatError
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.formats.media_plan import MediaPlan
from mememime_proxy.plan import Plan
from tests.support.av_sources import byte_source
from tests.support.films import av, film_bytes, np, wave
from tests.support.moving import combing, film_of, frames_of, interlaced
from tests.support.stream_film import FRAMES, RATE, SOUND_RATE, numbers_in, stream_film
from tests.support.streams import decode_time, find, member_of, sample_offsets, segment_count, variant_of, whole

SEGMENTS = 6
FRAME = 1024


@cache
def member(name):
    return member_of(stream_film(), name)


@cache
def rendition(name):
    return b"".join(member(f"{name}/{part}") for part in ("init.mp4", *(f"{k}.m4s" for k in range(SEGMENTS))))


def digest(path, name):
    """Of one member, in a process that has made others before, in another order."""
    return hashlib.sha256(member_of(path.read_bytes(), name)).hexdigest()


def test_every_frame_of_the_film_is_shown_once_at_its_time():
    assert numbers_in(rendition("120")) == list(range(FRAMES))
    with av.open(io.BytesIO(rendition("120"))) as film:
        times = [frame.pts * frame.time_base for frame in film.decode(video=0)]
    assert times == [number / RATE for number in range(FRAMES)]


def test_boxes_have_the_exact_times():
    header = member("120/init.mp4")
    assert find(header, b"moov", b"trak", b"edts", b"elst")[8:] == (0).to_bytes(4) + (2002).to_bytes(4) + b"\0\1\0\0"
    for number in range(SEGMENTS):
        segment = member(f"120/{number}.m4s")
        offsets = sample_offsets(segment)
        assert decode_time(segment) == number * 180 * 1001
        assert len(offsets) == (180 if number < SEGMENTS - 1 else 101)
        assert offsets[0] == 2002
        assert find(segment, b"moof", b"mfhd")[4:] == (number + 1).to_bytes(4)


def test_sound_is_whole_and_each_click_is_at_its_second():
    with av.open(io.BytesIO(rendition("a"))) as film:
        frames = list(film.decode(audio=0))
    assert [frame.pts for frame in frames] == [FRAME * number for number in range(len(frames))]
    assert len(frames) == -(-int(FRAMES / RATE * SOUND_RATE) // FRAME)
    samples = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    loud = np.flatnonzero(np.abs(samples) > 0.3)
    begins = loud[np.insert(np.diff(loud) > SOUND_RATE // 2, 0, True)] / SOUND_RATE
    # The first frame is the encoder's start: its click is softer.
    found = {round(float(begin)): abs(float(begin) - round(float(begin))) for begin in begins}
    assert set(range(1, 33)) <= set(found)
    assert max(found.values()) < 0.001


def test_sound_begins_at_the_first_frame_behind_the_pictures_boundary():
    firsts = [decode_time(member(f"a/{number}.m4s")) for number in range(SEGMENTS)]
    for number, first in enumerate(firsts):
        assert first % FRAME == 0
        assert 0 <= Fraction(first, SOUND_RATE) - number * 180 / RATE < Fraction(FRAME, SOUND_RATE)


@pytest.mark.slow
def test_processes_in_any_order_make_the_same_bytes(tmp_path):
    path = tmp_path / "film.mp4"
    path.write_bytes(stream_film())
    names = [f"{part}/{k}.m4s" for part in ("120", "a") for k in range(SEGMENTS)] + ["120/init.mp4", "a/init.mp4"]
    expected = {name: hashlib.sha256(member(name)).hexdigest() for name in names}
    shuffled = random.Random(17).sample(names, len(names))
    with ProcessPoolExecutor(3, multiprocessing.get_context("spawn")) as processes:
        found = dict(zip(shuffled, processes.map(partial(digest, path), shuffled), strict=True))
    assert found == expected


def test_a_film_of_variable_rate_shows_the_frame_of_each_moment():
    times = [0, 1, 2, 30, 31, 40, 90, 91, 92, 93]
    film = film_bytes("mp4", frames=len(times), times=times)
    shown = numbers_in(whole(film, fps=25, fps_exact=True))
    assert shown == [max(n for n, time in enumerate(times) if time < number + 0.5) for number in range(len(shown))]
    assert len(shown) == 94


@pytest.mark.parametrize("container", ["matroska", "mpegts", "flv"])
def test_containers_give_the_same_frames(container):
    film = film_bytes(container, frames=80)
    shown = numbers_in(whole(film, segment_duration=2))
    # The duration of FLV has the delay of the decoder in it: the last frame is shown longer.
    assert shown == [*range(80), *[79] * (len(shown) - 80)]
    assert len(shown) == (82 if container == "flv" else 80)


def test_pictures_are_upright_and_as_large_as_the_playlist_says():
    film = film_bytes("mp4", frames=5, size=(224, 128), rotation=90)
    assert b"RESOLUTION=120x210" in member_of(film, "master.m3u8")
    with av.open(io.BytesIO(whole(film))) as stream:
        frame = next(stream.decode(video=0))
    assert (frame.width, frame.height, frame.rotation) == (120, 210, 0)


def test_av1_renditions_have_the_codec_that_the_playlist_says():
    film, ladder = film_bytes("mp4", frames=30), ("120", "av1")
    assert b'CODECS="av01.0.00M.08"\n120-av1/v.m3u8' in member_of(film, "master.m3u8", ladder)
    stream = whole(film, "120-av1", ladder)
    assert numbers_in(stream) == list(range(30))
    assert find(stream, b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")[94:].find(b"av1C\x81\x00") > 0


@pytest.mark.parametrize("container", ["mp4", "matroska"])
def test_copied_packets_are_a_rendition_with_the_boundaries_of_the_others(container):
    film, ladder = film_bytes(container, frames=130), ("120", "copy")
    more = {"ladder": ladder, "segment_duration": 2.1}
    assert segment_count(film, "copy", **more) == segment_count(film, "120", **more) == 3
    for name in ("copy", "120"):
        assert numbers_in(whole(film, name, **more)) == list(range(130))
        starts = [decode_time(member_of(film, f"{name}/{k}.m4s", **more)) for k in range(3)]
        header = member_of(film, f"{name}/init.mp4", **more)
        scale = int.from_bytes(find(header, b"moov", b"trak", b"mdia", b"mdhd")[12:16])
        assert [round(25 * start / scale) for start in starts] == [0, 60, 120]


@pytest.mark.parametrize(
    ("name", "needs_film"),
    [(name, False) for name in (
        "master.m3u8", "manifest.mpd", "120/v.m3u8", "copy/v.m3u8", "a/a.m3u8", "120/init.mp4", "a/init.mp4",
    )] + [("120/1.m4s", True), ("copy/1.m4s", True), ("a/1.m4s", True)],
)  # fmt: skip
@pytest.mark.parametrize("container", ["mp4", "matroska"])
def test_known_facts_change_no_byte_and_spare_the_film(container, name, needs_film):
    film = film_bytes(container, frames=130, size=(224, 128), rotation=90 * (container == "mp4"), sound=True)
    plan = Plan(format="m3u8", media=MediaPlan(member=name, ladder=("120", "copy"), segment_duration=2.1))
    with byte_source(film) as source:
        FilmReader(FilmConfig()).look_at_first_frame(source)
        made = make(source, plan, FilmConfig())
        facts = decode_facts(encode_facts(source.facts))
        assert facts.keys is not None
    # Behind its head, there is nothing to be read of the film.
    with byte_source(film if needs_film else film[:64].ljust(len(film), b"\0")) as source:
        source.facts = facts
        assert make(source, plan, FilmConfig()) == made
        assert source.facts is facts, "nothing new is found out"


def test_copy_without_an_index_is_refused():
    with pytest.raises(LimitError, match="index of its key frames"):
        member_of(film_bytes("mpegts", frames=80), "copy/v.m3u8", ("120", "copy"))
    with pytest.raises(UnsupportedFormatError, match="cannot be copied"):
        member_of(film_bytes("webm", codec="libvpx-vp9", frames=10), "copy/v.m3u8", ("120", "copy"))


def test_sound_alone_has_renditions_of_its_own():
    film = wave(7)
    assert b"a128/a.m3u8" in member_of(film, "master.m3u8")
    with av.open(io.BytesIO(whole(film, "a64"))) as stream:
        assert sum(frame.samples for frame in stream.decode(audio=0)) == -(-7 * SOUND_RATE // FRAME) * FRAME
    assert b"video" not in member_of(film, "manifest.mpd")


def test_a_silent_film_has_no_sound():
    film = film_bytes("mp4", frames=5)
    assert b"AUDIO" not in member_of(film, "master.m3u8")
    with pytest.raises(MemberError):
        member_of(film, "a/0.m4s")


def test_a_stream_of_nothing_is_refused():
    with pytest.raises(MissingStreamError):
        member_of(film_bytes("mp4", frames=5), "master.m3u8", video_codec="none")


@pytest.mark.parametrize("name", ["120/6.m4s", "a/6.m4s", "120-av1/0.m4s", "a64/a.m3u8", "copy/0.m4s", "240/0.m4s"])
def test_members_that_the_stream_does_not_have(name):
    with pytest.raises(MemberError):
        member(name)


def test_outputs_tell_the_media_type():
    film = film_bytes("mp4", frames=5, sound=True)
    names = ("master.m3u8", "manifest.mpd", "120/init.mp4", "a/init.mp4", "120/0.m4s", "a/0.m4s")
    assert [variant_of(film, name).format for name in names] == ["m3u8", "mpd", "cmfv", "cmfa", "cmfv", "cmfa"]


def test_volume_is_one_gain():
    film = film_bytes("mp4", frames=50, sound=True)
    assert member_of(film, "a/0.m4s", volume=-6.0) == member_of(film, "a/0.m4s")
    with av.open(io.BytesIO(whole(stream_film(), "a", volume=-6.0, segment_duration=10))) as stream:
        quiet = max(float(np.abs(frame.to_ndarray()).max()) for frame in stream.decode(audio=0))
    with av.open(io.BytesIO(rendition("a"))) as stream:
        loud = max(float(np.abs(frame.to_ndarray()).max()) for frame in stream.decode(audio=0))
    assert 0.4 < quiet / loud < 0.6


@pytest.mark.parametrize("media", [{"video_codec": "vp9"}, {"audio_codec": "opus"}])
def test_other_codecs_are_refused(media):
    with pytest.raises(UnsupportedFormatError, match=r"H\.264 and AAC"):
        member_of(film_bytes("mp4", frames=5), "master.m3u8", **media)


@pytest.mark.parametrize(("options", "is_mapped"), [({}, True), ({"tone_map": False}, False)])
def test_stream_of_a_film_in_hdr_has_the_colours_of_a_short_film_of_it(options, is_mapped):
    film = film_bytes(
        "matroska", codec="libx265", pixel_format="yuv420p10le", color=(9, 16), frames=30, size=(224, 128)
    )
    stream = whole(film, ladder=("120",), **options)
    with av.open(io.BytesIO(stream)) as source:
        context = source.streams.video[0].codec_context
        found = int(context.color_primaries), int(context.color_trc)
    assert found == ((1, 1) if is_mapped else (9, 16))
    if is_mapped:
        shown, expected = frames_of(stream), frames_of(film_of(film, Plan(height=120)).body)
        assert np.abs(shown[20].astype(int) - expected[20]).mean() < 6


def test_stream_of_an_interlaced_film_has_whole_frames():
    film = interlaced()
    plain, smooth = (frames_of(whole(film, "96", ("96",), deinterlace=on)) for on in (False, True))
    assert len(plain) == len(smooth) == 12
    assert combing(smooth[6]) < combing(plain[6]) / 3
