"""What frames of a short film look like: geometry as of stills, rotation, aspect of pixels, colours, blur, canvas."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import (
    Crop,
    Extend,
    Gravity,
    GravityType,
    Padding,
    Plan,
    RenderConfig,
    ResizingType,
)
from tests.support.av_sources import frame_of
from tests.support.films import film_bytes, numbered
from tests.support.moving import film_of, frames_of

NUMBER = 0b10110011100011
FRAMES = 3


def film(**options):
    """A film of three frames that show one number, so that left and right differ."""
    options = {"frames": FRAMES, "numbers": [NUMBER] * FRAMES} | options
    return film_bytes(options.pop("format", "mp4"), **options)


def still(content, plan):
    """The frame by the picture pipeline, as an array."""
    import pyvips

    picture = frame_of(content, replace(plan, video_moment=replace(plan.video_moment, value=0.0)))
    body = Renderer(RenderConfig()).render(picture.body, replace(plan, format="png", background=(255, 255, 255))).body
    return pyvips.Image.new_from_buffer(body, "").colourspace("srgb").numpy()[..., :3]


PLANS = {
    "whole": Plan(),
    "smaller": Plan(width=112),
    "fill": Plan(width=64, height=64, resizing_type=ResizingType.FILL, gravity=Gravity(GravityType.EAST)),
    "fill by a focus point": Plan(
        width=40, height=64, resizing_type=ResizingType.FILL, gravity=Gravity(GravityType.FOCUS_POINT, 0.2, 0.5)
    ),
    "force": Plan(width=120, height=120, resizing_type=ResizingType.FORCE, enlarge=True),
    "crop": Plan(crop=Crop(0.5, 0, Gravity(GravityType.WEST)), width=56),
    "rotate": Plan(rotate=90, width=32),
    "flip": Plan(flip_horizontal=True, width=112),
    "rotated crop": Plan(rotate=270, crop=Crop(0, 0.5, Gravity(GravityType.NORTH)), width=32),
    "extend": Plan(width=112, height=112, extend=Extend(True, Gravity(GravityType.NORTH))),
    "padding": Plan(width=112, padding=Padding(8, 16, 4, 2)),
    "blur": Plan(width=112, blur=4.0),
}


@pytest.mark.parametrize("name", PLANS)
def test_frame_looks_as_a_still_of_the_same_plan(name):
    content, plan = film(), PLANS[name]
    expected = still(content, plan)
    result = film_of(content, replace(plan, quality=95))
    frames = frames_of(result.body)
    assert len(frames) == FRAMES
    assert frames[0].shape == expected.shape
    difference = np.abs(frames[1].astype(int) - expected.astype(int))
    assert difference.mean() < 9, f"mean difference {difference.mean():.1f}"


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_rotated_film_is_upright(rotation):
    content = film(rotation=rotation)
    expected = still(content, Plan())
    frames = frames_of(film_of(content, Plan(quality=95)).body)
    assert frames[0].shape == expected.shape
    assert np.abs(frames[1].astype(int) - expected).mean() < 6


def test_pixels_become_square():
    content = film(aspect=Fraction(4, 3))
    frames = frames_of(film_of(content, Plan(quality=95)).body)
    assert frames[0].shape == (64, 298, 3)
    assert np.abs(frames[1].astype(int) - still(content, Plan())[:, :298]).mean() < 6


def test_size_of_a_film_is_odd_and_that_of_the_result_even():
    content = film(size=(221, 63), pixel_format="yuv444p")
    assert frames_of(film_of(content).body)[0].shape == (62, 220, 3)


@pytest.mark.parametrize("transfer", [16, 18])
def test_hdr_is_tone_mapped_to_the_colours_of_a_still(transfer):
    content = film(format="matroska", codec="libx265", pixel_format="yuv420p10le", color=(9, transfer))
    expected = still(content, Plan())
    frames = frames_of(film_of(content, Plan(quality=95)).body)
    assert np.abs(frames[1].astype(int) - expected).mean() < 8


def test_hdr_is_kept_where_the_plan_and_the_codec_keep_it():
    import io

    import av

    content = film(format="matroska", codec="libx265", pixel_format="yuv420p10le", color=(9, 16))
    for codec, deep in (("hevc", True), ("h264", False)):
        body = film_of(content, Plan(preserve_hdr=True), video_codec=codec).body
        with av.open(io.BytesIO(body)) as result:
            context = result.streams.video[0].codec_context
            assert (context.pix_fmt == "yuv420p10le", int(context.color_trc) == 16) == (deep, deep)


def test_size_that_changes_in_the_middle_is_scaled_to_the_first():
    first, second = (film(format="mpegts", size=size) for size in ((224, 64), (448, 128)))
    frames = frames_of(film_of(first + second).body)
    assert {pixels.shape for pixels in frames} == {(64, 224, 3)}
    assert np.abs(frames[-1].astype(int) - numbered(NUMBER)).mean() < 12
