import pytest

from mememime_proxy.formats.effects_plan import Mark, Watermark
from mememime_proxy.imaging.cost.watermark import add_watermark
from mememime_proxy.imaging.cost.work import Work
from mememime_proxy.plan import Plan


def cost(mark, option=Watermark(1.0)):  # noqa: B008 - frozen
    work = Work()
    before = work.seconds, work.bytes
    add_watermark(work, None, Plan(watermark=option, mark=mark), 1.0, 400, 300, 1)
    return work.seconds - before[0], work.bytes - before[1]


def test_no_picture_and_no_text_costs_nothing():
    assert cost(Mark(angle=3)) == (0, 0)
    assert cost(Mark(text="x"), None) == (0, 0)


@pytest.mark.parametrize("more", [{"width": 4000}, {"angle": 30.0}, {"shadow": 9.0}, {"text": "long " * 100}])
def test_text_costs_more_the_more_is_done_with_it(more):
    plain, other = cost(Mark(text="hello")), cost(Mark(**{"text": "hello", **more}))
    assert plain[0] > 0.01
    assert other > plain
