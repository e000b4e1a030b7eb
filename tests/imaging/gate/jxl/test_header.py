import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mememime_proxy.errors import BrokenImageError, ImageError, LimitError
from tests.support.malformed_images import HEIGHT, WIDTH, box, header_of, photo, real_files

SIGNATURE = b"\0\0\0\x0cJXL \r\n\x87\n"


class Bits:
    """A codestream, field by field."""

    def __init__(self) -> None:
        self._value, self._length = 0x0AFF, 16

    def put(self, value: int, count: int) -> "Bits":
        self._value |= value << self._length
        self._length += count
        return self

    def bytes(self) -> bytes:
        return self._value.to_bytes(self._length // 8 + 60, "little")


@pytest.mark.parametrize(
    "size", [(1, 1), (8, 8), (256, 256), (64, 48), (300, 200), (512, 3), (320, 180), (40, 20), (1000, 9)]
)
def test_jxl_sizes_in_every_spelling(size):
    pixels = np.zeros((size[1], size[0], 3), np.uint8)
    header = header_of(imagecodecs.jpegxl_encode(pixels, effort=1))
    assert (header.width, header.height) == size


def test_jxl_channels_and_depth():
    grey = header_of(imagecodecs.jpegxl_encode(np.asarray(photo("L")), effort=1))
    assert (grey.bands, grey.alpha, grey.bit_depth) == (1, False, 8)
    deep = header_of(imagecodecs.jpegxl_encode(np.asarray(photo()).astype(np.uint16) * 257, effort=1))
    assert (deep.bands, deep.alpha, deep.bit_depth) == (3, False, 16)
    alpha = header_of(real_files()["jxl-container"])
    assert (alpha.bands, alpha.alpha, alpha.bit_depth) == (4, True, 8)


def test_jxl_animation_is_noticed():
    frames = np.stack([np.asarray(photo())] * 3)
    header = header_of(imagecodecs.jpegxl_encode(frames, effort=1))
    assert header.sequence
    assert not header.animated
    assert (header.width, header.height) == (WIDTH, HEIGHT)


@pytest.mark.parametrize("turn", range(1, 9))
def test_jxl_size_is_the_turned_one(turn):
    bits = Bits().put(0, 1).put(0, 2).put(29, 9).put(0, 3).put(0, 2).put(39, 9)  # 40×30
    bits.put(0, 1).put(1, 1).put(turn - 1, 3).put(0, 3)  # orientation, no preview, no animation
    header = header_of(bits.bytes())
    assert (header.width, header.height) == ((40, 30) if turn < 5 else (30, 40))
    assert header.orientation == 1


def test_jxl_first_part_of_a_codestream_in_parts():
    stream = real_files()["jxl"]
    data = SIGNATURE + box(b"ftyp", b"jxl ", bytes(4), b"jxl ") + box(b"jxlp", bytes(4), stream[:9])
    data += box(b"jxlp", b"\x80\0\0\1", stream[9:])
    assert header_of(data).width == WIDTH


def test_jxl_huge_picture():
    with pytest.raises(LimitError):
        header_of(Bits().put(0, 1).put(3, 2).put((1 << 30) - 1, 30).put(1, 3).put(1, 1).bytes())


@pytest.mark.parametrize(
    "data", [b"\xff\x0a", SIGNATURE, SIGNATURE + box(b"jxlc", bytes(50)), SIGNATURE + box(b"Exif")]
)
def test_jxl_broken(data):
    with pytest.raises(BrokenImageError):
        header_of(data)


@settings(max_examples=300)
@given(st.binary(max_size=300))
def test_jxl_any_codestream_is_read_or_refused(rest):
    try:
        header = header_of(b"\xff\x0a" + rest)
    except ImageError:
        return
    assert header.width > 0
    assert header.height > 0
