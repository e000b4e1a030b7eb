import pytest

from mememime_proxy.formats.output_plan import UnsharpMask
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.imaging.steps.sharpening import unsharp_mask
from mememime_proxy.plan import Plan, RenderConfig
from tests.imaging.test_pipeline import areas, encoded
from tests.support.pixels import image_of, picture_of, rows_of

EDGE = [[(100, 100, 100)] * 4 + [(200, 200, 200)] * 4 for _ in range(6)]
ALWAYS = Plan(unsharp=UnsharpMask("always"))


def test_mask_sharpens_edges_alone():
    rows = rows_of(unsharp_mask(picture_of(image_of(EDGE), ALWAYS)).image)
    # An edge of 100: three of the neighbours by 1/24 each.
    assert [pixel[0] for pixel in rows[3]] == [100, 100, 100, 88, 212, 200, 200, 200]
    stronger = Plan(unsharp=UnsharpMask("always", 2.0, 12.0))
    assert rows_of(unsharp_mask(picture_of(image_of(EDGE), stronger)).image)[3][4][0] == 250


def test_mask_leaves_transparency_alone():
    rows = [[(*pixel, 60 if x < 4 else 255) for x, pixel in enumerate(row)] for row in EDGE]
    result = rows_of(unsharp_mask(picture_of(image_of(rows), ALWAYS)).image)
    assert [pixel[3] for pixel in result[3]] == [60] * 4 + [255] * 4


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
@pytest.mark.parametrize(
    ("plan", "sharpened"),
    [
        (Plan(), False),
        (Plan(width=100), True),  # of a JPEG by its decoder alone
        (Plan(width=100, sharpen=1.0), False),
        (Plan(width=900, enlarge=True), False),
        (Plan(width=100, unsharp=UnsharpMask("none")), False),
    ],
)
def test_mask_is_for_what_was_scaled_down(plan, sharpened, suffix):
    data = encoded(areas(400, 200), suffix)
    plain, masked = RenderConfig(), RenderConfig(unsharp_masking_mode="auto")
    bodies = [bytes(Renderer(config).render(data, plan).body) for config in (plain, masked)]
    assert (bodies[0] != bodies[1]) is sharpened
