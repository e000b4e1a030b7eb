"""P20: what a result says of its colours never contradicts its pixels."""

import io
import struct

import pytest
from PIL import Image

from mememime_proxy.imaging.color.result_tags import without_color_properties, without_color_resources
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import Plan, RenderConfig
from tests.support.color_files import (
    COLORS,
    by_exif,
    exif_block,
    exif_of_adobe_rgb,
    patches,
    png_with_chunks,
    vips_image,
)
from tests.support.colorimetry import icc_profile

XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"
 photoshop:ICCProfile="Adobe RGB (1998)" exif:ColorSpace="65535" dc:format="image/jpeg">
<photoshop:City>Bern</photoshop:City><exif:Gamma>22/10</exif:Gamma></rdf:Description></rdf:RDF></x:xmpmeta>"""
ADOBE_EXIF = exif_block(
    {
        0x010F: (2, b"Cam\0"),
        0x013E: (5, struct.pack("<4I", 3127, 10000, 329, 1000)),
        0x013F: (5, struct.pack("<12I", 64, 100, 33, 100, 21, 100, 71, 100, 15, 100, 6, 100)),
    },
    {0xA001: (3, b"\xff\xff"), 0xA500: (5, struct.pack("<2I", 22, 10))},
    {1: (2, b"R03\0"), 2: (7, b"0100")},
)
RESOURCES = b"".join(
    b"8BIM" + struct.pack(">HHI", number, 0, len(body)) + body + bytes(len(body) % 2)
    for number, body in (
        (0x0404, b"\x1c\x02\x50\0\3Ann"),
        (0x040F, b"profile"),
        (0x0411, b"\1"),
        (0x03ED, b"resolution"),
    )
)


@pytest.fixture(scope="module")
def render():
    renderer = Renderer(RenderConfig())
    return lambda data, **plan: renderer.render(data, Plan(**{"strip_metadata": False} | plan)).body


def tags(body):
    with Image.open(io.BytesIO(body)) as image:
        exif = image.getexif()
        found = set(exif) | set(exif.get_ifd(0x8769))
        return {
            "index": bool(exif.get_ifd(0xA005)),
            "gamma": 0xA500 in found,
            "space": exif.get_ifd(0x8769).get(0xA001),
            "white": 0x013E in found or 0x013F in found,
            "icc": image.info.get("icc_profile"),
            "make": exif.get(0x010F),
        }


def photograph(icc=None, exif=None, xmp=None, format_="JPEG"):
    buffer = io.BytesIO()
    options = {key: value for key, value in (("icc_profile", icc), ("xmp", xmp)) if value}
    Image.fromarray(patches(COLORS, 8)).save(buffer, format_, quality=95, exif=exif or ADOBE_EXIF, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("format_", ["jpeg", "png", "webp", "avif", "jxl", "tiff"])
@pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("icc", [None, icc_profile("Adobe RGB"), icc_profile("sRGB")], ids=["exif", "adobe", "srgb"])
def test_result_tags_of_srgb_have_nothing_of_other_colors(render, icc, source, format_):
    body = render(photograph(icc, format_=source), format=format_)
    if format_ == "jxl":
        body = render(body, format="png")  # another decoder reads no metadata of JPEG XL
    found = tags(body)
    assert not found["index"]
    assert not found["gamma"]
    assert not found["white"]
    assert found["icc"] is None
    assert found["space"] in (None, 1)
    assert found["make"] == "Cam" or format_ == "tiff"


def test_result_tags_stay_where_the_profile_stays(render):
    found = tags(render(photograph(icc_profile("Adobe RGB")), format="jpeg", strip_color_profile=False))
    assert found["index"]
    assert found["gamma"]
    assert found["icc"] == icc_profile("Adobe RGB")


def test_result_tags_of_exif_alone_get_a_profile_where_that_is_kept(render):
    found = tags(render(by_exif("JPEG").data, format="png", strip_color_profile=False))
    assert found["icc"]
    assert found["index"]


def test_result_tags_that_say_srgb_stay(render):
    block = exif_block({0x010F: (2, b"Cam\0")}, {0xA001: (3, b"\1\0")}, {1: (2, b"R98\0"), 2: (7, b"0100")})
    found = tags(render(photograph(exif=block), format="jpeg"))
    assert found["space"] == 1
    assert found["index"]


def test_result_tags_in_xmp_and_photoshops_resources_go(render):
    body = render(photograph(icc_profile("Display P3"), xmp=XMP), format="jpeg")
    assert b"ICCProfile" not in body
    assert b"65535" not in body
    assert b"Bern" in body


def test_result_tags_xmp_keeps_what_is_not_of_color():
    reduced = without_color_properties(XMP)
    assert b"Bern" in reduced
    assert b"image/jpeg" in reduced
    for word in (b"ICCProfile", b"ColorSpace", b"Gamma"):
        assert word not in reduced
    other = XMP.replace(b"ICCProfile", b"Headline").replace(b"ColorSpace", b"Flash").replace(b"Gamma", b"FNumber")
    assert without_color_properties(other) is other
    assert without_color_properties(b"<broken ICCProfile") == b""


@pytest.mark.parametrize("head", [b"", b"Photoshop 3.0\0"])
def test_result_tags_resources_keep_what_is_not_of_color(head):
    reduced = without_color_resources(head + RESOURCES)
    assert b"Ann" in reduced
    assert b"resolution" in reduced
    assert b"profile" not in reduced
    assert without_color_resources(reduced) == reduced
    assert without_color_resources(head + RESOURCES[:-40] + b"tail").startswith(head)


@pytest.mark.parametrize("chunk", [(b"gAMA", struct.pack(">I", 100_000)), (b"cICP", bytes((12, 13, 0, 1)))])
def test_result_tags_of_png_chunks_do_not_reach_the_result(render, chunk):
    data = png_with_chunks(vips_image(patches(COLORS, 8)).pngsave_buffer(), chunk)
    body = render(data, format="png")
    assert chunk[0] not in body
    kept = render(data, format="png", strip_color_profile=False)
    assert b"iCCP" in kept
    assert chunk[0] not in kept


def test_result_tags_broken_exif_is_no_error(render):
    for cut in range(10, len(exif_of_adobe_rgb()), 7):
        buffer = io.BytesIO()
        Image.new("RGB", (32, 32)).save(buffer, "JPEG", exif=b"Exif\0\0" + exif_of_adobe_rgb()[:cut])
        Image.open(io.BytesIO(render(buffer.getvalue(), format="jpeg"))).load()
