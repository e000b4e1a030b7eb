import pytest

from mememime_proxy.errors import MemberError
from mememime_proxy.formats.stream_members import Member, MemberKind, next_member, parse_member

LADDER = ("720", "360", "copy", "av1")


@pytest.mark.parametrize(
    ("name", "member"),
    [
        ("master.m3u8", Member(MemberKind.MASTER)),
        ("manifest.mpd", Member(MemberKind.MANIFEST)),
        ("storyboard.vtt", Member(MemberKind.STORYBOARD)),
        ("720/v.m3u8", Member(MemberKind.PLAYLIST, "720")),
        ("720-av1/v.m3u8", Member(MemberKind.PLAYLIST, "720-av1")),
        ("copy/v.m3u8", Member(MemberKind.PLAYLIST, "copy")),
        ("a/a.m3u8", Member(MemberKind.PLAYLIST, "a")),
        ("a64/a.m3u8", Member(MemberKind.PLAYLIST, "a64")),
        ("360/init.mp4", Member(MemberKind.HEADER, "360")),
        ("a/init.mp4", Member(MemberKind.HEADER, "a")),
        ("360/0.m4s", Member(MemberKind.SEGMENT, "360", 0)),
        ("a/12.m4s", Member(MemberKind.SEGMENT, "a", 12)),
        ("sb/3.jpg", Member(MemberKind.SHEET, number=3)),
    ],
)
def test_names_of_the_closed_list(name, member):
    assert parse_member(name, LADDER) == member
    assert member.is_sound is name.startswith("a")


@pytest.mark.parametrize(
    "name",
    [
        *("", "v.m3u8", "720", "720/", "720/a.m3u8", "a/v.m3u8", "720/init.m4s", "720/00.m4s", "720/-1.m4s"),
        *("720/1.m4s/", "/720/1.m4s", "720//1.m4s", "720/1.m4s?x", "../720/1.m4s", "720/1.M4S", "0720/1.m4s"),
        *("720/\u0661.m4s", "720/1.m4s\n", "sb/01.jpg", "a0/a.m3u8", "master.m3u8/~/master.m3u8", "720/9999999.m4s"),
        *("1080/v.m3u8", "480/0.m4s", "360-hevc/0.m4s"),
    ],
)
def test_all_other_names_are_unknown(name):
    with pytest.raises(MemberError):
        parse_member(name, LADDER)


@pytest.mark.parametrize("name", ["copy/v.m3u8", "720-av1/init.mp4"])
def test_renditions_need_their_word_in_the_ladder(name):
    with pytest.raises(MemberError, match="the ladder has no rendition"):
        parse_member(name, ("720", "360"))


def test_without_a_known_ladder_every_rendition_may_be():
    assert parse_member("1080/v.m3u8", ()).rendition == "1080"


def test_next_member_is_the_segment_that_follows():
    assert next_member(parse_member("720/9.m4s", LADDER)) == "720/10.m4s"
