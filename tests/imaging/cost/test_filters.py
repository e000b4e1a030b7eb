import pytest

from mememime_proxy.formats.effects_plan import BlurAreas, Colorize, Effects, Gradient, Monochrome, ProgressiveBlur
from mememime_proxy.geometry.geometry import calculate
from mememime_proxy.imaging.cost.filters import add_filters
from mememime_proxy.imaging.cost.work import Work
from mememime_proxy.plan import Plan


def cost(plan, *, alpha=False):
    work = Work()
    before = work.seconds, work.bytes
    add_filters(work, plan, 1e6, 3, 1, calculate(1000, 1000, 1, plan), alpha=alpha)
    return work.seconds - before[0], work.bytes - before[1]


def test_no_filter_costs_nothing():
    assert cost(Plan(pixelate=1, effects=Effects(background_alpha=0.5))) == (0, 0)


@pytest.mark.parametrize(
    "effects",
    [
        Effects(brightness=1),
        Effects(saturation=2),
        Effects(monochrome=Monochrome(1)),
        Effects(gradient=Gradient(1)),
        Effects(colorize=Colorize(1)),
        Effects(progressive_blur=ProgressiveBlur(20)),
    ],
)
def test_every_effect_costs_time_and_memory_and_no_less_with_transparency(effects):
    seconds, memory = cost(Plan(effects=effects))
    assert seconds > 0.003
    assert memory >= 6e6
    assert cost(Plan(effects=effects), alpha=True) >= (seconds, memory)


def test_progressive_blur_costs_more_the_stronger_it_is_up_to_a_limit():
    times = [cost(Plan(effects=Effects(progressive_blur=ProgressiveBlur(s))))[0] for s in (2, 20, 400, 4000)]
    assert times[0] < times[1] < times[2] == times[3]


def test_areas_cost_by_their_size_and_their_margin():
    def seconds(sigma, *areas):
        return cost(Plan(effects=Effects(blur_areas=BlurAreas(sigma, areas))))[0]

    small, large = (0.1, 0.1, 0.1, 0.1), (0, 0, 1, 1)
    assert seconds(5, small) < seconds(5, small, small) < seconds(5, large) <= seconds(5, large, small)
    assert seconds(5, small) < seconds(50, small) <= seconds(50, large)
