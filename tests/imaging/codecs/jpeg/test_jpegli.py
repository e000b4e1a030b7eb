"""JPEG by jpegli: pixels, metadata, and what of the options for JPEG counts."""

import io
from pathlib import Path

import pytest
import pyvips
from PIL import Image

from mememime_proxy.errors import UnsupportedFormatError
from mememime_proxy.imaging.codecs.jpeg import jpegli
from mememime_proxy.imaging.codecs.save import save
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.imaging.steps.best_format import equal_quality
from mememime_proxy.plan import Plan, RenderConfig
from tests.support.color_files import COLORS, patches
from tests.support.colorimetry import icc_profile

SAMPLE = Path(__file__).parents[4] / "config" / "samples" / "astronaut.jpg"
PHOTOGRAPH = pyvips.Image.thumbnail(str(SAMPLE), 200, height=150, size="force").copy_memory()
GREY = PHOTOGRAPH.colourspace("b-w").copy_memory()
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>'


def saved(image, *, quality=80, plan=None, encoder="jpegli", **config):
    config = RenderConfig(jpeg_encoder=encoder, **config)
    return save(image, "jpeg", quality=quality, plan=plan or Plan(), config=config)


def opened(data):
    return Image.open(io.BytesIO(data))


def segments(jpeg):
    """Return the segments of metadata in front of the tables: APP0 to APP15, and comments."""
    at, found = 2, []
    while jpeg[at + 1] in {*range(0xE0, 0xF0), 0xFE}:
        end = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        found.append(jpeg[at:end])
        at = end
    return found


def original():
    exif = Image.Exif()
    exif[0x0112], exif[0x8298], exif[0x010F] = 6, "Ann", "Cam"
    buffer = io.BytesIO()
    picture = Image.fromarray(patches(COLORS, 8))
    picture.save(buffer, "JPEG", quality=95, exif=exif, xmp=XMP, icc_profile=icc_profile("Display P3"), comment="c")
    return buffer.getvalue()


@pytest.mark.parametrize(("image", "mode"), [(PHOTOGRAPH, "RGB"), (GREY, "L")])
def test_picture_is_the_one_of_libvips(image, mode):
    found, usual = saved(image), saved(image, encoder="libvips")
    assert (opened(found).mode, opened(found).size) == (mode, (200, 150))
    for data in (found, usual):
        difference = pyvips.Image.new_from_buffer(data, "") - image
        assert difference.abs().avg() < 12
    sixteen = (
        image.cast("ushort").linear(257, 0).cast("ushort").copy(interpretation="grey16" if mode == "L" else "rgb16")
    )
    assert opened(saved(sixteen)).mode == mode


def test_options_that_count_are_scans_and_colours():
    plain = saved(PHOTOGRAPH)
    assert len(plain) < len(saved(PHOTOGRAPH, encoder="libvips"))  # of about the same look
    assert not opened(plain).info.get("progressive")
    assert opened(saved(PHOTOGRAPH, jpeg_progressive=True)).info["progressive"]
    assert opened(plain).layer[0][1:3] == (2, 2)
    assert opened(saved(PHOTOGRAPH, jpeg_no_subsample=True)).layer[0][1:3] == (1, 1)
    assert opened(saved(PHOTOGRAPH, quality=90)).layer[0][1:3] == (1, 1)
    others = {"jpeg_trellis_quant": True, "jpeg_overshoot_deringing": True, "jpeg_quant_table": 3}
    assert saved(PHOTOGRAPH, **others, jpeg_optimize_scans=True) == plain
    sizes = [len(saved(PHOTOGRAPH, quality=quality)) for quality in (1, 20, 50, 80, 100)]
    assert sizes == sorted(sizes)


@pytest.mark.parametrize(
    "plan",
    [
        Plan(format="jpeg", strip_metadata=False, strip_color_profile=False),
        Plan(format="jpeg", strip_metadata=False, width=20),
        Plan(format="jpeg", strip_color_profile=False, keep_copyright=False),
        Plan(format="jpeg", keep_copyright=True),
        Plan(format="jpeg"),
    ],
)
def test_metadata_is_that_which_libvips_writes(plan):
    found, usual = (
        Renderer(RenderConfig(jpeg_encoder=name)).render(original(), plan).body for name in ("jpegli", "libvips")
    )
    assert segments(bytes(found)) == segments(bytes(usual))
    assert found != usual
    assert bool(segments(bytes(found))) == (plan != Plan(format="jpeg", keep_copyright=False))


def test_cmyk_is_written_by_libvips():
    image = PHOTOGRAPH.bandjoin(0).copy(interpretation="cmyk").copy_memory()
    assert saved(image) == saved(image, encoder="libvips")


def test_best_takes_jpegli_at_equal_quality_and_numbers_of_its_own_as_they_are(monkeypatch):
    def best(**plan):
        body = Renderer(RenderConfig(preferred_formats=("jpeg",))).render(original(), Plan(best=True, **plan)).body
        return bytes(body)

    def plain(quality, encoder):
        plan = Plan(format="jpeg", quality=quality)
        return bytes(Renderer(RenderConfig(jpeg_encoder=encoder)).render(original(), plan).body)

    assert equal_quality("jpegli", Plan(quality=63), RenderConfig()) == 57
    assert best(quality=63) == plain(57, "jpegli")
    assert best(format_quality=(("jpeg", 63),)) == plain(63, "jpegli")
    monkeypatch.setattr("mememime_proxy.imaging.codecs.selection.has_jpegli", lambda: False)
    assert best(quality=63) == plain(63, "libvips")


def test_without_the_library_the_error_names_the_extra(monkeypatch):
    monkeypatch.setattr(jpegli, "has_jpegli", lambda: False)
    jpegli.preload()
    with pytest.raises(UnsupportedFormatError, match="extra 'jpegli'"):
        saved(PHOTOGRAPH)
