"""The space of a picture while it is worked on."""

import numpy as np
import pytest

from mememime_proxy.color.encoding import BT2020, ColorEncoding, HdrTransfer
from mememime_proxy.imaging.color.icc import profile_for
from mememime_proxy.imaging.color.working_space import WorkingSpace, readable, working_space
from tests.support.color_files import COLORS, patches, vips_image
from tests.support.colorimetry import SPACES, delta_e, icc_profile
from tests.support.pixels import flat, image_of, near

GREEN = (32, 192, 64)
NAMES = ["Display P3", "Adobe RGB", "BT.2020", "ProPhoto", "gamma 1.8"]


@pytest.mark.parametrize("sixteen", [True, False])
@pytest.mark.parametrize("name", [*NAMES, "linear", "PQ", "HLG"])
def test_working_space_color_is_that_of_the_standards(name, sixteen):
    largest = 65535 if sixteen else 255
    color = np.array(WorkingSpace(icc_profile(name)).color(GREEN, sixteen=sixteen)) / largest
    expected = SPACES[name].from_srgb(np.array(GREEN) / 255)
    assert np.abs(color - expected).max() < 0.006


def test_working_space_without_a_profile_is_srgb():
    assert WorkingSpace().color(GREEN, sixteen=False) == [32, 192, 64]
    assert WorkingSpace().color((1, 2, 3), sixteen=True) == [257, 514, 771]


def test_working_space_of_grey_has_one_sample_for_a_color():
    (sample,) = WorkingSpace(icc_profile("linear", grey=True)).color((128, 128, 128), sixteen=False)
    assert sample == pytest.approx(55, abs=1)


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("name", NAMES)
def test_working_space_to_srgb_and_back(name, depth):
    space = WorkingSpace(icc_profile(name))
    image = vips_image(patches(SPACES[name].from_srgb(COLORS), depth))
    shown = space.to_srgb(image)
    largest = 255 if depth == 8 else 65535
    assert delta_e(shown.numpy()[8::16, 8::16] / largest, COLORS).max() < (2.5 if depth == 8 else 0.3)
    back = space.from_srgb(shown, sixteen=depth == 16)
    assert back.format == image.format
    assert np.abs(back.numpy().astype(int) - image.numpy()).max() <= (3 if depth == 8 else 300)


def test_working_space_alpha_is_left_alone():
    space = WorkingSpace(icc_profile("Display P3"))
    image = space.from_srgb(image_of(flat(2, 2, (*GREEN, 77))), sixteen=False)
    assert image.getpoint(0, 0)[3] == 77
    assert near(space.to_srgb(image).getpoint(0, 0), (*GREEN, 77), 2)


@pytest.mark.parametrize(
    ("icc", "space", "bands", "whole"),
    [
        (icc_profile("Display P3"), "srgb", 3, True),
        (icc_profile("Display P3"), "rgb16", 4, True),
        (icc_profile("Display P3"), "b-w", 1, False),
        (icc_profile("gamma 2.2", grey=True), "b-w", 2, True),
        (icc_profile("gamma 2.2", grey=True), "srgb", 3, False),
        (icc_profile("Display P3"), "cmyk", 4, False),
        (icc_profile("Display P3")[:300], "srgb", 3, False),
        (b"\0" * 500, "srgb", 3, False),
        (b"junk" * 100, "cmyk", 4, False),
        (b"", "srgb", 3, False),
    ],
)
def test_working_space_profile_is_readable_only_where_it_can_be_applied(icc, space, bands, whole):
    kind = "ushort" if space == "rgb16" else "uchar"
    assert readable(icc, image_of(flat(1, 1, (0,) * bands), space, kind)) is whole


def test_working_space_of_an_image_is_that_of_its_profile():
    assert working_space(vips_image(patches(COLORS, 8))).srgb
    assert not working_space(vips_image(patches(COLORS, 8), icc_profile("Display P3"))).srgb
    assert working_space(vips_image(patches(COLORS, 8), b"broken")).srgb
    bright = vips_image(patches(COLORS * 0 + 0.75, 16), profile_for(ColorEncoding(BT2020, HdrTransfer.PQ)))
    assert working_space(bright).peak > 4


def test_working_space_that_is_close_to_linear_needs_depth():
    assert WorkingSpace(icc_profile("linear")).needs_depth
    assert WorkingSpace(icc_profile("PQ")).needs_depth
    assert not WorkingSpace(icc_profile("ProPhoto")).needs_depth
    assert not WorkingSpace().needs_depth
