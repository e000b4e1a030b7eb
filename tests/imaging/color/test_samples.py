"""P3, P9, P16: what the samples of an original mean, by any format; seen in the result."""

import io
import zlib

import numpy as np
import pytest
import pyvips
from PIL import Image

from mememime_proxy.imaging.codecs.load import open_original
from mememime_proxy.imaging.color.working_space import profile
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import ImageLimits, Plan, RenderConfig
from tests.support import color_files as files
from tests.support import heif_boxes
from tests.support.colorimetry import SPACES, icc_profile
from tests.support.pixels import near

RED = (234, 51, 35)
"""In Display P3: sRGB's red."""
P3 = (b"cICP", bytes((12, 13, 0, 1)))
SRGB = (b"sRGB", b"\0")
LINEAR = (b"gAMA", files.gama(1))


@pytest.fixture(scope="module")
def shown():
    renderer = Renderer(RenderConfig())

    def render(data, at=(8, 8), **plan):
        body = renderer.render(data, Plan(**{"format": "png"} | plan)).body
        with Image.open(io.BytesIO(body)) as image:
            return image.convert("RGBA").getpixel(at)

    return render


def one_color(color, icc=None):
    image = files.vips_image(np.full((32, 32, len(color)), color, "uint8"), icc)
    return image.copy(interpretation="srgb" if len(color) > 2 else "b-w")


def png(*chunks, color=RED, icc=None):
    return files.png_with_chunks(one_color(color, icc).pngsave_buffer(), *chunks)


def linear(color):
    return tuple(round(255 * float(v)) for v in SPACES["linear"].to_srgb(np.array(color) / 255))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (png(P3), (255, 0, 0)),
        (png(P3, SRGB, LINEAR), (255, 0, 0)),
        (png(SRGB, LINEAR), RED),
        (png(LINEAR), linear(RED)),
        (png((b"gAMA", files.gama(2.2))), RED),
        (png(LINEAR, icc=icc_profile("Display P3")), (255, 0, 0)),
        (png(P3, icc=icc_profile("Adobe RGB")), (255, 0, 0)),
        (png((b"cICP", bytes((2, 2, 0, 1))), icc=icc_profile("Display P3")), (255, 0, 0)),
        (png(P3, icc=b"no profile at all"), (255, 0, 0)),
        (png((b"cICP", bytes((2, 2, 0, 1))), LINEAR), linear(RED)),
        (png(icc=icc_profile("gamma 1.8", grey=True)), RED),
    ],
    ids=range(11),
)
def test_samples_of_png_mean_what_the_first_of_its_tags_says(shown, data, expected):
    assert near(shown(data), (*expected, 255), 2)


def test_samples_of_png_with_alpha_palette_and_grey(shown):
    assert near(shown(png(LINEAR, color=(*RED, 99))), (*linear(RED), 99), 2)
    assert near(shown(png(LINEAR, color=(55,))), (*linear((55,) * 3), 255), 2)
    assert near(shown(png(LINEAR, color=(55, 99))), (*linear((55,) * 3), 99), 2)
    buffer = io.BytesIO()
    Image.new("P", (32, 32), 1).save(buffer, "PNG")
    palette = Image.open(buffer)
    palette.putpalette([0, 0, 0, *RED])
    buffer = io.BytesIO()
    palette.save(buffer, "PNG", transparency=0)
    assert near(shown(files.png_with_chunks(buffer.getvalue(), LINEAR)), (*linear(RED), 255), 2)


@pytest.mark.parametrize("depth", [8, 10])
def test_samples_of_avif_by_nclx_hold_before_exif(shown, depth):
    data = files.avif_by_nclx("sRGB", depth).data
    assert profile(open_original(data, ImageLimits(), RenderConfig()).load()) is None


def heic(name):
    return (files.DATA / name).read_bytes()


@pytest.mark.parametrize("name", ["plain.heic", "turned.heic", "deep.heic", "clear.heic"])
def test_samples_of_heic_by_nclx(shown, name):
    plain = shown(heic(name), (20, 50))
    tagged = shown(heif_boxes.with_nclx(heic(name), 12, 13), (20, 50))
    expected = SPACES["Display P3"].to_srgb(np.array(plain[:3]) / 255) * 255
    assert near(tagged, (*expected, plain[3]), 2)


