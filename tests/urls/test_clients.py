"""URLs of other people's imgproxy clients, as their released versions write them."""

from __future__ import annotations

import imgproxy
import mkimgproxy
import pyimgproxy
import pytest
from imgproxy_python.urls import UrlGenerator

from mememime_proxy.errors import OptionError, PathError, SignatureError
from mememime_proxy.formats.effects_plan import Effects
from mememime_proxy.plan import Crop, Extend, Gravity, GravityType, Padding, ResizingType, Trim
from tests.support.url_strategies import KEY, NOW, SALT, signed

HOST = "https://images.example.com"
SOURCE = "https://example.com/a/b.jpg"
AWKWARD = "https://example.com/a b/ä.jpg?c=d@e%20"


def plan(url):
    return signed().parse(url.removeprefix(HOST), now=NOW)


# --- imgproxy 1.0.0


@pytest.mark.parametrize("source", [SOURCE, AWKWARD])
def test_signed_urls_of_imgproxy_are_accepted(source):
    url = imgproxy.ImgProxy(
        source,
        proxy_host=HOST,
        key=KEY,
        salt=SALT,
        resizing_type="fill",
        width=300,
        height=200,
        gravity="no:0:10",
        enlarge=True,
        extension="webp",
        advanced=["q:75", "bl:2"],
    )("sh:0.5")
    found = plan(url)
    assert (found.source, found.format, found.resizing_type) == (source, "webp", ResizingType.FILL)
    assert (found.width, found.height, found.enlarge) == (300, 200, True)
    assert found.gravity == Gravity(GravityType.NORTH, 0, 10)
    assert (found.quality, found.blur, found.sharpen) == (75, 2, 0.5)


def test_signed_urls_of_imgproxy_factory_defaults_are_accepted():
    make = imgproxy.ImgProxy.factory(proxy_host=HOST, key=KEY, salt=SALT)
    found = plan(str(make(SOURCE)))
    assert (found.source, found.resizing_type, found.width) == (SOURCE, ResizingType.AUTO, 0)


# --- pyimgproxy 0.4


def image(source=SOURCE):
    return pyimgproxy.ImgProxy(HOST, KEY, SALT).image(source)


PYIMGPROXY = [
    (lambda i: i.resize("fill", 300, 200, True, False), {"resizing_type": ResizingType.FILL, "enlarge": True}),
    (lambda i: i.resize(None, 300), {"width": 300}),
    (
        lambda i: i.resize("fit", None, 200, extend=True, gravity_type="so"),
        {"extend": Extend(True, Gravity(GravityType.SOUTH))},
    ),
    (lambda i: i.size(300, 200), {"width": 300, "height": 200}),
    (lambda i: i.resizing_type("fill-down"), {"resizing_type": ResizingType.FILL_DOWN}),
    (
        lambda i: i.width(3).height(4).min_width(5).min_height(6),
        {"width": 3, "height": 4, "min_width": 5, "min_height": 6},
    ),
    (lambda i: i.zoom(1.5), {"zoom_x": 1.5, "zoom_y": 1.5}),
    (lambda i: i.zoom(2, 3), {"zoom_x": 2.0, "zoom_y": 3.0}),
    (lambda i: i.dpr(2), {"dpr": 2.0}),
    (lambda i: i.enlarge(True), {"enlarge": True}),
    (lambda i: i.extend(True, "no", 5, 6), {"extend": Extend(True, Gravity(GravityType.NORTH, 5, 6))}),
    (lambda i: i.extend_aspect_ratio(True), {"extend_aspect_ratio": Extend(True)}),
    (lambda i: i.gravity("nowe", 0.1), {"gravity": Gravity(GravityType.NORTH_WEST, 0.1)}),
    (lambda i: i.gravity("no", None, 7), {"gravity": Gravity(GravityType.NORTH, 0, 7)}),
    (lambda i: i.gravity("sm"), {"gravity": Gravity(GravityType.SMART)}),
    (lambda i: i.crop(0.5, 100, "ea"), {"crop": Crop(0.5, 100, Gravity(GravityType.EAST))}),
    (lambda i: i.trim(10, equal_ver=True), {"trim": Trim(10, None, False, True)}),
    (lambda i: i.trim(10, "ff0000"), {"trim": Trim(10, (255, 0, 0))}),
    (lambda i: i.padding(1, None, 3), {"padding": Padding(1, 1, 3, 1)}),
    (lambda i: i.auto_rotate(False).rotate(90), {"auto_rotate": False, "rotate": 90}),
    (lambda i: i.background(hex_color="ffddee"), {"background": (255, 221, 238)}),
    (lambda i: i.background(red=1, green=2, blue=3), {"background": (1, 2, 3)}),
    (lambda i: i.blur(2).sharpen(0.5).pixelate(3), {"blur": 2.0, "sharpen": 0.5, "pixelate": 3}),
    (lambda i: i.strip_metadata(False).keep_copyright(False), {"strip_metadata": False, "keep_copyright": False}),
    (
        lambda i: i.strip_color_profile(False).enforce_thumbnail(True),
        {"strip_color_profile": False, "enforce_thumbnail": True},
    ),
    (lambda i: i.background_alpha(0.5), {"effects": Effects(background_alpha=0.5)}),
    (lambda i: i.quality(50).format("avif"), {"quality": 50, "format": "avif"}),
    (lambda i: i.raw(True), {"raw": True}),
    (lambda i: i.cachebuster("abc").return_attachment(True), {"cachebuster": "abc", "return_attachment": True}),
    (lambda i: i.add_option("fq", "webp", 60), {"format_quality": (("webp", 60),)}),
    (lambda i: i, {}),
]


