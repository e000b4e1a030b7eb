"""Pages of PDF as pictures."""

import pytest
import pyvips

from mememime_proxy.errors import BrokenImageError, PasswordError
from mememime_proxy.formats.info_fields import InfoFields
from mememime_proxy.formats.output_plan import PageRange
from mememime_proxy.imaging.description.document import describe
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import ImageLimits, Plan, RenderConfig, ResizingType, Trim
from tests.support.pdf_writer import document, pdf, stream

RED, BLUE = (1, 0, 0), (0, 0, 1)
THREE = pdf([(72, 36, RED), (36, 72, BLUE), (72, 72, None)])


def rendered(data, config=None, **fields):
    variant = Renderer(config or RenderConfig()).render(data, Plan(**{"format": "png", **fields}))
    return variant, pyvips.Image.new_from_buffer(bytes(variant.body), "")


@pytest.mark.parametrize(
    ("page", "size", "color"), [(0, (96, 48), [255, 0, 0]), (1, (48, 96), [0, 0, 255]), (9, (96, 96), [255] * 3)]
)
def test_page_at_its_own_size(page, size, color):
    variant, image = rendered(THREE, pages=PageRange(page))
    assert ((image.width, image.height), image.getpoint(5, 5), image.getpoint(40, 40)) == (size, color, [255] * 3)
    assert (variant.source_format, variant.source_width, variant.source_height) == ("pdf", *size)


def test_page_is_rasterised_at_the_size_that_is_wanted():
    """An edge of the square lies between two pixels at 96 dots per inch, and is sharp at ten times as many."""
    _, image = rendered(THREE, width=960, height=480, enlarge=True)
    assert (image.width, image.height) == (960, 480)
    across = {tuple(image.getpoint(x, 20)) for x in range(960)}
    assert across <= {(255, 0, 0), (255, 255, 255)} | {tuple(image.getpoint(133, 20))}
    assert Renderer(RenderConfig()).render(THREE, Plan(width=48)).format == "jpeg"


def test_pages_stand_below_each_other():
    _, image = rendered(THREE, pages=PageRange(0, 9), width=960, enlarge=True, resizing_type=ResizingType.FIT)
    assert (image.width, image.height) == (960, 2400)
    assert [image.getpoint(x, y) for x, y in ((50, 50), (50, 530), (700, 530))] == [[255, 0, 0], [0, 0, 255], [255] * 3]
    assert len({tuple(image.getpoint(x, 20)) for x in range(960)}) <= 3


def test_transparent_pages():
    _, image = rendered(THREE, RenderConfig(pdf_no_background=True), pages=PageRange(0, 2))
    assert [image.getpoint(x, y) for x, y in ((5, 5), (40, 40), (90, 60))] == [
        [255, 0, 0, 255],
        [255, 255, 255, 0],
        [0] * 4,
    ]


def test_trim_works_on_pixels():
    _, image = rendered(pdf([(50, 30, RED)]), trim=Trim(threshold=10, color=(255, 255, 255)))
    assert (image.width, image.height) == (14, 14)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (pdf([(72, 72, RED)], encrypted=True), PasswordError),
        (b"%PDF-1.7\nnothing", BrokenImageError),
        (pdf([]), BrokenImageError),
    ],
    ids=["encrypted", "no object", "no page"],
)
def test_refused(data, error):
    with pytest.raises(error):
        rendered(data)


@pytest.mark.parametrize("limit", [0, 1_000_000])
@pytest.mark.parametrize("size", [(1e6, 1e6), (1e6, 1), (14_400, 14_400)])
def test_page_of_any_size_within_the_limit_of_pixels(size, limit):
    image = rendered(pdf([(*size, RED)]), width=200, height=200, limits=ImageLimits(max_src_resolution=limit))[1]
    assert max(image.width, image.height) == 200


def test_scripts_and_cycles_do_nothing():
    action = b"<< /S /JavaScript /JS (while(true){}) >>"
    xobjects = b"/Resources << /XObject << /A 5 0 R >> >>"
    cycle = [b"<< /Type /Catalog /Pages 2 0 R /OpenAction %s >>" % action,
             b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
             b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R %s >>" % xobjects,
             stream(b"", b"/A Do"),
             stream(b"/Subtype /Form /BBox [0 0 9 9] " + xobjects, b"/A Do")]  # fmt: skip
    assert rendered(document(cycle))[1].width == 12


def test_description():
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
    xmp += b"<rdf:Description xmlns:dc='http://purl.org/dc/elements/1.1/' dc:format='application/pdf'/>"
    xmp += b"</rdf:RDF></x:xmpmeta>"
    data = pdf([(72, 36, RED), (36, 72, BLUE)], objects=[stream(b"/Type /Metadata /Subtype /XML", xmp)])
    fields = InfoFields(pages_number=True, average=True, xmp=True)
    found = describe(data, Plan(info=fields, pages=PageRange(1)), RenderConfig())
    assert {name: found[name] for name in ("format", "mime_type", "width", "height", "pages_number", "xmp")} == {
        "format": "pdf", "mime_type": "application/pdf", "width": 48, "height": 96, "pages_number": 2,
        "xmp": {"dc": {"format": "application/pdf"}},
    }  # fmt: skip
    assert found["average"]["B"] == 255
