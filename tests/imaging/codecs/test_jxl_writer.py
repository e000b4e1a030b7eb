"""JPEG XL with the metadata and the profile that are kept."""

import io

import pytest
from PIL import Image

pytest.importorskip("imagecodecs")

from mememime_proxy.imaging.codecs import libjxl
from mememime_proxy.imaging.codecs.jxl_writer import write_jxl
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import Plan, RenderConfig
from tests.support.color_files import COLORS, patches, vips_image
from tests.support.colorimetry import icc_profile

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:creator="Ann" dc:format="x"/>'
    b"</rdf:RDF></x:xmpmeta>"
)


def photograph():
    exif = Image.Exif()
    exif[0x0112], exif[0x8298], exif[0x010F] = 6, "Ann", "Cam"
    buffer = io.BytesIO()
    Image.fromarray(patches(COLORS, 8)).save(
        buffer, "JPEG", quality=95, exif=exif, xmp=XMP, icc_profile=icc_profile("Display P3")
    )
    return buffer.getvalue()


def written(**plan):
    body = Renderer(RenderConfig()).render(photograph(), Plan(format="jxl", **plan)).body
    return libjxl.decode(body, max_pixels=1 << 20, deep=False)


def exif_of(block):
    exif = Image.Exif()
    exif.load(b"Exif\0\0" + block)
    return exif


def test_jxl_writer_stripped_result_has_no_metadata():
    found = written(keep_copyright=False)
    assert (found.exif, found.xmp, found.icc) == (None, None, None)


def test_jxl_writer_rights_survive_as_elsewhere():
    found = written(keep_copyright=True)
    exif = exif_of(found.exif)
    assert exif.get(0x8298) == "Ann"
    assert 0x010F not in exif
    assert b"Ann" in found.xmp
    assert b"format" not in found.xmp


def test_jxl_writer_kept_metadata_is_that_of_the_turned_picture():
    found = written(strip_metadata=False)
    exif = exif_of(found.exif)
    assert exif.get(0x010F) == "Cam"
    assert exif.get(0x0112) in (None, 1)
    assert (found.width, found.height) == (64, 96)
    assert found.xmp == XMP


def test_jxl_writer_profile_is_kept_where_the_plan_keeps_it():
    found = written(strip_color_profile=False)
    assert found.icc is not None or not found.color.srgb


@pytest.mark.parametrize("kind", ["float", "uint", "short", "double"])
def test_jxl_writer_other_samples_become_eight_bits(kind):
    image = vips_image(patches(COLORS, 8)).cast(kind).copy(interpretation="srgb")
    body = write_jxl(image, distance=0, effort=1, keep=0)
    assert libjxl.decode(body, max_pixels=1 << 20, deep=True).sixteen is False
