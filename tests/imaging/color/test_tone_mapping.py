"""P3: PQ and HLG become SDR, and SDR becomes PQ and HLG. BT.2408: PQ 58 % and HLG 75 % are white."""

import numpy as np
import pytest

from mememime_proxy.color.encoding import BT2020, ColorEncoding, HdrTransfer
from mememime_proxy.imaging.color import tone_mapping
from tests.support.color_files import COLORS, patches, vips_image
from tests.support.colorimetry import SPACES, delta_e

PQ, HLG = (ColorEncoding(BT2020, transfer) for transfer in (HdrTransfer.PQ, HdrTransfer.HLG))
WHITE = {PQ: 0.5807, HLG: 0.75}


def grey(*shares, deep=True):
    largest = 65535 if deep else 255
    row = np.rint(np.array(shares) * largest).astype("uint16" if deep else "uint8")
    return vips_image(np.repeat(row[None, :, None], 3, axis=2))


def mapped(image, encoding):
    result = tone_mapping.to_srgb(image, encoding, tone_mapping.peak(image, encoding))
    return [tuple(int(v) for v in result.getpoint(x, 0)) for x in range(image.width)]


@pytest.mark.parametrize("deep", [True, False])
@pytest.mark.parametrize("encoding", [PQ, HLG])
def test_tone_mapping_reference_white_is_white_and_black_is_black(encoding, deep):
    black, white = mapped(grey(0, WHITE[encoding], deep=deep), encoding)
    assert black == (0, 0, 0)
    assert min(white) >= 253
    assert len(set(white)) == 1


@pytest.mark.parametrize("encoding", [PQ, HLG])
def test_tone_mapping_highlights_share_the_top_and_leave_the_rest_alone(encoding):
    shares = np.linspace(0, 1, 64)
    tones = [pixel[0] for pixel in mapped(grey(*shares), encoding)]
    assert tones == sorted(tones)
    assert tones[-1] == 255
    white = np.argmax(shares > WHITE[encoding])
    assert 240 <= tones[white] < 253
    name = "PQ" if encoding is PQ else "HLG"
    exact = SPACES[name].to_srgb(np.repeat(shares[:, None], 3, axis=1))[:, 0] * 255
    below = exact < 230
    assert np.abs(np.array(tones)[below] - exact[below]).max() <= 1


@pytest.mark.parametrize("deep", [True, False])
@pytest.mark.parametrize("encoding", [PQ, HLG])
def test_tone_mapping_from_srgb_is_undone_by_to_srgb(encoding, deep):
    name = "PQ" if encoding is PQ else "HLG"
    image = tone_mapping.from_srgb(vips_image(patches(COLORS, 8)), encoding, sixteen=deep)
    assert image.format == ("ushort" if deep else "uchar")
    samples = image.numpy()[8::16, 8::16] / (65535 if deep else 255)
    assert np.abs(samples - SPACES[name].from_srgb(COLORS)).max() < (0.003 if deep else 0.006)
    back = tone_mapping.to_srgb(image, encoding, 1.0).numpy()[8::16, 8::16] / 255
    assert delta_e(back, COLORS).max() < (1 if deep else 5)


@pytest.mark.parametrize("encoding", [PQ, HLG])
def test_tone_mapping_keeps_alpha_and_grey(encoding):
    clear = grey(0.2, 0.4).bandjoin([30000])
    result = tone_mapping.to_srgb(clear, encoding, 1.0)
    assert (result.bands, result.format, result.getpoint(0, 0)[3]) == (4, "uchar", round(30000 / 257))
    single = clear.extract_band(0).copy(interpretation="grey16")
    result = tone_mapping.to_srgb(single, encoding, 1.0)
    assert (result.bands, result.interpretation) == (1, "b-w")
    back = tone_mapping.from_srgb(result, encoding, sixteen=True)
    assert (back.bands, back.interpretation) == (1, "grey16")
    assert abs(back.getpoint(1, 0)[0] - 0.4 * 65535) < 300


def test_tone_mapping_peak_is_that_of_the_brightest_channel():
    assert tone_mapping.peak(grey(0.1, 0.5), PQ) == 1
    assert tone_mapping.peak(grey(0.1, 0.7518), PQ) == pytest.approx(1000 / 203, rel=0.05)
    assert tone_mapping.peak(grey(0.1, 1.0), HLG) == pytest.approx(1000 / 203, rel=0.05)
