"""ICC profiles, written and read. Other libraries read what is written."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from mememime_proxy.color.encoding import (
    ADOBE_RGB,
    BT2020,
    DISPLAY_P3,
    LINEAR,
    ColorEncoding,
    Curve,
    HdrTransfer,
)
from mememime_proxy.imaging.color.icc import hdr_encoding, is_srgb, is_synthetic, is_whole, profile_for
from tests.support.colorimetry import SPACES, icc_profile

ENCODINGS = {
    "Display P3": ColorEncoding(DISPLAY_P3),
    "BT.2020": ColorEncoding(BT2020),
    "Adobe RGB": ColorEncoding(ADOBE_RGB, Curve(563 / 256)),
    "linear": ColorEncoding(transfer=LINEAR),
    "gamma 1.8": ColorEncoding(transfer=Curve(1.8)),
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_icc_profile_for_an_encoding_means_the_same_to_another_program(name):
    colors = np.random.default_rng(1).integers(40, 216, (8, 8, 3)).astype("uint8")
    profile = ImageCms.ImageCmsProfile(io.BytesIO(profile_for(ENCODINGS[name])))
    shown = ImageCms.profileToProfile(Image.fromarray(colors), profile, ImageCms.createProfile("sRGB"))
    expected = SPACES[name].to_srgb(colors / 255) * 255
    assert np.abs(np.asarray(shown) - expected).max() <= 2


@pytest.mark.parametrize("grey", [True, False])
@pytest.mark.parametrize("transfer", HdrTransfer)
def test_icc_profile_for_hdr_names_it_in_a_tag(transfer, grey):
    icc = profile_for(ColorEncoding(BT2020, transfer), grey=grey)
    assert hdr_encoding(icc) == ColorEncoding(BT2020, transfer)
    assert is_synthetic(icc)
    ImageCms.ImageCmsProfile(io.BytesIO(icc))


def test_icc_of_others_is_hdr_only_by_its_tag():
    assert hdr_encoding(icc_profile("PQ")).transfer is HdrTransfer.PQ
    assert hdr_encoding(icc_profile("Display P3")) is None
    assert not is_synthetic(icc_profile("PQ"))
    assert hdr_encoding(icc_profile("PQ")[:140]) is None


def test_icc_that_was_cut_is_not_whole():
    icc = icc_profile("Display P3")
    assert is_whole(icc)
    for length in (132, 200, len(icc) // 2, len(icc) - 4):
        assert not is_whole(icc[:length])
    assert not is_srgb(icc)
