"""Animated AVIF in and out: frames by their pixels, delays, loops, transparency, colour, limits, equal bytes."""

import io
import struct
import time

import numpy as np
import pytest
from PIL import Image

from mememime_proxy.errors import BrokenImageError, FrameTooLargeError, LimitError
from mememime_proxy.formats.output_rules import FormatPreference
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import ImageLimits, Plan, RenderConfig

COLORS = [(200, 30, 30), (30, 200, 30), (30, 30, 200), (200, 200, 30)]
DELAYS = [100, 200, 40, 50]
LIMITS = ImageLimits(max_animation_frames=10)
ANIMATED = Renderer(RenderConfig(avif_animation=True))


def animation(format_="AVIF", alpha=None, size=(64, 48), **options):
    """Frames of one colour each."""
    mode = "RGB" if alpha is None else "RGBA"
    frames = [Image.new(mode, size, color if alpha is None else (*color, alpha)) for color in COLORS]
    file = io.BytesIO()
    speed = {"speed": 9, "quality": 95, "max_threads": 1} if format_ == "AVIF" else {"lossless": True}
    frames[0].save(file, format_, save_all=True, append_images=frames[1:], duration=DELAYS, **(speed | options))
    return file.getvalue()


def frames_of(data):
    """Pixels of the frames, and their delays."""
    with Image.open(io.BytesIO(data)) as image:
        found = []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            found.append((np.asarray(image.convert("RGBA")).astype(int), image.info.get("duration")))
    return [pixels for pixels, _ in found], [delay for _, delay in found]


def render(data, renderer=ANIMATED, **plan):
    return renderer.render(data, Plan(**({"limits": LIMITS} | plan)))


@pytest.mark.parametrize("format_", ["webp", "gif", "avif"])
@pytest.mark.parametrize("alpha", [None, 128])
def test_animated_avif_gives_each_frame_and_its_delay(format_, alpha):
    if format_ == "gif" and alpha is not None:
        pytest.skip("a GIF has no half transparent pixels")
    variant = render(animation(alpha=alpha), format=format_, width=32)
    pixels, delays = frames_of(variant.body)
    assert (variant.width, variant.height, variant.pages, delays) == (32, 24, 4, DELAYS)
    for frame, color in zip(pixels, COLORS, strict=True):
        assert np.abs(frame - (*color, alpha or 255)).max() <= 12


def test_animated_avif_of_a_webp_has_the_pixels_of_its_frames_as_stills():
    variant = render(animation("WEBP"), format="avif", quality=95)
    pixels, delays = frames_of(variant.body)
    still = frames_of(render(animation("WEBP"), format="avif", quality=95, limits=ImageLimits()).body)[0][0]
    assert np.abs(pixels[0] - still).max() <= 3
    assert delays == DELAYS


def test_animated_avif_is_a_still_where_the_operator_has_not_switched_it_on():
    off = Renderer(RenderConfig())
    assert render(animation(), off, format="webp").pages == 1
    assert render(animation("WEBP"), off, format="avif").pages == 1


@pytest.mark.parametrize(
    ("preference", "on", "format_"), [("prefer_avif", True, "avif"), ("prefer_avif", False, "gif")]
)
def test_animated_avif_is_negotiated_where_it_is_on(preference, on, format_):
    variant = render(
        animation("WEBP"), Renderer(RenderConfig(avif_animation=on)), preference=FormatPreference(prefer_avif=True)
    )
    assert (variant.format, variant.pages) == (format_, 4)


@pytest.mark.parametrize("loop", [0, 1, 3])
def test_animated_avif_keeps_the_number_of_loops(loop):
    avif = render(animation("WEBP", loop=loop), format="avif").body
    with Image.open(io.BytesIO(render(avif, format="webp").body)) as image:
        assert image.info["loop"] == loop


def test_animated_avif_of_equal_plans_has_equal_bytes_at_any_time_of_day():
    first = render(animation("WEBP"), format="avif").body
    second = int(time.time())
    while int(time.time()) == second:  # libavif writes the second at which a file was made
        pass
    assert render(animation("WEBP"), format="avif").body == first


def test_animated_avif_keeps_its_profile_where_a_still_does():
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    variant = render(animation(icc_profile=profile), format="avif", strip_color_profile=False)
    with Image.open(io.BytesIO(variant.body)) as image:
        assert (image.n_frames, image.info["icc_profile"]) == (4, profile)


def test_animated_avif_is_cut_to_the_frames_that_the_plan_allows():
    assert render(animation(), format="webp", limits=ImageLimits(max_animation_frames=2)).pages == 2
    with pytest.raises(LimitError):
        render(animation(), format="webp", limits=ImageLimits(max_animation_frames=4, max_src_resolution=3 * 64 * 48))
    with pytest.raises(FrameTooLargeError):
        render(
            animation(),
            format="webp",
            limits=ImageLimits(max_animation_frames=4, max_animation_frame_resolution=64 * 48 - 1),
        )


def test_animated_avif_that_is_damaged_shows_the_frames_before_the_damage():
    data = animation()
    variant = render(data[: len(data) - 10], format="webp")
    assert (variant.pages, bool(variant.damage)) == (4, True)
    assert np.abs(frames_of(variant.body)[0][0] - (*COLORS[0], 255)).max() <= 6


def test_animated_avif_whose_tables_promise_more_frames_than_there_are_is_refused_or_shown():
    data = bytearray(animation())
    sizes = data.index(b"stsz")
    struct.pack_into(">I", data, sizes + 12, 9)
    try:
        assert render(bytes(data), format="webp").pages <= 9
    except BrokenImageError as error:
        assert "AVIF" in error.detail  # noqa: PT017 - either is right
