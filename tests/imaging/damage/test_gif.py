import pytest

from mememime_proxy.imaging.damage.gif import GifLayout, repair
from mememime_proxy.imaging.damage.model import Damage
from mememime_proxy.imaging.gate import inspect
from mememime_proxy.plan import ImageLimits, RenderConfig
from tests.support.damage_samples import FILES

LIMITS = ImageLimits(max_animation_frames=10)


@pytest.mark.parametrize("name", ["gif", "gif-animation", "interlaced-gif"])
def test_gif_repair_of_a_cut_file_ends_in_a_trailer(name):
    data = FILES[name]()
    for length in range(len(data) // 3, len(data)):
        result = repair(memoryview(data[:length]), None)
        layout = GifLayout(memoryview(result.data))
        assert (result.damage, layout.complete, layout.truncated) == (Damage.TRUNCATED, True, False)


def test_gif_repair_leaves_out_a_frame_without_data():
    data = FILES["gif-animation"]()
    second = data.index(b"\x2c", data.index(b"\x21\xf9", len(data) // 5))
    result = repair(memoryview(data[: second + 12]), None)
    assert inspect(result.data, LIMITS, RenderConfig())[0].pages == 1


def test_gif_repair_ends_at_what_is_no_block():
    data = FILES["gif"]()
    result = repair(memoryview(data[:-1] + b"\x07\x07\x07"), None)
    assert (bytes(result.data), result.damage) == (data, Damage.CORRUPT)
