"""Short films for plans: with sound, without, copied, and of the frames of an animated picture."""

import io
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from mememime_proxy.av.moving.results import make_video
from mememime_proxy.errors import MissingStreamError, OptionError, UnsupportedFormatError
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.formats.media_plan import ALL_TRACKS, MediaPlan
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import ImageLimits, Plan, RenderConfig
from tests.support.av_sources import byte_source
from tests.support.films import container_film, film_bytes, numbered
from tests.support.moving import edited_film, numbers_of, times_of
from tests.support.sounds import add_sound, click_times, clicks, decode

GIF_DELAYS = [100, 200, 100, 400]


def video(content, config=None, **options):
    plan = {name: options.pop(name) for name in ("format", "width", "quality", "strip_metadata") if name in options}
    with byte_source(content) as source:
        wanted = Plan(**({"format": "mp4"} | plan), media=MediaPlan(**({"encoder_speed": 9} | options)))
        return make_video(source, wanted, config or FilmConfig())


@pytest.mark.parametrize("codec", ["auto", "copy"])
@pytest.mark.parametrize(("strips", "kept"), [(True, {}), (False, {"title": "a title", "artist": "an artist"})])
def test_film_has_title_and_artist_where_metadata_is_kept_and_never_a_place(codec, strips, kept):
    tags = {"title": "a title", "artist": "an artist", "location": "+48.8577+002.295/", "comment": "48.8577"}
    body = video(film_bytes("mp4", frames=10, tags=tags), video_codec=codec, strip_metadata=strips).body
    with av.open(io.BytesIO(body)) as film:
        assert {name: film.metadata[name] for name in tags if name in film.metadata} == kept
    assert b"48.8577" not in body


def test_copy_of_an_original_has_every_track_of_sound_and_its_rotation():
    buffer = io.BytesIO()
    original = io.BytesIO(film_bytes("mp4", frames=20, sound=True, rotation=90))
    with av.open(original) as film, av.open(buffer, "w", format="mp4") as target:
        pictures, sound = film.streams
        copies = {0: target.add_stream_from_template(pictures)}
        second = target.add_stream_from_template(sound)
        copies[1] = target.add_stream_from_template(sound)
        for packet in film.demux():
            if packet.dts is None:
                continue
            if packet.stream is sound:
                again = av.Packet(bytes(packet))
                again.pts, again.dts, again.time_base = packet.pts, packet.dts, packet.time_base
                again.stream = second
                target.mux(again)
            packet.stream = copies[packet.stream.index]
            target.mux(packet)
    body = video(buffer.getvalue(), video_codec="copy", track=ALL_TRACKS).body
    assert [kind for kind, _ in streams_of(body)] == ["video", "audio", "audio"]
    with av.open(io.BytesIO(body)) as film:
        assert abs(next(film.decode(video=0)).rotation) == 90


def streams_of(body):
    with av.open(io.BytesIO(body)) as film:
        return [(stream.type, stream.codec_context.codec.canonical_name) for stream in film.streams]


@pytest.fixture(scope="module")
def with_sound():
    return film_bytes("mp4", sound=True)


def test_film_has_the_sound_of_its_original(with_sound):
    variant = video(with_sound, clip_start=0.4, clip_duration=1)
    assert (variant.format, variant.width, variant.height, variant.source_format) == ("mp4", 224, 64, "mp4")
    assert streams_of(variant.body) == [("video", "h264"), ("audio", "aac")]
    assert numbers_of(variant.body) == list(range(10, 35)) or numbers_of(variant.body)[0] in (9, 10)
    with av.open(io.BytesIO(variant.body)) as film:
        assert film.duration / av.time_base == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize(
    ("options", "streams"),
    [
        ({"audio_codec": "none"}, [("video", "h264")]),
        ({"format": "webm"}, [("video", "av1"), ("audio", "opus")]),
        ({"video_codec": "copy"}, [("video", "h264"), ("audio", "aac")]),
        ({"video_codec": "copy", "format": "mov", "audio_codec": "none"}, [("video", "h264")]),
    ],
)
def test_streams_are_those_of_the_options(with_sound, options, streams):
    assert streams_of(video(with_sound, **options).body) == streams


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"video_codec": "none"}, "video_codec"),
        ({"format": "mov"}, "video_codec"),
        ({"video_codec": "copy", "fps": 5.0}, "fps"),
        ({"video_codec": "copy", "width": 100}, "width"),
        ({"video_codec": "copy", "audio_codec": "aac"}, "audio_codec"),
        ({"audio_codec": "copy"}, "audio_codec"),
    ],
)
def test_options_that_contradict_each_other_are_refused_by_name(with_sound, options, name):
    with pytest.raises(OptionError, match=name):
        video(with_sound, **options)


