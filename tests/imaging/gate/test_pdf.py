import pytest

from mememime_proxy.imaging.gate.pdf import walk
from mememime_proxy.plan import RenderConfig
from tests.support.pdf_writer import pdf

PAGES = pdf([(72, 36, None), (144, 720, None), (1e7, 0.01, None)])


@pytest.mark.parametrize(
    ("page", "limit", "facts"),
    [
        (0, 0, (96, 48, 0)),
        (1, 0, (192, 960, 1)),
        (1, 46_080, (96, 480, 1)),
        (2, 1000, (1000, 1, 2)),
        (50, 1000, (1000, 1, 2)),
    ],
)
def test_header_of_a_page_within_the_limit(page, limit, facts):
    header = walk(memoryview(PAGES), limit, RenderConfig(), page)
    assert (header.width, header.height, header.page) == facts
    assert (header.pages, header.animated, header.alpha, header.bands) == (3, False, False, 3)


def test_transparent_pages_have_alpha():
    header = walk(memoryview(PAGES), 0, RenderConfig(pdf_no_background=True), 0)
    assert (header.alpha, header.bands) == (True, 4)
