"""A picture as the page of a document, read again by PDFium."""

import io
import re

import numpy as np
import pypdfium2
import pytest
import pyvips
from PIL import Image

from mememime_proxy.formats.output_plan import Saving
from mememime_proxy.imaging.pdf.writer import page_of_jpeg
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import Plan, RenderConfig
from tests.support.pdf_writer import pdf

WIDTH, HEIGHT = 60, 40


def photograph(bands=3):
    x, y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    samples = np.stack([x * 4, y * 6, 255 - x * 2, np.full_like(x, 255)], axis=-1).astype("uint8")
    image = pyvips.Image.new_from_array(samples[..., :bands] if bands > 1 else samples[..., 0])
    return image.copy(interpretation="b-w" if bands == 1 else "srgb").pngsave_buffer()


def rendered(data, format_="pdf", config=None, **fields):
    variant = Renderer(config or RenderConfig()).render(data, Plan(format=format_, **fields))
    assert variant.format == format_
    return bytes(variant.body)


def shown(body, scale=1.0):
    """The first page at one pixel to the point times ``scale``, as a program of its own draws it."""
    document = pypdfium2.PdfDocument(body)
    assert len(document) == 1
    page = document[0].render(scale=scale).to_pil().convert("RGB")
    document.close()
    return np.asarray(page).astype(int)


def objects(body):
    """The objects by number, each found where the cross-reference table says; all lengths are right."""
    start = int(re.fullmatch(rb".*startxref\n(\d+)\n%%EOF\n", body, re.S)[1])
    head, _, rows = body[start:].partition(b" \n")
    size = int(re.match(rb"xref\n0 (\d+)\n", head)[1])
    entries = re.findall(rb"(\d{10}) 00000 n \n", rows)
    assert size == len(entries) + 1
    assert b"/Size %d " % size in rows
    found = {}
    for number, entry in enumerate(entries, 1):
        at = int(entry)
        assert body[at:].startswith(b"%d 0 obj\n" % number)
        length = re.match(rb"[^>]*/Length (\d+) >>\nstream\n", body[at:])
        end = at + length.end() + int(length[1]) if length else body.index(b"\nendobj\n", at)
        assert body[end:].startswith(b"\nendstream\nendobj\n" if length else b"\nendobj\n")
        found[number] = body[at + length.end() : end] if length else body[at:end]
    return found


@pytest.mark.parametrize("bands", [1, 3])
@pytest.mark.parametrize("config", [RenderConfig(), RenderConfig(jpeg_encoder="jpegli", jpeg_progressive=True)])
def test_page_is_the_jpeg(bands, config):
    data = photograph(bands)
    body = rendered(data, config=config, quality=92)
    jpeg = rendered(data, "jpeg", config=config, quality=92)
    assert objects(body)[4] == jpeg
    page = shown(body)
    assert page.shape == (HEIGHT, WIDTH, 3)
    assert np.abs(page - np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB")).astype(int)).max() <= 2


@pytest.mark.parametrize(
    ("dpi", "config", "size"), [(0, {}, (60, 40)), (144, {}, (30, 20)), (0, {"strip_metadata_dpi": 36}, (120, 80))]
)
def test_size_of_the_page(dpi, config, size):
    body = rendered(photograph(), config=RenderConfig(**config), saving=Saving(dpi=dpi))
    assert pypdfium2.PdfDocument(body).get_page_size(0) == size


def test_transparent_parts_are_flattened():
    clear = pyvips.Image.black(20, 20, bands=4).copy(interpretation="srgb").pngsave_buffer()
    assert shown(rendered(clear)).min() >= 254
    assert np.abs(shown(rendered(clear, background=(200, 30, 10))) - (200, 30, 10)).max() <= 3


def test_quality_is_that_of_the_format():
    data = photograph()
    low, named = rendered(data, quality=20), rendered(data, format_quality=(("pdf", 20), ("jpeg", 95)))
    assert low == named
    assert len(low) < len(rendered(data))
    assert len(rendered(data, max_bytes=len(low) + 40)) < len(rendered(data))


def test_cmyk_with_its_profile():
    """The page shows the colours of the same picture in sRGB; the profile is an object of the document."""
    data = photograph()
    body = rendered(data, quality=95, saving=Saving(color_profile="cmyk"))
    found = objects(body)
    assert b"/ICCBased 6 0 R" in body
    assert found[6][36:40] == b"acsp"
    assert Image.open(io.BytesIO(found[4])).mode == "CMYK"
    assert "icc_profile" not in Image.open(io.BytesIO(found[4])).info
    jpeg = rendered(data, "jpeg", quality=95, saving=Saving(color_profile="cmyk"))
    expected = pyvips.Image.new_from_buffer(jpeg, "").icc_transform("srgb").numpy().astype(int)
    assert np.abs(shown(body) - expected).mean() < 12


def test_cmyk_of_the_device():
    white = pyvips.Image.black(8, 8, bands=4).copy(interpretation="cmyk").jpegsave_buffer()
    assert shown(page_of_jpeg(white, 8, 8, channels=4, dpi=72)).min() >= 250


def test_documents_are_made_only_where_a_url_names_them():
    config = RenderConfig(preferred_formats=("pdf", "png"))
    renderer = Renderer(config)
    assert renderer.render(photograph(), Plan()).format == "png"
    assert renderer.render(photograph(), Plan(best=True)).format == "png"
    assert renderer.render(rendered(photograph()), Plan()).format == "png"


def test_document_of_a_document_is_drawn_again():
    """Also where the original has fewer bytes: it may hold more than what is seen."""
    plain = pdf([(36, 36, (1, 0, 0))])
    variant = Renderer(RenderConfig()).render(plain, Plan(format="pdf", quality=100))
    assert variant.rendered
    assert len(bytes(variant.body)) > len(plain)
