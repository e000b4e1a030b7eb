"""Merged pictures of PSD, through the whole of a rendering."""

import pytest
import pyvips
from PIL import Image

from mememime_proxy.errors import BrokenImageError
from mememime_proxy.imaging.description.document import describe
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import Plan, RenderConfig
from tests.support.psd_writer import head, psd, resource, section

COLOR = {"L": 90, "RGB": (200, 40, 10), "RGBA": (200, 40, 10, 128), "CMYK": (0, 255, 255, 0)}


def rendered(data):
    variant = Renderer(RenderConfig()).render(data, Plan(format="png"))
    assert (variant.source_format, variant.source_width, variant.source_height) == ("psd", 300, 7)
    return pyvips.Image.new_from_buffer(bytes(variant.body), "")


def picture(mode):
    image = Image.new(mode, (300, 7), COLOR[mode])
    image.putpixel((299, 6), (*COLOR[mode][:2], 99, *COLOR[mode][3:]) if mode != "L" else 91)
    return image


@pytest.mark.parametrize("runs", [False, True])
@pytest.mark.parametrize("extra", [0, 2])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_colors_stand_as_they_are_stored_whatever_channels_follow(mode, extra, runs):
    source = picture(mode)
    image = rendered(psd(source, extra=extra, runs=runs, layers=b"\1" * 99)).colourspace("srgb")
    for at in ((0, 0), (150, 3), (299, 6)):
        expected = source.convert("RGB").getpixel(at)
        assert tuple(image.getpoint(*at)) == expected


def test_alpha_palette_and_inks():
    assert tuple(rendered(psd(picture("RGBA"))).getpoint(9, 5)) == COLOR["RGBA"]
    palette = picture("RGB").convert("P", palette=Image.Palette.ADAPTIVE)
    assert tuple(rendered(psd(palette)).getpoint(9, 5)) == palette.convert("RGB").getpixel((9, 5))
    red, green, blue = rendered(psd(picture("CMYK"))).colourspace("srgb").getpoint(9, 5)
    assert red > 180
    assert max(green, blue) < 80


def test_profile_is_applied():
    p3 = pyvips.Image.black(1, 1, bands=3).copy(interpretation="srgb").icc_transform("p3").get("icc-profile-data")
    image = rendered(psd(picture("RGB"), resources=resource(1005, b"") + resource(1039, bytes(p3))))
    red, green, _ = image.getpoint(9, 5)
    assert red > COLOR["RGB"][0] + 5
    assert green < COLOR["RGB"][1]


def test_row_that_is_longer_than_the_picture_is_refused():
    rows = b"\0\1" + b"\0\2" * 21 + b"\x81\0" * 21
    with pytest.raises(BrokenImageError):
        rendered(head(300, 7) + section(b"") * 3 + rows)


def test_description():
    found = describe(psd(picture("RGB")), Plan(), RenderConfig())
    assert (found["format"], found["mime_type"]) == ("psd", "image/vnd.adobe.photoshop")
    assert (found["width"], found["height"]) == (300, 7)
