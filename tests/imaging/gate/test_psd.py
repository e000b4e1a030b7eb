import struct

import pytest

from mememime_proxy.errors import BrokenImageError, LimitError
from mememime_proxy.imaging.gate.psd import MAX_RESOURCES
from tests.support.malformed_images import HEIGHT, WIDTH, header_of, photo
from tests.support.psd_writer import head, psd, resource, section

EMPTY = section(b"") * 3
PLANES = bytes(2 + 3 * 4)


@pytest.mark.parametrize(
    ("mode", "extra", "facts"),
    [
        ("L", 0, (False, 1, False)),
        ("L", 1, (False, 1, False)),
        ("P", 0, (False, 1, True)),
        ("RGB", 0, (False, 3, False)),
        ("RGBA", 0, (True, 4, False)),
        ("RGB", 2, (False, 3, False)),
        ("CMYK", 1, (False, 4, False)),
    ],
)
@pytest.mark.parametrize("runs", [False, True])
def test_header(mode, extra, facts, runs):
    header = header_of(psd(photo(mode), extra=extra, runs=runs, resources=resource(1039, b"profile", b"name")))
    assert (header.width, header.height, header.bit_depth, header.icc) == (WIDTH, HEIGHT, 8, True)
    assert (header.alpha, header.bands, header.palette) == facts


def test_merged_picture_is_there_unless_a_file_denies_it():
    for info in (b"", resource(1057, struct.pack(">IB", 1, 1))):
        assert header_of(psd(photo("L"), resources=info)).icc is False
    with pytest.raises(BrokenImageError, match="maximum compatibility"):
        header_of(psd(photo("L"), resources=resource(1057, struct.pack(">IB", 1, 0))))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (head(2, 2, version=2) + EMPTY + PLANES, "save it as PSD"),
        (head(2, 2, version=3) + EMPTY + PLANES, "version 3"),
        (head(2, 2, depth=16) + EMPTY + PLANES, "16 bits"),
        (head(2, 2, mode=9) + EMPTY + PLANES, "color mode 9"),
        (head(0, 2) + EMPTY + PLANES, "0×2"),
        (head(2, 30_001) + EMPTY + PLANES, "2×30001"),
        (head(2, 2, 2) + EMPTY + PLANES, "2 channels"),
        (head(2, 2, 57) + EMPTY + PLANES, "57 channels"),
        (head(2, 2, 1, mode=2) + EMPTY + PLANES, "palette"),
        (head(2, 2) + EMPTY + PLANES[:-1], "merged picture"),
        (head(2, 2) + EMPTY + b"\0\1" + b"\0\2" * 6 + bytes(11), "merged picture"),
        (head(2, 2) + EMPTY + b"\0\1\0\2", "too soon"),
        (head(2, 2) + EMPTY + b"\0\2" + PLANES, "compression 2"),
        (head(2, 2) + struct.pack(">I", 1 << 31) + EMPTY + PLANES, "longer than the file"),
        (head(2, 2) + section(b"") + section(resource(1, b"")[:-1]) + section(b"") + PLANES, "too soon|longer"),
        (head(2, 2)[:-1], "too soon"),
    ],
)
def test_refused(data, words):
    with pytest.raises(BrokenImageError, match=words):
        header_of(data)


def test_resources_are_limited():
    assert header_of(psd(photo("L"), resources=resource(1, b"") * (MAX_RESOURCES - 1))).width == WIDTH
    with pytest.raises(LimitError):
        header_of(psd(photo("L"), resources=resource(1, b"") * (MAX_RESOURCES + 1)))
