"""Segments that are made before a player asks for them."""

import asyncio
from dataclasses import replace

import pytest

from mememime_proxy.errors import MemberError
from mememime_proxy.formats.media_plan import MediaPlan
from mememime_proxy.proxy.variants.look_ahead import LookAhead
from tests.support.provider_chain import KEYS, PLAN, FakeProvider, make_request


class Films:
    """Workers, of which some are idle."""

    idle = 1

    def idle_workers(self):
        return self.idle


def segment(number, rendition="360"):
    media = MediaPlan(member=f"{rendition}/{number}.m4s", ladder=("360",))
    return replace(PLAN, width=0, format="m3u8", media=media)


def members(provider):
    return [request.plan.media.member for request in provider.requests]


@pytest.fixture
async def made():
    """Returns what looks ahead, its provider and its films; the number of segments is the argument."""
    started = []

    def start(count=1):
        provider, films = FakeProvider(), Films()
        started.append(LookAhead(films, KEYS, count, 30, provider))
        return started[-1], provider, films

    yield start
    for each in started:
        await each.close()


async def settle():
    for _ in range(20):
        await asyncio.sleep(0)


async def test_next_segments_are_requested_as_a_player_would(made):
    ahead, provider, _ = made(count=2)
    ahead.follow(make_request(segment(3), if_none_match='"x"', cookie="a=1"))
    await settle()
    assert members(provider) == ["360/4.m4s", "360/5.m4s"]
    as_asked = make_request(segment(4), cookie="a=1")
    assert provider.requests[0].key == as_asked.key
    assert provider.requests[0].conditions == as_asked.conditions
    assert provider.requests[0].remaining_seconds() > 25


async def test_sound_is_followed_by_sound(made):
    ahead, provider, _ = made()
    ahead.follow(make_request(segment(0, "a")))
    await settle()
    assert members(provider) == ["a/1.m4s"]


@pytest.mark.parametrize("member", ["360/v.m3u8", "360/init.mp4", "master.m3u8", "storyboard.vtt", "sb/0.jpg"])
async def test_other_members_are_followed_by_none(made, member):
    ahead, provider, _ = made()
    ahead.follow(make_request(replace(segment(0), media=MediaPlan(member=member, ladder=("360",)))))
    await settle()
    assert not provider.requests


async def test_nothing_is_made_in_advance_while_no_worker_is_idle(made):
    ahead, provider, films = made(count=3)
    films.idle = 0
    ahead.follow(make_request(segment(0)))
    await settle()
    assert not provider.requests
    films.idle = 1
    provider.gate.clear()
    ahead.follow(make_request(segment(0)))
    await settle()
    films.idle = 0
    provider.gate.set()
    await settle()
    assert members(provider) == ["360/1.m4s"], "it ends where others need the worker"


async def test_players_of_one_stream_share_what_is_made(made):
    ahead, provider, films = made()
    films.idle = 9
    provider.gate.clear()
    for _ in range(5):
        ahead.follow(make_request(segment(0)))
    await settle()
    assert members(provider) == ["360/1.m4s"]


async def test_no_more_is_under_way_than_workers_are_idle(made):
    ahead, provider, films = made()
    films.idle = 2
    provider.gate.clear()
    for number in range(5):
        ahead.follow(make_request(segment(number)))
    await settle()
    assert len(provider.requests) == 2


async def test_end_of_the_stream_is_no_error(made):
    ahead, provider, _ = made(count=5)
    provider.result = MemberError("found segment 4, and there are 4")
    ahead.follow(make_request(segment(3)))
    await settle()
    assert members(provider) == ["360/4.m4s"]
    provider.result = None
    ahead.follow(make_request(segment(1)))
    await settle()
    assert members(provider)[1] == "360/2.m4s"


async def test_zero_switches_it_off(made):
    ahead, provider, _ = made(count=0)
    ahead.follow(make_request(segment(0)))
    await settle()
    assert not provider.requests


async def test_close_ends_what_is_under_way(made):
    ahead, provider, _ = made()
    provider.gate.clear()
    ahead.follow(make_request(segment(0)))
    await settle()
    await ahead.close()
    assert not ahead._tasks
