"""What is told of films and sound, with the names of imgproxy."""

from fractions import Fraction

import pytest

from mememime_proxy.av.films import FilmReader
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.formats.info_fields import InfoFields
from mememime_proxy.plan import Plan
from tests.support.av_sources import byte_source
from tests.support.films import HEIGHT, WIDTH, film_bytes, wave


def described(content, **fields):
    with byte_source(content) as source:
        return FilmReader(FilmConfig()).describe(source, Plan(info=InfoFields(**fields)))


def test_film_tells_size_format_dimensions_tags_and_streams():
    content = film_bytes(sound=True, tags={"title": "A film"})
    document = described(content)
    assert list(document) == [
        "size", "format", "mime_type", "width", "height", "orientation", "video_meta", "video_streams",
    ]  # fmt: skip
    assert document["size"] == len(content)
    assert (document["format"], document["mime_type"]) == ("mov,mp4,m4a,3gp,3g2,mj2", "video/mp4")
    assert (document["width"], document["height"]) == (WIDTH, HEIGHT)
    assert document["video_meta"]["title"] == "A film"
    video, audio = document["video_streams"]
    assert {name: video[name] for name in ("type", "codec", "fps", "duration")} == {
        "type": "video", "codec": "h264", "fps": 25.0, "duration": 2.0,
    }  # fmt: skip
    assert (audio["type"], audio["codec"], audio["frequency"], audio["layout"]) == ("audio", "aac", 48000, "stereo")


def test_dimensions_are_those_of_the_upright_frame():
    document = described(film_bytes(rotation=90, aspect=Fraction(4, 3)))
    assert (document["width"], document["height"]) == (HEIGHT, round(WIDTH * 4 / 3))


def test_sound_has_no_dimensions():
    document = described(wave())
    assert "width" not in document
    assert document["format"] == "wav"
    (stream,) = document["video_streams"]
    assert stream["type"] == "audio"


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ("size", {"size"}),
        ("format", {"format", "mime_type"}),
        ("dimensions", {"width", "height", "orientation"}),
        ("video_meta", {"video_meta", "video_streams"}),
    ],
)
def test_part_that_is_not_wanted_is_left_out(field, names):
    content = film_bytes()
    assert set(described(content)) - set(described(content, **{field: False})) == names
