import struct

import pytest

from mememime_proxy.errors import BrokenImageError, LimitError
from tests.support.malformed_images import HEIGHT, WIDTH, header_of, photo, png, real_files, saved


def icon(*pictures: tuple[int, int, int, bytes]) -> bytes:
    """An icon of (width, height, bits, contents)."""
    out = struct.pack("<HHH", 0, 1, len(pictures))
    start = 6 + 16 * len(pictures)
    for width, height, bits, contents in pictures:
        out += struct.pack("<BBBBHHII", width % 256, height % 256, 0, 0, 1, bits, len(contents), start)
        start += len(contents)
    return out + b"".join(contents for *_, contents in pictures)


def bitmap(width: int, height: int, bits: int = 32) -> bytes:
    return struct.pack("<IiiHHIIiiII", 40, width, 2 * height, 1, bits, 0, 0, 0, 0, 0, 0) + bytes(
        width * height * bits // 8
    )


def test_ico_both_kinds_of_contents():
    for name, kind in [("ico", "bmp"), ("ico-png", "png")]:
        data = real_files()[name]
        header = header_of(data)
        start, length = header.entry
        assert header.embedded == kind
        assert start + length <= len(data)
        assert (data[start : start + 4] == b"\x89PNG") == (kind == "png")
        assert (header.width, header.height) == (WIDTH, HEIGHT)


def test_ico_largest_counts_then_the_deepest_then_the_first():
    header = header_of(
        icon((8, 8, 32, png()), (32, 32, 8, bitmap(32, 32, 8)), (32, 32, 32, bitmap(32, 32)), (32, 32, 32, b""))
    )
    assert (header.width, header.height, header.bit_depth) == (32, 32, 32)


def test_ico_side_of_zero_is_256():
    large = saved("PNG", photo(width=256, height=256))
    header = header_of(icon((48, 48, 32, png()), (256, 256, 32, large)))
    assert (header.width, header.height) == (256, 256)


def test_ico_contents_tell_the_size_not_the_directory():
    assert header_of(icon((200, 200, 32, bitmap(16, 16)))).width == 16
    with pytest.raises(LimitError):
        header_of(icon((16, 16, 32, bitmap(16, 16)[:4] + struct.pack("<ii", 30_000, 60_000) + bitmap(16, 16)[12:])))
    with pytest.raises(LimitError):
        header_of(icon((16, 16, 32, png(width=9000, height=9000, depth=1))))


@pytest.mark.parametrize(
    "data",
    [
        icon(),
        icon((8, 8, 32, png()))[:-40],
        icon((8, 8, 32, b"not a bitmap, not at all, by no means......")),
        icon((8, 8, 32, b"")),
        struct.pack("<HHHBBBBHHII", 0, 1, 1, 8, 8, 0, 0, 1, 32, 40, 0) + bytes(40),
    ],
    ids=range(5),
)
def test_ico_broken(data):
    with pytest.raises(BrokenImageError):
        header_of(data)


def test_ico_long_directory_is_refused():
    with pytest.raises(LimitError):
        header_of(icon(*[(8, 8, 32, b"")] * 300))