def loudest(body):
    """The level that one sample of a hundred is above, and the seconds of the sound."""
    with av.open(io.BytesIO(body)) as film:
        frames = [frame.to_ndarray() for frame in film.decode(audio=0)]
        rate = film.streams.audio[0].codec_context.sample_rate
    samples = np.concatenate([frame[0] for frame in frames])
    return float(np.percentile(np.abs(samples), 99)), len(samples) / rate


def test_sound_obeys_volume_speed_and_fades():
    with av.open(buffer := io.BytesIO(), "w", format="matroska") as film:
        picture, sound = film.add_stream("libx264", rate=25), film.add_stream("aac", rate=48000, layout="mono")
        picture.width, picture.height, picture.pix_fmt = 224, 64, "yuv420p"
        for number in range(50):
            frame = av.VideoFrame.from_ndarray(numbered(number), format="rgb24")
            film.mux(picture.encode(frame))
        wave = (0.25 * np.sin(np.arange(96_000) * 2 * np.pi * 440 / 48_000)).astype(np.float32)
        tone = av.AudioFrame.from_ndarray(wave[None], "fltp", "mono")
        tone.sample_rate = 48_000
        film.mux([*picture.encode(None), *sound.encode(tone), *sound.encode(None)])
    content = buffer.getvalue()
    plain, seconds = loudest(video(content).body)
    assert (plain, seconds) == (pytest.approx(0.25, abs=0.03), pytest.approx(2, abs=0.1))
    assert loudest(video(content, volume=6.0).body)[0] == pytest.approx(0.5, abs=0.06)
    fast = video(content, speed=2.0).body
    assert loudest(fast)[1] == pytest.approx(1, abs=0.1)
    assert numbers_of(fast) == list(range(0, 50, 2))
    assert loudest(video(content, loudness=(-16.0, -1.0)).body)[0] > 0.12
    with av.open(io.BytesIO(video(content, fade_in=1.0).body)) as film:
        start = next(film.decode(audio=0)).to_ndarray()
    assert np.abs(start).max() < 0.05


def test_track_that_there_is_not_is_missing_and_a_silent_film_stays_silent():
    with pytest.raises(MissingStreamError):
        video(container_film("mp4"), track="3")
    assert streams_of(video(container_film("mp4")).body) == [("video", "h264")]


def test_codecs_that_the_operator_does_not_allow_are_refused():
    with pytest.raises(UnsupportedFormatError, match="MEMEMIME_AV_CODECS"):
        video(container_film("mp4"), FilmConfig(codecs=("av1", "opus")))


def stack(delays=GIF_DELAYS, **plan):
    frames = [Image.fromarray(numbered(number)) for number in range(len(delays))]
    gif = io.BytesIO()
    frames[0].save(gif, "GIF", save_all=True, append_images=frames[1:], duration=delays)
    limits = ImageLimits(max_animation_frames=100)
    wanted = Plan(format="png", as_stack=True, background=(255, 255, 255), limits=limits, **plan)
    return Renderer(RenderConfig()).render(gif.getvalue(), wanted).body


@pytest.mark.parametrize("format_", ["mp4", "webm"])
def test_animated_picture_is_shown_with_its_delays(format_):
    variant = video(stack(), format=format_)
    assert numbers_of(variant.body) == [0, 1, 1, 2, 3, 3, 3, 3]
    assert times_of(variant.body) == pytest.approx([number / 10 for number in range(8)], abs=0.002)
    assert (variant.width, variant.height, variant.pages) == (224, 64, 8)


