"""Members of streams behind `/~/`: one signature covers the whole tree, and nothing else."""

import pytest

from mememime_proxy.errors import ExpiredError, MemberError, SignatureError
from mememime_proxy.urls.path import split_member
from tests.support.url_strategies import builder, signed

PARSER = signed()
SOURCE = "local:///film.mp4"


def url(extension="m3u8", options="ld:720:360"):
    return builder().sign(f"{options}/plain/{SOURCE}@{extension}")


def parse(target, **more):
    return PARSER.parse(target, **more)


@pytest.mark.parametrize("extension", ["m3u8", "mpd"])
def test_members_of_both_trees_have_one_plan(extension):
    plan = parse(f"{url(extension)}/~/720/3.m4s")
    assert plan == parse(f"{url('m3u8')}/~/720/3.m4s")
    assert (plan.media.member, plan.format, plan.source) == ("720/3.m4s", "m3u8", SOURCE)
    assert parse(url(extension)).media.member == ""


def test_signature_covers_the_part_before_the_members():
    with pytest.raises(SignatureError):
        parse(f"{url(options='ld:720').replace('ld:720', 'ld:1080')}/~/1080/0.m4s")
    # A signature over a member is none of the tree.
    signature = builder().sign(f"ld:720/plain/{SOURCE}@m3u8/x").split("/")[1]
    with pytest.raises(SignatureError):
        parse(f"/{signature}/ld:720/plain/{SOURCE}@m3u8/~/720/0.m4s")


@pytest.mark.parametrize("member", ["1080/0.m4s", "copy/v.m3u8", "x", "", "720/0.m4s/~/720/0.m4s", "%37%32%30/0.m4s"])
def test_members_that_were_not_signed_are_unknown(member):
    with pytest.raises(MemberError):
        parse(f"{url()}/~/{member}")


@pytest.mark.parametrize("extension", ["mp4", "webp"])
def test_only_streams_have_members(extension):
    with pytest.raises(MemberError, match="only streams"):
        parse(f"{builder().sign(f'plain/{SOURCE}@{extension}')}/~/master.m3u8")


@pytest.mark.parametrize("extension", ["mp4", "jpeg"])
def test_storyboard_needs_a_tree(extension):
    with pytest.raises(MemberError):
        parse(f"{builder().sign(f'plain/{SOURCE}@{extension}')}/~/storyboard.vtt")


def test_expiry_covers_the_tree():
    target = f"{url(options='exp:1000')}/~/master.m3u8"
    assert parse(target, now=999).expires == 1000
    with pytest.raises(ExpiredError):
        parse(target, now=1001)


def test_source_with_the_mark_in_its_name_is_escaped():
    source = "local:///~/a/~/~/b.mp4"
    target = builder().plain().build(source, "m3u8")
    assert "/~/" not in target
    assert parse(target).source == source


def test_builder_signs_the_path_of_the_stream_of_a_member():
    assert builder().sign(f"ld:720:360/plain/{SOURCE}@m3u8/~/720/0.m4s") == f"{url()}/~/720/0.m4s"
    assert split_member("/a/~/b/~/c") == ("/a", "b/~/c")
