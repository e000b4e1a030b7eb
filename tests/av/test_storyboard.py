"""Storyboards: cues cover the film without a gap, and each names the tile that shows its part."""

import itertools
import re

import pytest
import pyvips

from mememime_proxy.av.results import make
from mememime_proxy.av.storyboard import MAX_CUES, storyboard
from mememime_proxy.errors import LimitError, MemberError, MissingStreamError
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.formats.film_still import VideoMoment, VideoTile
from mememime_proxy.formats.media_plan import MediaPlan
from mememime_proxy.plan import Plan
from tests.support.av_sources import byte_source, frame_of
from tests.support.films import container_film, number_in, wave

TILE = VideoTile(0.5, 2, 1, 80, 10_000, trim=True)
_CUE = re.compile(r"(\S+) --> (\S+)\nsb/(\d+)\.jpg#xywh=(\d+),(\d+),(\d+),(\d+)")


def cues(text):
    """Of a file: begin and end as written, sheet, left, top, width, height."""
    head, *parts = text.rstrip("\n").split("\n\n")
    assert head == "WEBVTT"
    return [(m[1], m[2], *map(int, m.groups()[2:])) for m in map(_CUE.fullmatch, parts)]


def test_cues_go_row_by_row_and_sheet_by_sheet_to_the_end():
    found = cues(storyboard(VideoTile(30, 2, 2, 160, 90), (160, 90), 3725.5))
    assert len(found) == 125
    assert found[0] == ("00:00:00.000", "00:00:30.000", 0, 0, 0, 160, 90)
    assert [each[2:5] for each in found[1:5]] == [(0, 160, 0), (0, 0, 90), (0, 160, 90), (1, 0, 0)]
    assert found[-1] == ("01:02:00.000", "01:02:05.500", 31, 0, 0, 160, 90)
    assert all(first[1] == second[0] for first, second in itertools.pairwise(found))


def test_negative_step_is_the_film_by_the_tiles_of_one_sheet():
    found = cues(storyboard(VideoTile(-1, 3, 2, 160, 90), (160, 90), 12))
    assert [each[:3] for each in found[::5]] == [
        ("00:00:00.000", "00:00:02.000", 0),
        ("00:00:10.000", "00:00:12.000", 0),
    ]


def test_duration_that_is_rounded_makes_no_cue_without_a_frame():
    assert len(cues(storyboard(VideoTile(2, 3, 2, 160, 90), (160, 90), 12.0000004))) == 6


def test_too_many_cues_are_refused():
    with pytest.raises(LimitError, match="step longer"):
        storyboard(VideoTile(0.1, 3, 2, 160, 90), (160, 90), MAX_CUES)


def test_tiles_of_the_sheets_show_the_frames_of_their_cues():
    film = container_film("mp4")
    with byte_source(film) as source:
        made = make(source, Plan(format="vtt", video_tile=TILE, media=MediaPlan(member="storyboard.vtt")), FilmConfig())
    found = cues(made.body.decode())
    assert len(found) == 4  # two seconds
    for number, (_, _, sheet, left, top, width, height) in enumerate(found):
        plan = Plan(video_tile=TILE, video_moment=VideoMoment(value=sheet * 1.0), media=MediaPlan(member="sb/0.jpg"))
        image = pyvips.Image.new_from_buffer(frame_of(film, plan).body, "")
        area = image.crop(left, top, width, height).resize(2)
        assert number_in(area.pngsave_buffer()) == round(number * 12.5 - 0.25)
        assert width == 80


def test_sheet_behind_the_end_is_none():
    plan = Plan(video_tile=TILE, video_moment=VideoMoment(value=2.0), media=MediaPlan(member="sb/2.jpg"))
    with pytest.raises(MemberError, match="no such sheet"):
        frame_of(container_film("mp4"), plan)


def test_sound_has_no_storyboard():
    with byte_source(wave(1.0)) as source, pytest.raises(MissingStreamError):
        make(source, Plan(format="vtt", video_tile=TILE), FilmConfig())
