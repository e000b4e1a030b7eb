import numpy as np
import pytest
import pyvips

from mememime_proxy.imaging.steps.colors import to_processing, to_srgb
from mememime_proxy.imaging.steps.flattening import flatten
from mememime_proxy.plan import Plan
from tests.support.colorimetry import SPACES, icc_profile
from tests.support.pixels import flat, image_of, near, picture_of, rows_of


def flattened(pixel, plan=None, format_="png", space="srgb", kind="uchar"):
    image = flatten(picture_of(image_of(flat(2, 2, pixel), space, kind), plan, format_=format_)).image
    return image.interpretation, rows_of(image)[1][1]


def test_flattening_format_without_alpha_gets_white():
    assert flattened((10, 20, 30, 0), format_="jpeg") == ("srgb", (255, 255, 255))
    _, pixel = flattened((0, 0, 0, 51), format_="jpeg")
    assert near(pixel, (204, 204, 204))


def test_flattening_background_flattens_any_format():
    assert flattened((10, 20, 30, 0), Plan(background=(1, 2, 3))) == ("srgb", (1, 2, 3))


def test_flattening_without_a_background_keeps_alpha_by_format():
    picture = picture_of(image_of(flat(2, 2, (1, 2, 3, 4))), format_="webp")
    assert flatten(picture) is picture


def test_flattening_opaque_picture_is_not_touched():
    picture = picture_of(image_of(flat(2, 2, (1, 2, 3))), Plan(background=(9, 9, 9)), format_="jpeg")
    assert flatten(picture) is picture


@pytest.mark.parametrize(
    ("color", "space", "pixel"), [((7, 7, 7), "b-w", (7,)), ((7, 8, 9), "srgb", (7, 8, 9)), (None, "b-w", (255,))]
)
def test_flattening_only_a_coloured_background_colours_a_grey_picture(color, space, pixel):
    assert flattened((100, 0), Plan(background=color), "jpeg", "b-w") == (space, pixel)


def test_flattening_16_bit_background_uses_the_full_range():
    assert flattened((0, 0, 0, 0), Plan(background=(1, 2, 255)), "png", "rgb16", "ushort") == (
        "rgb16",
        (257, 514, 65535),
    )
    assert flattened((0, 0), Plan(background=(2, 2, 2)), "png", "grey16", "ushort") == ("grey16", (514,))
    assert flattened((0, 0), Plan(background=(0, 0, 2)), "png", "grey16", "ushort") == ("rgb16", (0, 0, 514))


# P2: colours of URLs are sRGB, whatever the picture's own space is

GREEN = (32, 192, 64)


def clear_picture(name, plan, *, format_="png", deep=False, grey=False):
    """A transparent picture with a profile, as flatten sees it."""
    bands = 2 if grey else 4
    image = image_of(flat(2, 2, (0,) * bands), "b-w" if grey else "srgb")
    if deep:
        image = (image * 257).cast("ushort").copy(interpretation="rgb16")
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", icc_profile(name, grey=grey))
    return to_srgb(to_processing(picture_of(image, plan, format_=format_)))


@pytest.mark.parametrize("name", ["Display P3", "Adobe RGB", "ProPhoto", "linear", "PQ", "HLG"])
def test_flattening_p2_background_is_srgb_after_the_profile_is_gone(name):
    picture = flatten(clear_picture(name, Plan(background=GREEN)))
    assert rows_of(picture.image)[0][0] == GREEN
    assert picture.icc is None


@pytest.mark.parametrize("deep", [True, False])
@pytest.mark.parametrize("name", ["Display P3", "Adobe RGB", "ProPhoto", "linear"])
def test_flattening_p2_background_is_converted_into_a_profile_that_is_kept(name, deep):
    plan = Plan(background=GREEN, strip_color_profile=False, preserve_hdr=deep)
    picture = flatten(clear_picture(name, plan, deep=deep))
    largest = 65535 if deep else 255
    expected = SPACES[name].from_srgb(np.array(GREEN) / 255) * largest
    assert near(rows_of(picture.image)[0][0], expected, 0.008 * largest)
    assert picture.icc is not None


def test_flattening_p2_white_of_formats_without_alpha_is_white_in_any_space():
    for name in ("ProPhoto", "linear"):
        picture = flatten(clear_picture(name, Plan(strip_color_profile=False), format_="jpeg"))
        assert rows_of(picture.image)[0][0] == (255, 255, 255)


def test_flattening_p2_grey_with_a_profile_gets_grey_by_it_and_color_without_it():
    keep = {"strip_color_profile": False}
    picture = flatten(clear_picture("linear", Plan(background=(128, 128, 128), **keep), grey=True))
    assert near(rows_of(picture.image)[0][0], (55,))
    picture = flatten(clear_picture("linear", Plan(background=GREEN, **keep), grey=True))
    assert rows_of(picture.image)[0][0] == GREEN
    assert picture.icc is None
