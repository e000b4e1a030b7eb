import struct
import tracemalloc
import zlib

import pytest
import pyvips

from mememime_proxy.errors import BrokenImageError, LimitError
from mememime_proxy.imaging.gate import inspect
from mememime_proxy.imaging.gate.png import MAX_TEXT_LENGTH
from mememime_proxy.plan import ImageLimits, RenderConfig
from tests.support.malformed_images import exif, header_of, photo, png, real_files, saved, zeros
from tests.support.numbered_png import PNG_SIGNATURE, chunk

MIB = 1 << 20
PHYS = chunk(b"pHYs", bytes(9))


def kept(data: bytes) -> bytes:
    return bytes(inspect(data, ImageLimits(), RenderConfig())[1])


def bomb(kind: bytes, length: int) -> bytes:
    heads = {b"zTXt": b"a\0\0", b"iTXt": b"a\0\1\0\0\0", b"iCCP": b"a\0\0"}
    return chunk(kind, heads[kind] + zeros(length))


@pytest.mark.parametrize(
    ("name", "depth", "bands", "alpha", "palette", "progressive"),
    [
        ("png", 8, 3, False, False, False),
        ("png-alpha", 8, 4, True, False, False),
        ("png-palette", 8, 1, False, True, False),
        ("png-grey", 8, 2, True, False, False),
        ("png-interlaced", 8, 3, False, False, True),
    ],
)
def test_png_facts(name, depth, bands, alpha, palette, progressive):
    header = header_of(real_files()[name])
    assert (header.bit_depth, header.bands, header.alpha) == (depth, bands, alpha)
    assert (header.palette, header.progressive) == (palette, progressive)


def test_png_sixteen_bits():
    image = pyvips.Image.black(5, 6, bands=3).cast("ushort").copy(interpretation="rgb16")
    assert header_of(image.pngsave_buffer(bitdepth=16)).bit_depth == 16


def test_png_transparency_of_a_palette():
    assert header_of(saved("PNG", photo("P"), transparency=0)).alpha


@pytest.mark.parametrize("turn", range(1, 9))
def test_png_orientation(turn):
    data = saved("PNG", exif=exif(turn))
    assert header_of(data).orientation == pyvips.Image.pngload_buffer(data).get("orientation") == turn


def test_png_colour_profile():
    assert header_of(saved("PNG", icc_profile=bytes(5000))).icc
    assert not header_of(saved("PNG")).icc


@pytest.mark.parametrize(
    "small",
    [
        chunk(b"tEXt", b"Software\0mememime"),
        chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"hello " * 500)),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x/>" + b" " * 4000),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0en\0\0" + zlib.compress(b"<x/>" * 4000)),
        chunk(b"eXIf", exif(6)[6:]),
        chunk(b"pHYs", bytes(9)),
        chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(4000))),
        chunk(b"sPLT", bytes(600)),
        chunk(b"tIME", bytes(7)),
    ],
)
def test_png_small_text_is_kept(small):
    data = png(small)
    assert kept(data) is data


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"iCCP"])
def test_png_text_large_once_inflated_is_removed(kind):
    assert kept(png(bomb(kind, 8 * MIB))) == png()
    assert kept(png(after=(bomb(kind, 8 * MIB),))) == png()
    stays = chunk(b"tEXt", b"a\0b")
    assert kept(png(stays, bomb(kind, 8 * MIB), PHYS)) == png(stays, PHYS)


@pytest.mark.parametrize(
    "large",
    [
        chunk(b"tEXt", b"a\0" + bytes(2 * MIB)),
        chunk(b"iTXt", b"a\0\0\0\0\0" + bytes(2 * MIB)),
        chunk(b"eXIf", bytes(100_000)),
        chunk(b"sPLT", bytes(100_000)),
        chunk(b"zTXt", b"a\0\0not a zlib stream"),
        chunk(b"iCCP", b"a\0\0not a zlib stream" + bytes(8000)),
    ],
)
def test_png_large_or_broken_chunk_is_removed(large):
    assert kept(png(large)) == png()


def test_png_second_profile_is_left_out():
    profile = chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(4000)))
    assert kept(png(profile, profile)) == png(profile)


def test_png_text_after_a_deflate_bomb_is_removed():
    text = chunk(b"tEXt", b"a\0b")
    assert kept(png(text, bomb(b"zTXt", 8 * MIB), text)) == png(text)