@pytest.mark.parametrize("name", ["Display P3", "BT.2020", "linear", "PQ"])
def test_samples_of_jxl_mean_what_its_encoding_says_and_grey_too(shown, name):
    libjxl = pytest.importorskip("mememime_proxy.imaging.codecs.libjxl")
    code = {"Display P3": (12, 13), "BT.2020": (9, 13), "linear": (1, 8), "PQ": (9, 16)}[name]
    sample = 90
    grey = libjxl.encode(
        libjxl.ToEncode(
            pixels=bytes((sample,)) * 1024, width=32, height=32, bands=1, sixteen=False, distance=0, effort=1, hdr=code
        )
    )
    value = float(SPACES[name].to_srgb(np.full(3, sample / 255))[0]) * 255
    assert near(shown(grey), (value, value, value, 255), 2)


# P16: premultiplied alpha


@pytest.mark.parametrize("deep", [False, True])
def test_samples_premultiplied_in_heic_are_divided_by_alpha(shown, deep):
    straight = heic("clear.heic")
    color = shown(straight, (20, 60), preserve_hdr=deep)
    assert color[3] < 255
    divided = shown(heif_boxes.with_premultiplied_alpha(straight), (20, 60), preserve_hdr=deep)
    expected = [min(255, value * 255 / color[3]) for value in color[:3]]
    assert near(divided, (*expected, color[3]), 3)


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("bits", [8, 12])
def test_samples_premultiplied_in_avif_are_divided_by_alpha(shown, bits, deep):
    color = (100, 40, 10, 128)
    image = one_color(color)
    if bits > 8:
        image = (image * 257).cast("ushort").copy(interpretation="rgb16")
    avif = image.heifsave_buffer(compression="av1", bitdepth=bits, Q=95, effort=1)
    assert near(shown(avif, preserve_hdr=deep), color, 4)
    expected = tuple(round(v * 255 / 128) for v in color[:3])
    assert near(shown(heif_boxes.with_premultiplied_alpha(avif), preserve_hdr=deep), (*expected, 128), 6)


def test_samples_premultiplied_in_tiff_are_divided_by_alpha(shown):
    color = (200, 80, 20, 128)
    tiff = one_color(color).tiffsave_buffer(premultiply=True)
    assert near(shown(tiff), color, 2)


PREMULTIPLIED_JXL = bytes.fromhex(
    "ff0a47c00028010810100080004b188b1500d41fe3ffc7f87f80bd40d90c80b376020c6c758ed4c740c3990600"
)
"""32 × 32 pixels of (100, 40, 10, 128), multiplied by alpha: alpha_associated, as libjxl writes it."""


def test_samples_premultiplied_in_jxl_are_divided_by_alpha(shown):
    assert near(shown(PREMULTIPLIED_JXL), (199, 80, 20, 128), 3)


# P9: profiles that cannot be read

BROKEN = {"junk": b"junk" * 200, "zeros": bytes(400), "cut": icc_profile("Display P3")[:400], "short": b"x"}


def cmyk_profile():
    image = one_color((9, 9, 9)).icc_transform("cmyk", input_profile="srgb")
    return image.get("icc-profile-data")


@pytest.mark.parametrize("out", ["jpeg", "png", "webp", "tiff", "avif", "jxl", "gif", "bmp"])
@pytest.mark.parametrize("broken", [*BROKEN, "cut cmyk", "cmyk without the way back"])
@pytest.mark.parametrize("source", ["jpeg", "png", "tiff", "cmyk jpeg", "cmyk tiff", "webp"])
def test_samples_p9_broken_profile_is_no_error_with_scp_0(shown, source, broken, out):
    icc = BROKEN.get(broken)
    if icc is None:
        whole = cmyk_profile()
        icc = whole[: len(whole) // 2] if broken == "cut cmyk" else whole.replace(b"B2A", b"x2A")
    plain = one_color((10, 200, 180, 20) if "cmyk" in source else RED)
    plain = plain.copy(interpretation="cmyk" if "cmyk" in source else "srgb")
    tagged = plain.copy()
    tagged.set_type(pyvips.GValue.blob_type, "icc-profile-data", icc)
    suffix = {"jpeg": ".jpg", "png": ".png", "webp": ".webp[lossless]", "tiff": ".tif"}[source.split()[-1]]
    expected = shown(plain.write_to_buffer(suffix), format=out, quality=95) if out != "jxl" else None
    renderer = Renderer(RenderConfig())
    written = tagged.write_to_buffer(suffix) if source != "png" else png((b"iCCP", b"x\0\0" + zlib.compress(icc)))
    body = renderer.render(written, Plan(format=out, quality=95, strip_color_profile=False)).body
    if expected is not None:
        with Image.open(io.BytesIO(body)) as image:
            found = image.convert("RGBA").getpixel((8, 8))
            assert near(found, expected, 4 if "cmyk" not in source else 40)
            assert image.info.get("icc_profile") != icc or out == "tiff"
