import pytest

from mememime_proxy.errors import WatermarkError
from mememime_proxy.formats.effects_plan import Mark, Watermark
from mememime_proxy.imaging.marks import open_marks
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import ImageLimits, Plan, RenderConfig
from tests.support.pixels import flat, image_of

PICTURE = image_of(flat(40, 30, (255, 0, 0))).pngsave_buffer()
GREY = image_of(flat(40, 30, (9, 9, 9))).pngsave_buffer()
PLAN = Plan(format="png", watermark=Watermark(1.0, "nowe"), mark=Mark(url="http://h/a", width=8))


def test_marks_are_opened_by_their_urls():
    found = open_marks(PLAN, [PICTURE], RenderConfig())
    assert {url: mark.header.width for url, mark in found.items()} == {"http://h/a": 40}


@pytest.mark.parametrize(
    ("data", "limits"),
    [(b"no picture", ImageLimits()), (PICTURE[:20], ImageLimits()), (PICTURE, ImageLimits(max_src_resolution=100))],
)
def test_mark_that_the_gate_refuses_is_an_error_that_names_it(data, limits):
    with pytest.raises(WatermarkError, match="http://h/a"):
        open_marks(Plan(watermark=PLAN.watermark, mark=PLAN.mark, limits=limits), [data], RenderConfig())


def test_renderer_with_a_picture_leaves_the_operators_mark_to_others():
    renderer = Renderer(RenderConfig(), watermark=GREY)
    of_url = renderer.with_pictures(PLAN, [PICTURE]).render(GREY, PLAN).body
    of_operator = Plan(format="png", watermark=PLAN.watermark, mark=Mark(width=8))
    assert renderer.render(GREY, of_operator).body != of_url
    assert renderer.with_pictures(PLAN, [PICTURE]).render(GREY, of_operator) == renderer.render(GREY, of_operator)
