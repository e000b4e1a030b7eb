"""P3: the colour profile in BMP."""

from mememime_proxy.imaging.color.bmp_header import embedded_profile
from tests.support.color_files import bmp_with_profile
from tests.support.colorimetry import icc_profile


def test_bmp_header_of_version_5_has_a_profile():
    assert embedded_profile(memoryview(bmp_with_profile("Display P3").data)) == icc_profile("Display P3")


def test_bmp_header_without_a_profile_or_with_one_that_is_cut_has_none():
    data = bmp_with_profile("Display P3").data
    assert embedded_profile(memoryview(data.replace(b"DEBM", b"BGRs", 1))) is None
    for length in (*range(0, 160, 3), len(data) - 1):
        assert embedded_profile(memoryview(data[:length])) is None