def test_png_twenty_text_bombs_cost_one_megabyte():
    data = png(*[bomb(b"zTXt", 48 * MIB)] * 20)
    assert 900_000 < len(data) < 1_000_000
    tracemalloc.start()
    try:
        result = kept(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert result == png()
    assert peak < 8 * MIB
    image = pyvips.Image.pngload_buffer(result)
    assert (image.width, image.height) == (8, 8)
    assert image.avg() == 0


def test_png_many_small_texts_are_left_out_from_some_number_on():
    text = chunk(b"tEXt", b"a\0b")
    assert kept(png(*[text] * 100)) == png(*[text] * 64)


def test_png_chunks_without_end_are_refused():
    with pytest.raises(LimitError, match="chunks"):
        header_of(png(chunk(b"tIME") * 250_000))


def test_png_too_large_picture_is_refused():
    rows = zlib.compressobj(9)
    packed = b"".join(rows.compress(bytes(4097) * 1024) for _ in range(32)) + rows.flush()
    ihdr = chunk(b"IHDR", struct.pack(">IIBBBBB", 32768, 32768, 1, 0, 0, 0, 0))
    with pytest.raises(LimitError):
        header_of(PNG_SIGNATURE + ihdr + chunk(b"IDAT", packed) + chunk(b"IEND"))


def test_png_header_that_promises_more_than_there_is_data():
    data = png()
    lie = data[:16] + struct.pack(">II", 30000, 1600) + data[24:]
    with pytest.raises(BrokenImageError, match="too little"):
        header_of(lie)


@pytest.mark.parametrize(
    "ihdr",
    [
        struct.pack(">IIBBBBB", 0, 1, 8, 0, 0, 0, 0),
        struct.pack(">IIBBBBB", 1, 0, 8, 0, 0, 0, 0),
        struct.pack(">IIBBBBB", 1 << 31, 1, 8, 0, 0, 0, 0),
        struct.pack(">IIBBBBB", 1, 1, 3, 0, 0, 0, 0),
        struct.pack(">IIBBBBB", 1, 1, 8, 5, 0, 0, 0),
        struct.pack(">IIBBBBB", 1, 1, 8, 0, 1, 0, 0),
        struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 2),
        bytes(12),
    ],
)
def test_png_headers_that_are_not_valid(ihdr):
    with pytest.raises(BrokenImageError):
        header_of(PNG_SIGNATURE + chunk(b"IHDR", ihdr) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND"))


def test_png_no_pixels_at_all():
    ihdr = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    with pytest.raises(BrokenImageError):
        header_of(PNG_SIGNATURE + ihdr + chunk(b"IEND"))


NAMES = [b"", b"a" * 5_000, b"\xff" * 100_000]
"""Languages, or translated keywords, that libpng reads however long they are."""


@pytest.mark.parametrize("names", [(language, b"") for language in NAMES] + [(b"", translated) for translated in NAMES])
def test_h3_international_text_is_found_behind_names_of_any_length(names):
    """A language of more than 1,024 bytes hid 48 MB of text, a hundred times in 1 MB of file."""
    language, translated = names
    head = b"keyword\0\1\0" + language + b"\0" + translated + b"\0"
    assert b"iTXt" not in kept(png(chunk(b"iTXt", head + zeros(MAX_TEXT_LENGTH + 1))))
    assert b"iTXt" in kept(png(chunk(b"iTXt", head + zlib.compress(b"short"))))


@pytest.mark.parametrize(
    "chunk_",
    [
        chunk(b"iTXt", b"keyword\0\1\0no end of the language"),
        chunk(b"iTXt", b"keyword\0\1\0language\0no end of the keyword"),
        chunk(b"iTXt", b"keyword\0\1\1\0\0" + zeros(100)),
        chunk(b"iTXt", b"keyword\0\2\0\0\0" + zeros(100)),
        chunk(b"iTXt", b"\0\1\0\0\0" + zeros(100)),
        chunk(b"iTXt", b"k" * 80 + b"\0\1\0\0\0" + zeros(100)),
        chunk(b"iTXt", b"keyword\0\1"),
        chunk(b"zTXt", b"keyword\0\1" + zeros(100)),
        chunk(b"zTXt", b"keyword\0"),
        chunk(b"zTXt", b"k" * 80 + b"\0\0" + zeros(100)),
        chunk(b"tEXt", b"no end of the keyword"),
    ],
)
def test_h3_text_in_which_no_decoder_finds_any_is_removed(chunk_):
    assert kept(png(chunk_)) == png()


def test_h3_names_of_texts_count_in_the_budget():
    name = chunk(b"iTXt", b"keyword\0\0\0" + b"a" * (MAX_TEXT_LENGTH // 2) + b"\0\0text")
    assert kept(png(name, name)) == png(name)
    packed = chunk(b"iTXt", b"keyword\0\1\0" + b"a" * (MAX_TEXT_LENGTH // 2) + b"\0\0" + zlib.compress(b"text"))
    assert kept(png(name, packed)) == png(name)


def test_h3_text_hidden_inside_an_icon_is_refused():
    hidden = png(chunk(b"iTXt", b"k\0\1\0" + b"a" * 2_000 + b"\0\0" + zeros(MAX_TEXT_LENGTH + 1)))
    icon = struct.pack("<HHHBBBBHHII", 0, 1, 1, 8, 8, 0, 0, 1, 32, len(hidden), 22) + hidden
    with pytest.raises(LimitError):
        header_of(icon)
