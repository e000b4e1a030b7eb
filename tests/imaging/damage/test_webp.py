import io
import struct

import pytest
from PIL import Image

from mememime_proxy.imaging.damage.model import Damage
from mememime_proxy.imaging.damage.webp import repair, verify
from mememime_proxy.imaging.gate import inspect
from mememime_proxy.plan import ImageLimits, RenderConfig
from tests.support.damage_samples import FILES, HEIGHT, WIDTH

LIMITS = ImageLimits(max_animation_frames=10)


def repaired(data):
    return repair(memoryview(data), inspect(data, LIMITS, RenderConfig())[0])


@pytest.mark.parametrize("name", ["webp", "lossless", "translucent", "webp-animation"])
@pytest.mark.parametrize("share", [0.7, 0.9, 0.999])
def test_webp_repair_of_a_cut_file_can_be_decoded(name, share):
    data = FILES[name]()
    result = repaired(data[: int(len(data) * share)])
    picture = Image.open(io.BytesIO(result.data))
    picture.load()
    assert (result.damage, picture.size) == (Damage.TRUNCATED, (WIDTH, HEIGHT))


def test_webp_repair_drops_a_later_frame_that_is_not_whole():
    data = FILES["webp-animation"]()
    pictures = [Image.open(io.BytesIO(part)).n_frames for part in (data, repaired(data[: len(data) // 2]).data)]
    assert pictures[0] == 4
    assert pictures[1] in {1, 2}


def test_webp_repair_corrects_the_size_of_the_container():
    data = FILES["webp"]()
    wrong = data[:4] + struct.pack("<I", len(data) * 2) + data[8:]
    result = repaired(wrong)
    assert (bytes(result.data), result.damage) == (data, Damage.CORRUPT)
    verify(memoryview(result.data), inspect(data, LIMITS, RenderConfig())[0])
