"""Pictures in a description."""

import base64
import io

import pytest
from PIL import Image

from mememime_proxy.imaging.analysis.placeholders import Pixels
from mememime_proxy.imaging.description.inline_picture import inline_picture

CLEAR = (0, 0, 0, 0)


def opened(uri):
    return Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))


@pytest.mark.parametrize(("size", "side", "expected"), [((128, 64), 32, (32, 16)), ((10, 20), 64, (10, 20))])
def test_longer_side_is_the_wanted_one_and_nothing_is_enlarged(size, side, expected):
    pixels = Pixels(*size, bytes((200, 20, 20, 255)) * (size[0] * size[1]))
    image = opened(inline_picture(pixels, side, "webp"))
    assert image.size == expected
    assert image.mode == "RGB"


def test_transparency_stays_where_the_format_has_it():
    pixels = Pixels(16, 16, bytes(CLEAR) * 128 + bytes((250, 0, 0, 255)) * 128)
    assert opened(inline_picture(pixels, 16, "webp")).convert("RGBA").getpixel((2, 2))[3] < 20
    jpeg = opened(inline_picture(pixels, 16, "jpeg"))
    assert jpeg.getpixel((2, 2))[0] > 200