def test_animated_picture_obeys_rate_and_speed_and_has_even_sides():
    assert numbers_of(video(stack(), fps=5.0).body) == [0, 1, 3, 3]
    assert numbers_of(video(stack(), speed=2.0).body) == [0, 1, 1, 2, 3, 3, 3, 3]
    variant = video(stack(width=113))
    assert (variant.width % 2, variant.height % 2) == (0, 0)


def test_picture_that_does_not_move_is_refused():
    with pytest.raises(UnsupportedFormatError, match="neither a film nor an animation"):
        video(stack([100]))


def test_colours_of_an_animated_picture_stay():
    colors = [(200, 30, 30), (30, 200, 30), (30, 30, 200)]
    frames = [Image.new("RGB", (64, 64), color) for color in colors]
    webp = io.BytesIO()
    frames[0].save(webp, "WEBP", save_all=True, append_images=frames[1:], duration=100, lossless=True)
    plan = Plan(format="png", as_stack=True, limits=ImageLimits(max_animation_frames=9))
    variant = video(Renderer(RenderConfig()).render(webp.getvalue(), plan).body, quality=90)
    with av.open(io.BytesIO(variant.body)) as film:
        context = film.streams.video[0].codec_context
        assert (int(context.colorspace), int(context.color_trc)) == (1, 1)
        for frame, color in zip(film.decode(video=0), colors, strict=True):
            shown = frame.reformat(format="rgb24", src_colorspace="ITU709").to_ndarray()
            assert np.abs(shown.astype(int) - color).max() <= 6


def with_late_sound(container, codec, late):
    """Four seconds of numbered frames; sound begins ``late``, with a click at each whole second from there on."""
    buffer, rate = io.BytesIO(), 48_000
    samples = clicks(4, rate)
    with av.open(buffer, "w", format=container) as film:
        pictures = film.add_stream("libx264", rate=25, options={"preset": "ultrafast", "bf": "2", "g": "10"})
        pictures.width, pictures.height, pictures.pix_fmt = 224, 64, "yuv420p"
        sound = film.add_stream(codec, rate=rate, layout="stereo")
        for number in range(100):
            frame = av.VideoFrame.from_ndarray(numbered(number), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            film.mux(pictures.encode(frame))
            if number / 25 >= late:
                begin = number * rate // 25
                add_sound(film, sound, samples[:, begin : begin + rate // 25], rate, begin)
        film.mux(pictures.encode())
        film.mux(sound.encode())
    return buffer.getvalue()


@pytest.mark.parametrize(("container", "codec"), [("mp4", "aac"), ("matroska", "flac"), ("mpegts", "mp2")])
@pytest.mark.parametrize(
    ("clip", "numbers", "heard"),
    [((0, 0), range(100), (1, 2, 3)), ((1.4, 2), range(35, 85), (0.6, 1.6)), ((0.4, 0.8), range(10, 30), (0.6,))],
)
def test_clicks_of_sound_that_begins_late_are_beside_their_frames(container, codec, clip, numbers, heard):
    body = video(with_late_sound(container, codec, 1), clip_start=clip[0], clip_duration=clip[1]).body
    assert numbers_of(body) == list(numbers)
    samples, rate = decode(body)
    with av.open(io.BytesIO(body)) as film:
        begin = float(film.streams.audio[0].start_time * film.streams.audio[0].time_base)
    assert [begin + time for time in click_times(samples, rate)] == pytest.approx(heard, abs=0.004)


@pytest.mark.parametrize(
    ("entries", "numbers"),
    [
        ([(1400, 13)], [*range(13, 48)]),
        ([(1000, -1), (2000, 0)], [*range(50)]),
        ([(400, 20), (400, 5)], [*range(20, 30), *range(5, 15)]),
    ],
)
def test_film_with_edits_is_encoded_as_it_is_shown(entries, numbers):
    assert numbers_of(video(edited_film(*entries)).body) == numbers
