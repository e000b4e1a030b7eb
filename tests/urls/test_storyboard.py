"""Members of storyboards: the same ones in the trees of streams, each a plan of its own."""

import pytest

from mememime_proxy.errors import MemberError
from mememime_proxy.formats.outputs import OutputKind
from tests.support.url_strategies import builder, signed

PARSER = signed()
SOURCE = "local:///film.mp4"


def parse(member, options="sb:2:160:90:5:4/q:50", extension="vtt"):
    return PARSER.parse(f"{builder().sign(f'{options}/plain/{SOURCE}@{extension}')}/~/{member}")


def test_sheet_is_a_sprite_from_its_first_frame_on():
    plan = parse("sb/3.jpg")
    assert (plan.output_kind, plan.format, plan.quality) == (None, "jpeg", 50)
    assert plan.video_moment.value == 3 * 20 * 2
    tile = plan.video_tile
    assert (tile.step, tile.columns, tile.rows, tile.width, tile.height, tile.trim) == (2, 5, 4, 160, 90, True)


def test_members_of_a_stream_and_of_a_storyboard_are_equal():
    options = "sb:2:160:90:5:4/q:50"
    for member in ("storyboard.vtt", "sb/1.jpg"):
        assert parse(member) == parse(member, f"{options}/ld:720:360/sd:4", "m3u8") == parse(member, options, "mpd")
    assert parse("storyboard.vtt").output_kind is OutputKind.STORYBOARD


def test_side_that_is_not_named_follows_from_the_film():
    tile = parse("sb/0.jpg", "sb:2:120:0").video_tile
    assert (tile.width, tile.height) == (120, 10_000)


@pytest.mark.parametrize(
    ("member", "options"),
    [("sb/1.jpg", "sb:-1"), ("720/v.m3u8", "sb:2"), ("master.m3u8", "sb:2"), ("sb/x.jpg", "sb:2")],
)
def test_members_that_a_storyboard_does_not_have_are_unknown(member, options):
    with pytest.raises(MemberError):
        parse(member, options)


def test_signed_url_itself_stands_for_the_file():
    plan = PARSER.parse(builder().sign(f"sb:2/plain/{SOURCE}@vtt"))
    assert (plan.output_kind, plan.media.member) == (OutputKind.STORYBOARD, "")
    assert plan.video_tile == parse("storyboard.vtt", "sb:2").video_tile
