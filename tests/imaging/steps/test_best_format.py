"""The format ``best``: which formats are tried, and which file is taken."""

import io
import random
from dataclasses import replace
from functools import cache

import pytest
from PIL import Image, ImageDraw, ImageFilter

from mememime_proxy.errors import LimitError
from mememime_proxy.formats.output_plan import Autoquality
from mememime_proxy.formats.output_rules import FormatPreference
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.imaging.steps.best_format import candidates, carrier, equal_quality
from mememime_proxy.plan import Plan, RenderConfig
from tests.support.photographs import photograph

ALL = frozenset({"jpeg", "png", "webp", "avif", "gif", "jxl"})
WEBP = FormatPreference(prefer_webp=True)
BOTH = FormatPreference(prefer_webp=True, prefer_avif=True)
BEST = Plan(best=True)


def encoded(image, name="PNG", **more):
    buffer = io.BytesIO()
    image.save(buffer, name, **more)
    return buffer.getvalue()


@cache
def photo(size=(300, 200)):
    """Return a picture of many tones."""
    noise = Image.frombytes("L", size, random.Random(5).randbytes(size[0] * size[1])).filter(ImageFilter.BoxBlur(1))
    return Image.merge("RGB", (noise, Image.linear_gradient("L").resize(size), noise.rotate(180)))


def logo(mode="RGB"):
    image = Image.new(mode, (300, 200), (255, 255, 255, 0)[: len(mode)])
    draw = ImageDraw.Draw(image)
    draw.ellipse((30, 30, 200, 180), fill=(200, 30, 40))
    draw.text((90, 90), "A logo with text", fill=(10, 20, 30))
    return image


def render(image, plan, **config):
    return Renderer(RenderConfig(**config)).render(encoded(image), plan)


def test_candidates_are_preferred_formats_and_those_that_the_client_accepts():
    config = RenderConfig()
    assert candidates(BEST, config, ALL) == ("jpeg", "png", "gif")
    assert candidates(replace(BEST, preference=BOTH), config, ALL) == ("jpeg", "png", "gif", "avif", "webp")
    assert candidates(replace(BEST, preference=BOTH), config, ALL - {"avif", "gif"}) == ("jpeg", "png", "webp")
    for other in (Plan(), replace(BEST, format="webp")):
        assert candidates(other, config, ALL) == ()
    assert carrier(("jpeg", "webp", "png")) == "png"
    assert carrier(("jpeg",)) == "jpeg"


@pytest.mark.parametrize(("name", "quality"), [("jpeg", 81), ("webp", 86), ("avif", 67), ("jxl", 81)])
def test_qualities_look_as_that_of_jpeg(name, quality):
    assert equal_quality(name, replace(BEST, quality=81), RenderConfig()) == quality
    assert equal_quality(name, replace(BEST, format_quality=((name, 33),)), RenderConfig()) == 33
    assert equal_quality(name, replace(BEST, quality=100), RenderConfig()) == 100


@pytest.mark.parametrize(
    ("preference", "expected"), [(FormatPreference(), {"jpeg"}), (WEBP, {"webp", "jpeg"}), (BOTH, {"avif"})]
)
def test_photograph_is_lossy(preference, expected):
    variant = render(photo(), replace(BEST, preference=preference))
    assert variant.format in expected
    sizes = []
    for name in expected:
        quality = equal_quality("jpegli" if name == "jpeg" else name, BEST, RenderConfig())
        sizes.append(len(render(photo(), Plan(format=name, quality=quality), jpeg_encoder="jpegli").body))
    assert len(variant.body) == min(sizes)


@pytest.mark.parametrize("preference", [FormatPreference(), WEBP, BOTH])
def test_logo_is_no_larger_than_the_smallest_of_the_usual_files(preference):
    plan = replace(BEST, preference=preference)
    variant = render(logo(), plan)
    names = candidates(plan, RenderConfig(), ALL - {"gif"})
    assert len(variant.body) <= 1.01 * min(len(render(logo(), Plan(format=name)).body) for name in names)
    assert variant.format in {"png", "webp"}


