import struct

import numpy as np
import pytest
import pyvips

from mememime_proxy.errors import BrokenImageError, LimitError
from mememime_proxy.imaging.gate.header import MAX_ICC_LENGTH
from mememime_proxy.plan import ImageLimits, RenderConfig
from tests.support.malformed_images import HEIGHT, WIDTH, header_of, photo, real_files, saved

SHORT, LONG = 3, 4


def tiff(*pages: dict[int, tuple[int, int, int]], order: str = "<", loop: bool = False) -> bytes:
    """Directories of (kind, count, value) by tag, each followed by the next; ``loop``: the last one by the first."""
    out = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 8)
    for index, page in enumerate(pages):
        out += struct.pack(f"{order}H", len(page))
        for tag, (kind, count, value) in sorted(page.items()):
            packed = (
                struct.pack(f"{order}H2x", value) if kind == SHORT and count == 1 else struct.pack(f"{order}I", value)
            )
            out += struct.pack(f"{order}HHI", tag, kind, count) + packed
        last = index == len(pages) - 1
        out += struct.pack(f"{order}I", (8 if loop else 0) if last else len(out) + 4)
    return out


def page(width: int = 9, height: int = 7, **more: tuple[int, int, int]) -> dict[int, tuple[int, int, int]]:
    return {256: (LONG, 1, width), 257: (LONG, 1, height), **{int(tag[1:]): value for tag, value in more.items()}}


@pytest.mark.parametrize("order", ["<", ">"])
def test_tiff_both_byte_orders(order):
    header = header_of(tiff(page(), page(), order=order))
    assert (header.width, header.height, header.pages) == (9, 7, 2)


@pytest.mark.parametrize("order", ["<", ">"])
def test_tiff_big_tiff(order):
    entries = b"".join(struct.pack(f"{order}HHQQ", tag, 16, 1, value) for tag, value in [(256, 21), (257, 22)])
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HHHQ", 43, 8, 0, 16)
    header = header_of(head + struct.pack(f"{order}Q", 2) + entries + bytes(8))
    assert (header.width, header.height) == (21, 22)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "CMYK"])
def test_tiff_facts_are_those_of_libvips(mode):
    data = saved("TIFF", photo(mode))
    header, image = header_of(data), pyvips.Image.tiffload_buffer(data)
    assert (header.width, header.height) == (image.width, image.height) == (WIDTH, HEIGHT)
    assert header.bands == image.bands
    assert header.alpha == image.hasalpha()


def test_tiff_depths():
    array = np.asarray(photo("L"))
    for kind, bits in [("ushort", 16), ("float", 32)]:
        data = pyvips.Image.new_from_array(array).cast(kind).tiffsave_buffer()
        assert header_of(data).bit_depth == bits


@pytest.mark.parametrize("turn", range(1, 9))
def test_tiff_orientation(turn):
    assert header_of(tiff(page(t274=(SHORT, 1, turn)))).orientation == turn


def test_tiff_pages_of_libvips():
    data = saved("TIFF", photo(), save_all=True, append_images=[photo("L"), photo()])
    header = header_of(data)
    assert header.pages == pyvips.Image.tiffload_buffer(data).get("n-pages") == 3
    assert not header.animated


def test_tiff_too_many_pages_are_refused_and_a_loop_is_read_once():
    with pytest.raises(LimitError, match="pages"):
        header_of(tiff(*[page()] * 300))
    assert header_of(tiff(page(), page(), loop=True)).pages == 2


@pytest.mark.parametrize("wrong", [{"t277": (SHORT, 1, 6)}, {"t258": (SHORT, 1, 64)}, {"t277": (SHORT, 1, 60_000)}])
def test_tiff_bands_and_bits_are_bounded_unless_unlimited(wrong):
    data = tiff(page(**wrong))
    with pytest.raises(LimitError):
        header_of(data)
    assert header_of(data, config=RenderConfig(tiff_unlimited=True)).width == 9


def test_tiff_tiles_are_bounded():
    tile = {"t322": (LONG, 1, 60_000), "t323": (LONG, 1, 60_000)}
    with pytest.raises(LimitError, match="tiles"):
        header_of(tiff(page(**tile)))
    assert header_of(tiff(page(**tile)), ImageLimits(max_src_resolution=0)).width == 9
    assert header_of(real_files()["tiff-deflate"], ImageLimits(max_src_resolution=WIDTH * HEIGHT)).width == WIDTH


def test_tiff_colour_profile_is_seen_and_bounded():
    assert header_of(saved("TIFF", icc_profile=bytes(3000))).icc
    with pytest.raises(LimitError, match="profile"):
        header_of(tiff(page(t34675=(7, MAX_ICC_LENGTH + 1, 8))))


@pytest.mark.parametrize(
    "data",
    [
        b"II*\0\0\0\0\0",
        b"II*\0\xff\xff\xff\xff",
        b"II*\0\x08\0\0\0\x00\x00" + bytes(4),
        tiff({256: (LONG, 1, 5)}),
        tiff(page(width=0)),
        tiff(page())[:-8],
    ],
    ids=range(6),
)
def test_tiff_nothing_to_see(data):
    with pytest.raises(BrokenImageError):
        header_of(data)


def test_tiff_directory_without_end_is_refused():
    with pytest.raises(LimitError, match="entries"):
        header_of(b"II*\0\x08\0\0\0\xff\xff" + bytes(70_000))


def test_h2_values_that_overlap_are_refused():
    """libtiff reads each of them: a thousand of 900 KB in one place took 1.7 seconds and 200 MB."""
    shared = {40_000 + n: (7, 100_000, 8) for n in range(300)}
    with pytest.raises(LimitError, match="overlap"):
        header_of(tiff(page() | shared) + bytes(100_000))
    own = {40_000 + n: (7, 1_000, 8 + 1_000 * n) for n in range(300)}
    assert header_of(tiff(page() | own) + bytes(300_000)).width == 9


def test_h2_directories_that_overlap_are_refused():
    """Each begins in the entries of the one before: its number of entries is a part of a value there."""
    body = bytearray(b"II*\0\x08\0\0\0\0\3" + struct.pack("<HHIHH", 0x0100, 1, 1, 0, 768) * 1_200)
    for start in range(8, 8 + 12 * 200, 12):
        struct.pack_into("<I", body, start + 2 + 12 * 768, start + 12)
    with pytest.raises(LimitError, match="entries"):
        header_of(bytes(body))