@pytest.mark.parametrize("source", [SOURCE, AWKWARD])
@pytest.mark.parametrize("index", range(len(PYIMGPROXY)))
def test_signed_urls_of_pyimgproxy_are_accepted(index, source):
    make, fields = PYIMGPROXY[index]
    found = plan(make(image(source)).url)
    assert found.source == source
    assert {field: getattr(found, field) for field in fields} == fields


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda i: i.crop(None, 5), "imgproxy reads an empty width as a number and fails too (parsePositiveFloat)"),
        (lambda i: i.crop(5, 5, None, 1, 1), "an empty type is no gravity (parseGravityType)"),
        (lambda i: i.extend(True, None, 1), "the same"),
    ],
)
def test_signed_urls_of_pyimgproxy_invalid_for_imgproxy_are_refused(make, why):
    with pytest.raises(OptionError):
        plan(make(image()).url)
    assert why


# --- mkimgproxy 0.4


@pytest.mark.parametrize("source", [SOURCE, AWKWARD])
def test_signed_urls_of_mkimgproxy_are_accepted(source):
    """It leaves an empty segment in front of the source, which is part of the base64 and changes nothing."""
    made = mkimgproxy.ImgProxy(KEY, SALT, HOST).generate(source, {"rs": "fill:300:200", "q": 60}, "webp")
    assert "/q:60//aHR0c" in made
    found = plan(made)
    assert (found.source, found.format, found.width, found.quality) == (source, "webp", 300, 60)
    assert plan(mkimgproxy.ImgProxy(KEY, SALT, HOST).generate(source, {"w": 5}, None)).format == ""


def test_signed_urls_of_mkimgproxy_without_options_are_accepted():
    """It then signs a path that begins with two slashes. imgproxy trims one of them, and a signed URL would have
    two spellings; here the URL is refused. With any option it works."""
    with pytest.raises(SignatureError):
        plan(mkimgproxy.ImgProxy(KEY, SALT, HOST).generate(SOURCE, {}, "webp"))


# --- imgproxy-python 0.0.2


def test_signed_urls_of_imgproxy_python_in_the_basic_format_are_refused():
    """``/fit/300/200/ce/0/…`` was dropped in imgproxy 3, which answers 404 with a hint. The signature is right."""
    config = {"imgproxy_key": KEY, "imgproxy_salt": SALT, "imgproxy_host": HOST, "options": {"width": 300}}
    url = UrlGenerator(SOURCE, config).get_full_signed_url()
    assert signed().verify(url.removeprefix(HOST)).verified
    with pytest.raises(PathError, match="basic"):
        plan(url)