def test_transparency_that_shows_is_not_lost_and_one_that_does_not_is_no_reason():
    assert render(logo("RGBA"), BEST).format == "png"
    opaque = photo().convert("RGBA")
    assert render(opaque, BEST).format == "jpeg"
    assert Image.open(io.BytesIO(render(opaque, BEST).body)).mode == "RGB"


def test_lossless_file_that_is_much_larger_than_the_lossy_one_is_not_taken():
    # Few tones, but none of them next to another one of its kind.
    noise = Image.effect_noise((400, 400), 2.0).convert("RGB")
    assert render(noise, replace(BEST, preference=WEBP)).format in {"webp", "jpeg"}
    assert render(noise, BEST, best_format_complexity_threshold=0).format == "jpeg"


def test_large_result_is_not_tried():
    small = {"best_format_max_resolution": 100}
    assert render(photo(), replace(BEST, preference=WEBP), **small).format == "webp"
    assert render(logo(), replace(BEST, preference=BOTH), **small).format == "png"


@pytest.mark.parametrize("size", [(3000, 1), (1, 3000), (700, 2)])
def test_line_of_pixels_has_a_best_format(size):
    variant = render(photo(size), BEST)
    with Image.open(io.BytesIO(variant.body)) as found:
        assert found.size == size


def test_limit_of_bytes_holds():
    variant = render(photo(), replace(BEST, preference=BOTH, max_bytes=4000))
    assert len(variant.body) <= 4000
    assert len(render(logo(), replace(BEST, max_bytes=4000)).body) <= 4000


def test_animation_stays_one():
    frames = [Image.new("RGB", (40, 40), (60 * n, 9, 9)) for n in range(3)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    limits = replace(BEST.limits, max_animation_frames=9)
    variant = Renderer(RenderConfig()).render(data, replace(BEST, limits=limits, preference=WEBP))
    assert (variant.format, variant.pages) == ("webp", 3)


def test_drawings_and_skipped_formats_are_rendered_unless_allowed():
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><rect width="40" height="30"/></svg>'
    plan = replace(BEST, skip_processing=("png",))
    assert Renderer(RenderConfig()).render(svg, plan).format == "png"
    allowed = Renderer(RenderConfig(best_format_allow_skips=True))
    assert allowed.render(svg, plan).format == "svg"
    assert not allowed.render(encoded(logo()), plan).rendered


def test_cost_is_that_of_all_trials():
    costs = []

    def note(cost):
        costs.append(cost)
        raise LimitError("enough")

    data = encoded(photo((2000, 2000)))
    for plan in (Plan(format="jpeg"), replace(BEST, preference=BOTH)):
        with pytest.raises(LimitError):
            Renderer(RenderConfig()).render(data, plan, note)
    assert costs[1].cpu > 2 * costs[0].cpu


def test_candidates_have_the_quality_that_each_needs_for_the_target():
    plan = replace(BEST, preference=BOTH, autoquality=Autoquality("ssim2", 70))
    picture = photograph(300).pngsave_buffer()
    for more in ({}, {"preference": FormatPreference(prefer_webp=True)}):
        variant = Renderer(RenderConfig()).render(picture, replace(plan, **more))
        alone = Renderer(RenderConfig()).render(picture, replace(plan, best=False, format=variant.format))
        assert variant.body == alone.body
    assert variant.format in ("webp", "jpeg")


def test_size_is_searched_for_in_the_format_that_was_chosen():
    plan = replace(BEST, preference=BOTH, autoquality=Autoquality("size", 9000, 1, 100))
    variant = Renderer(RenderConfig()).render(photograph(300).pngsave_buffer(), plan)
    assert variant.format == "avif"
    assert 7000 < len(variant.body) <= 9000
