"""Renders that begin from pixels give the bytes of those that decode, whatever the plan, the format and the damage."""

import io
import os
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from mememime_proxy.cost import Cost
from mememime_proxy.decoded import LoadKey
from mememime_proxy.errors import ImageError
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.imaging.pixels import exchange
from mememime_proxy.imaging.pixels.exchange import PixelExchange
from mememime_proxy.memfd import memfd
from mememime_proxy.plan import Crop, Gravity, GravityType, Plan, RenderConfig, ResizingType, Trim
from tests.support.damage_samples import FILES, flipped, zeroed

RENDERER = Renderer(RenderConfig())
LIMIT = 64 << 20
OTHERS = {
    "webp-animation", "gif-animation", "gif", "interlaced-gif", "tiff", "lzw", "deflate", "tiles", "packbits", "bmp",
    "bmp-palette", "ico", "dib", "psd", "psd-stored",
}  # fmt: skip
EXCHANGED = sorted(FILES.keys() - OTHERS)


@pytest.fixture(autouse=True)
def _any_is_worth(monkeypatch):
    monkeypatch.setattr(exchange, "is_worth_keeping", lambda size, seconds: size > 0 and seconds > 0)


def outcome(data, plan, pixels=None, renderer=RENDERER):
    """The variant, or the kind of error and its code."""
    try:
        return renderer.render(data, plan, pixels=pixels)
    except ImageError as error:
        return type(error), error.code


class Exchanged:
    """A render that hands its pixels back, and one that begins from them; compared with one that decodes."""

    def __init__(self, data, plan, again=None, renderer=RENDERER):
        file = memfd("pixels")
        try:
            first = PixelExchange({}, file, LIMIT)
            assert outcome(data, plan, first, renderer) == outcome(data, plan, renderer=renderer)
            self.decoded = first.decoded
            self.is_handed_back = first.decoded is not None and first.decoded.is_handed_back
            again = again or plan
            given = {first.decoded.key: file} if self.is_handed_back else {}
            second = PixelExchange(given)
            assert outcome(data, again, second, renderer) == outcome(data, again, renderer=renderer)
            self.is_given = second.decoded is not None and second.decoded.is_given
        finally:
            os.close(file)


@cache
def photograph(format_, width=1021, height=709, **options):
    """A soft picture with detail, large enough for libvips to compute it in several parts."""
    noise = Image.frombytes("RGB", (width, height), os.urandom(3 * width * height))
    file = io.BytesIO()
    noise.filter(ImageFilter.GaussianBlur(3)).save(file, format_, **options)
    return file.getvalue()


@pytest.mark.parametrize("name", EXCHANGED)
def test_pixels_of_every_format_are_handed_back_and_used(name):
    found = Exchanged(FILES[name](), Plan(width=20, format="png"))
    assert found.is_handed_back
    assert found.is_given


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_pixels_of_animations_and_of_other_formats_are_not_exchanged(name):
    assert Exchanged(FILES[name](), Plan(width=20, format="png")).decoded is None


PLANS = st.builds(
    Plan,
    width=st.sampled_from([0, 1, 9, 20, 33, 200]),
    height=st.sampled_from([0, 7, 30]),
    dpr=st.sampled_from([1.0, 2.0]),
    resizing_type=st.sampled_from(list(ResizingType)),
    gravity=st.builds(Gravity, st.sampled_from([GravityType.CENTER, GravityType.SMART, GravityType.NORTH_WEST])),
    crop=st.sampled_from([Crop(), Crop(width=30, height=20)]),
    trim=st.sampled_from([None, None, None, Trim(threshold=10)]),
    rotate=st.sampled_from([0, 0, 90, 180]),
    blur=st.sampled_from([0.0, 0.0, 2.0]),
    sharpen=st.sampled_from([0.0, 0.0, 1.0]),
    strip_metadata=st.booleans(),
    strip_color_profile=st.booleans(),
    preserve_hdr=st.booleans(),
    enforce_thumbnail=st.booleans(),
    auto_rotate=st.booleans(),
    format=st.sampled_from(["", "png", "jpeg", "webp", "avif", "tiff"]),
)


