"""The stream in place of a clip that takes too long."""

import pytest

from tests.support.url_strategies import ENCRYPTION_KEY, builder, signed, unsigned

PARSER = signed(path_prefix="/img", presets=("card=w:10",))
SOURCE = "local:///film.mkv"


def stream_of(url):
    return PARSER.stream_target(f"/img{url}")


@pytest.mark.parametrize(
    ("options", "kept", "ladder"),
    [
        ("", "", ()),
        ("h:720", "ld:720/", ("720",)),
        ("h:720/q:60/vc:av1/es:3/vol:-3/ac:none", "ld:720/q:60/vol:-3/ac:none/", ("720",)),
        ("h:720/h:360", "ld:360/", ("360",)),
        ("f:mp4", "", ()),
    ],
)
def test_stream_has_the_source_and_the_options_that_mean_the_same(options, kept, ladder):
    extension = "" if options == "f:mp4" else "@mp4"
    target = stream_of(builder().sign(f"{options + '/' if options else ''}plain/{SOURCE}{extension}"))
    assert target.startswith("/img/")
    assert target.endswith(f"/{kept}plain/{SOURCE}@m3u8")
    plan = PARSER.parse(target)
    assert (plan.format, plan.source, plan.media.ladder) == ("m3u8", SOURCE, ladder)


@pytest.mark.parametrize("url", [builder().base64().build(SOURCE, "webm"), builder().encrypted().build(SOURCE, "mp4")])
def test_stream_of_a_source_that_is_not_plain(url):
    parser = signed(source_url_encryption_key=bytes.fromhex(ENCRYPTION_KEY))
    plan = parser.parse(parser.stream_target(url))
    assert (plan.format, plan.source) == ("m3u8", SOURCE)


@pytest.mark.parametrize("options", ["tc:0:15", "w:480", "rs:fit:0:720", "c:100:100", "bl:20", "pr:card", "h:720/pd:3"])
def test_clip_that_shows_less_than_the_film_has_no_stream(options):
    assert stream_of(builder().sign(f"{options}/plain/{SOURCE}@mp4")) == ""


@pytest.mark.parametrize("extension", ["mp3", "json", "webp", "m3u8"])
def test_other_results_have_no_stream(extension):
    assert stream_of(builder().sign(f"plain/{SOURCE}@{extension}")) == ""


def test_unsigned_url_has_an_unsigned_stream():
    assert unsigned().stream_target(f"/unsafe/plain/{SOURCE}@mp4") == f"/unsafe/plain/{SOURCE}@m3u8"
