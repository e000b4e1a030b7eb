"""Animated pictures of films: the frames by their numbers, through the picture pipeline with all of its options."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from mememime_proxy.av.moving.animation import make_stack
from mememime_proxy.errors import LimitError, OptionError
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.formats.media_plan import MediaPlan, VideoAnimation
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import Crop, Gravity, GravityType, ImageLimits, Plan, RenderConfig, ResizingType
from tests.support.films import container_film, film_bytes
from tests.support.moving import grabber_of, number_of

CLIP = MediaPlan(clip_start=0.4, clip_duration=1, fps=12.5)


def stack_of(content, plan):
    with grabber_of(content) as grabber:
        return make_stack(grabber, plan, FilmConfig())


def animated(content, media=CLIP, **plan):
    """Return the frames of the animated picture, their delays, and its loops."""
    plan = Plan(**({"format": "webp", "media": media} | plan))
    stack = stack_of(content, plan)
    limits = replace(plan.limits, max_animation_frames=stack.frames)
    variant = Renderer(RenderConfig()).render(stack.body, replace(plan, limits=limits))
    with Image.open(io.BytesIO(variant.body)) as image:
        frames, delays = [], []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            image.load()
            frames.append(np.asarray(image.convert("RGB")))
            delays.append(image.info.get("duration"))
        return frames, delays, image.info.get("loop"), (variant.source_width, variant.source_height)


@pytest.mark.parametrize("format_", ["webp", "gif", "avif"])
def test_part_of_a_film_as_an_animated_picture(format_):
    frames, delays, _, size = animated(container_film("mp4"), format=format_)
    assert [number_of(pixels) for pixels in frames] == list(range(10, 35, 2))
    assert (set(delays), size) == ({80}, (224, 64))


def test_delays_do_not_drift_where_the_rate_is_no_whole_number_of_their_units():
    media = replace(CLIP, fps=12, clip_duration=1)
    assert sum(animated(container_film("mp4"), media)[1]) == 1000
    _, delays, _, _ = animated(container_film("mp4"), media, format="gif")
    assert (sum(delays), {delay % 10 for delay in delays}) == (1000, {0})


def test_frames_are_stored_no_larger_than_they_are_wanted_and_have_the_sizes_of_a_still():
    content = film_bytes("mp4", size=(672, 192), frames=20)
    media = replace(CLIP, clip_start=0, clip_duration=0.4)
    small = stack_of(content, Plan(width=224, media=media, format="webp"))
    whole = stack_of(content, Plan(media=media, format="webp"))
    assert len(small.body) < len(whole.body) / 8
    for plan in (
        {"width": 224},
        {"width": 100, "height": 100, "resizing_type": ResizingType.FILL},
        {"width": 60, "height": 30, "resizing_type": ResizingType.FORCE},
        {"width": 101, "rotate": 90},
        {"crop": Crop(0.5, 1, Gravity(GravityType.EAST)), "width": 84},
    ):
        still = Renderer(RenderConfig()).render(
            stack_of(content, Plan(media=media, format="webp")).body, Plan(format="png", **plan)
        )
        frames, _, _, _ = animated(content, media, **plan)
        assert frames[0].shape[:2] == (still.height, still.width), plan


def test_crop_is_of_the_same_part_as_of_a_still():
    content = film_bytes("mp4", size=(448, 128), frames=20, numbers=[0b11111110000000] * 20)
    crop = Crop(0.5, 1, Gravity(GravityType.EAST))
    frames, _, _, _ = animated(content, replace(CLIP, clip_start=0, clip_duration=0.4), crop=crop, width=112)
    assert frames[0].mean() > 230


def test_loops_and_speed():
    frames, _, loop, _ = animated(container_film("mp4"), replace(CLIP, loop=3, speed=2, clip_start=0, fps=25))
    assert loop == 3
    assert [number_of(pixels) for pixels in frames][:5] == [0, 2, 4, 6, 8]


def test_single_frames_at_equal_steps():
    wanted = VideoAnimation(0.4, 250, 4, 112, 32)
    media = MediaPlan(video_animation=wanted)
    frames, delays, _, _ = animated(container_film("mp4"), media, video_moment=Plan().video_moment)
    assert [number_of(pixels) for pixels in frames[:3]] == [25, 35, 45]
    assert frames[3].max() < 30, "behind the end of the film"
    assert delays == [250] * 4
    trimmed = MediaPlan(video_animation=replace(wanted, trim=True))
    assert len(animated(container_film("mp4"), trimmed)[0]) == 3
    filled = MediaPlan(video_animation=replace(wanted, height=112, extend=True))
    frames, _, _, _ = animated(container_film("mp4"), filled)
    assert frames[0].shape == (112, 112, 3)
    assert frames[0][:30].max() < 30


def test_hdr_is_tone_mapped_as_a_still_is():
    content = film_bytes(
        "matroska", codec="libx265", pixel_format="yuv420p10le", color=(9, 16), frames=12, numbers=[0x3FFF] * 12
    )
    frames, _, _, _ = animated(content, replace(CLIP, clip_start=0, clip_duration=0.4))
    assert number_of(frames[0]) == 0x3FFF
    assert frames[0].mean() > 240


def test_limits_of_animations_hold():
    content = container_film("mp4")
    plan = Plan(format="webp", media=CLIP)
    with pytest.raises(LimitError):
        stack_of(content, replace(plan, limits=ImageLimits(max_src_resolution=5 * 224 * 64)))
    with pytest.raises(LimitError):
        stack_of(content, replace(plan, limits=ImageLimits(max_animation_frame_resolution=224 * 64 - 1)))
    with pytest.raises(OptionError, match="fade"):
        stack_of(content, replace(plan, media=replace(CLIP, fade_in=1)))
