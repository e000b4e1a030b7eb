import pytest

from mememime_proxy.imaging.steps.flattening import flatten
from mememime_proxy.plan import Plan
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