@settings(max_examples=20)
@given(name=st.sampled_from(EXCHANGED), plan=PLANS, again=PLANS)
def test_renders_from_pixels_are_equal_whatever_the_plan(name, plan, again):
    Exchanged(FILES[name](), plan, again)


@settings(max_examples=15)
@given(
    name=st.sampled_from(EXCHANGED),
    place=st.floats(0.3, 0.99),
    plan=PLANS,
    damage=st.sampled_from(["cut", "zero", "flip"]),
)
def test_renders_of_damaged_originals_are_equal_and_none_hands_pixels_back_that_hide_it(name, place, plan, damage):
    data = FILES[name]()
    data = {
        "cut": lambda: data[: int(len(data) * place)],
        "zero": lambda: zeroed(data, place),
        "flip": lambda: flipped(data, place),
    }[damage]()
    Exchanged(data, plan, Plan(width=20, format="png"))


@pytest.mark.parametrize("size", [(1021, 709), (700, 1301)])
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("width", [350, 511])
def test_renders_of_pictures_that_are_computed_in_parts_are_equal(format_, width, size):
    assert Exchanged(photograph(format_, *size), Plan(width=width, format="png")).is_given


def test_pixels_of_a_jpeg_are_those_of_its_shrink():
    data = photograph("JPEG")
    assert Exchanged(data, Plan(width=200)).decoded.key == LoadKey(4)
    assert not Exchanged(data, Plan(width=200), Plan(width=500)).is_given
    assert Exchanged(data, Plan(width=200), Plan(width=140, format="webp")).is_given


def test_pixels_with_exif_and_a_profile_keep_them():
    exif = Image.Exif()
    exif[0x010F], exif[0x0112], exif[0x8298] = "camera", 6, "somebody"
    data = photograph("JPEG", 300, 200, exif=exif.tobytes(), comment=b"a comment")
    plan = Plan(width=100, strip_metadata=False, strip_color_profile=False)
    assert Exchanged(data, plan).is_given
    assert Exchanged(data, Plan(width=100)).is_given


def test_pixels_that_do_not_pay_or_do_not_fit_are_not_handed_back(monkeypatch):
    file = memfd("pixels")
    try:
        small = PixelExchange({}, file, 100)
        RENDERER.render(FILES["png"](), Plan(width=20), pixels=small)
        monkeypatch.undo()
        quick = PixelExchange({}, file, LIMIT)
        RENDERER.render(FILES["png"](), Plan(width=20), pixels=quick)
        assert not small.decoded.is_handed_back
        assert not quick.decoded.is_handed_back
        assert os.fstat(file).st_size == 0
    finally:
        os.close(file)


def test_pixels_that_cannot_be_read_are_decoded_anew():
    file = memfd("pixels", b"nothing of the kind")
    try:
        data, plan = FILES["png"](), Plan(width=20)
        assert RENDERER.render(data, plan, pixels=PixelExchange({LoadKey(): file})) == RENDERER.render(data, plan)
    finally:
        os.close(file)


def test_render_of_pixels_costs_less_by_its_estimate():
    data, plan = photograph("PNG"), Plan(width=300)
    costs: list[Cost] = []
    file = memfd("pixels")
    try:
        first = PixelExchange({}, file, LIMIT)
        RENDERER.render(data, plan, costs.append, first)
        RENDERER.render(data, plan, costs.append, PixelExchange({first.decoded.key: file}))
    finally:
        os.close(file)
    assert costs[0].cpu - costs[1].cpu == pytest.approx(first.decoded.seconds)


def test_h12_gate_refuses_an_original_whose_pixels_are_given():
    data, plan = photograph("PNG"), Plan(width=300)
    file = memfd("pixels")
    try:
        first = PixelExchange({}, file, LIMIT)
        RENDERER.render(data, plan, pixels=first)
        pixels = PixelExchange({first.decoded.key: file})
        with pytest.raises(ImageError):
            RENDERER.render(data[:20], plan, pixels=pixels)
    finally:
        os.close(file)
