"""P3: HDR that is kept says so in the way of its format, and is never taken for sRGB."""

import io

import numpy as np
import pytest
import pyvips
from PIL import Image

from mememime_proxy.errors import BrokenImageError
from mememime_proxy.imaging.codecs.hdr_tags import avif_with_nclx, png_with_cicp
from mememime_proxy.imaging.codecs.load import open_original
from mememime_proxy.imaging.color.icc import hdr_encoding
from mememime_proxy.imaging.color.working_space import profile
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import ImageLimits, Padding, Plan, RenderConfig
from tests.support import color_files as files
from tests.support.colorimetry import CODE_POINTS, SPACES
from tests.support.pixels import near

HDR = ("png", "avif", "jxl", "tiff")


@pytest.fixture(scope="module")
def render():
    renderer = Renderer(RenderConfig())
    return lambda data, **plan: renderer.render(data, Plan(**{"preserve_hdr": True} | plan))


def original(name):
    return files.png_by_chunks(name, [(b"cICP", bytes((*CODE_POINTS[name], 0, 1)))], 16).data


def loaded(body):
    return open_original(body, ImageLimits(), RenderConfig(), preserve_hdr=True).load()


@pytest.mark.parametrize("scp", [True, False])
@pytest.mark.parametrize("format_", HDR)
@pytest.mark.parametrize("name", ["PQ", "HLG"])
def test_hdr_tags_of_kept_hdr_name_it_and_samples_are_unchanged(render, name, format_, scp):
    body = render(original(name), format=format_, quality=100, strip_color_profile=scp).body
    image = loaded(body)
    assert hdr_encoding(profile(image)).code_points == CODE_POINTS[name]
    samples = image.numpy()[8::16, 8::16] / 65535
    assert np.abs(samples - SPACES[name].from_srgb(files.COLORS)).max() < (0.01 if format_ == "avif" else 0.0001)
    if format_ == "png":
        assert b"cICP" + bytes((*CODE_POINTS[name], 0, 1)) in body
    if format_ == "avif":
        at = body.index(b"colrnclx")
        assert (body[at + 9], body[at + 11]) == CODE_POINTS[name]
    if format_ == "tiff":
        assert b"cicp" in body


@pytest.mark.parametrize("format_", HDR)
@pytest.mark.parametrize("source", ["avif", "jxl", "profile"])
def test_hdr_tags_are_the_same_from_every_carrier(render, source, format_):
    file = {
        "avif": lambda: files.avif_by_nclx("PQ", 10),
        "jxl": lambda: files.jxl_by_encoding("PQ", 16),
        "profile": lambda: files.with_profile("PQ", "tiff", 16),
    }[source]()
    assert hdr_encoding(profile(loaded(render(file.data, format=format_).body))).code_points == (9, 16)


@pytest.mark.parametrize("format_", ["jpeg", "webp", "gif", "bmp"])
def test_hdr_tags_format_without_hdr_gets_sdr(render, format_):
    result = render(original("PQ"), format=format_, quality=95)
    with Image.open(io.BytesIO(result.body)) as image:
        assert image.info.get("icc_profile") is None
        color = image.convert("RGB").getpixel((8, 8))
    assert near(color, files.COLORS[0][0] * 255, 8)


def test_hdr_tags_without_the_option_there_are_none(render):
    for format_ in HDR:
        assert profile(loaded(render(original("PQ"), format=format_, preserve_hdr=False).body)) is None


def test_hdr_tags_picture_too_small_for_avif_is_tone_mapped_or_png(render):
    result = render(original("PQ"), format="avif", width=12)
    assert result.format == "jpeg"
    with Image.open(io.BytesIO(result.body)) as image:
        assert max(image.getpixel((1, 1))) > 90  # of PQ it would be the half
    clear = files.png_with_chunks(
        files.vips_image(files.patches(SPACES["PQ"].from_srgb(files.COLORS), 16)).bandjoin(40000).pngsave_buffer(),
        (b"cICP", bytes((9, 16, 0, 1))),
    )
    result = render(clear, format="avif", width=12)
    assert result.format == "png"
    assert b"cICP" in result.body


def test_hdr_tags_colors_of_the_url_are_srgb_in_hdr_too(render):
    body = render(original("PQ"), format="png", padding=Padding(9, 9, 9, 9), background=(32, 192, 64)).body
    corner = np.array(loaded(body).getpoint(2, 2)) / 65535
    assert np.abs(corner - SPACES["PQ"].from_srgb(np.array((32, 192, 64)) / 255)).max() < 0.002


def test_hdr_tags_filters_and_resizing_keep_hdr(render):
    body = render(original("PQ"), format="png", blur=1.0, width=50).body
    assert hdr_encoding(profile(loaded(body))).code_points == (9, 16)
    assert loaded(body).format == "ushort"


def test_hdr_tags_of_wide_gamut_without_hdr_are_srgb(render):
    file = files.avif_by_nclx("Display P3", 10)
    body = render(file.data, format="png").body
    assert profile(loaded(body)) is None
    assert np.abs(loaded(body).numpy()[8::16, 8::16] / 65535 - files.COLORS).max() < 0.012


@pytest.mark.parametrize("bands", [1, 3, 4])
def test_hdr_tags_box_of_avif_is_read_by_other_decoders(bands):
    image = (pyvips.Image.black(64, 64, bands=bands) + 30000).cast("ushort")
    image = image.copy(interpretation="grey16" if bands == 1 else "rgb16")
    avif = image.heifsave_buffer(compression="av1", Q=90, effort=1)
    tagged = avif_with_nclx(avif, (9, 16))
    for data in (avif, tagged):
        with Image.open(io.BytesIO(data)) as opened:
            assert near(opened.convert("RGB").getpixel((30, 30)), (117,) * 3, 2)
    first, second = (
        open_original(data, ImageLimits(), RenderConfig(), preserve_hdr=True).load() for data in (avif, tagged)
    )
    assert first.avg() == second.avg()


def test_hdr_tags_file_of_another_shape_is_refused():
    with pytest.raises(BrokenImageError):
        avif_with_nclx(b"\0\0\0\x08ftyp", (9, 16))


def test_hdr_tags_chunk_of_png_stands_first():
    png = pyvips.Image.black(4, 4).pngsave_buffer()
    tagged = png_with_cicp(png, (9, 18))
    assert tagged[37:41] == b"cICP"
    with Image.open(io.BytesIO(tagged)) as image:
        image.load()
