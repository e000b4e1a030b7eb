import io
import struct
import zlib

import pytest
from PIL import Image

from mememime_proxy.imaging.damage.model import Damage
from mememime_proxy.imaging.damage.png import repair, verify
from mememime_proxy.imaging.gate import inspect
from mememime_proxy.plan import ImageLimits, RenderConfig
from tests.support.damage_samples import FILES, HEIGHT, WIDTH, flipped


def repaired(data):
    """Damage and pixels after a repair, by a decoder that forgives nothing."""
    result = repair(memoryview(data), inspect(data, ImageLimits(), RenderConfig())[0])
    verify(memoryview(result.data), None)
    picture = Image.open(io.BytesIO(result.data))
    picture.load()
    return result.damage, picture


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


@pytest.mark.parametrize("name", ["png", "alpha", "sixteen", "palette", "interlaced"])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.8, 0.99])
def test_png_repair_of_a_cut_file_is_a_valid_file(name, share):
    data = FILES[name]()
    damage, picture = repaired(data[: int(len(data) * share)])
    assert (damage, picture.size) == (Damage.TRUNCATED, (WIDTH, HEIGHT))


def test_png_repair_gives_each_row_that_can_be_inflated_and_zeros_for_the_rest():
    data = FILES["png"]()
    whole = Image.open(io.BytesIO(data)).tobytes()
    pixels = repaired(data[: len(data) // 2])[1].tobytes()
    same = next(at for at, (first, second) in enumerate(zip(pixels, whole, strict=True)) if first != second)
    assert same > len(whole) * 0.45
    assert not any(pixels[same + WIDTH * 3 :])


@pytest.mark.parametrize("place", [0.3, 0.5, 0.9])
def test_png_repair_of_a_flipped_byte_keeps_what_comes_before_it(place):
    data = FILES["png"]()
    damage, picture = repaired(flipped(data, place))
    whole = Image.open(io.BytesIO(data))
    rows = (0, 0, WIDTH, int(HEIGHT * place) - 3)
    assert (damage, picture.crop(rows).tobytes()) == (Damage.CORRUPT, whole.crop(rows).tobytes())


def test_png_repair_replaces_a_filter_that_does_not_exist():
    rows = bytearray(b"".join(b"\0" + bytes([row] * 12) for row in range(8)))
    rows[13 * 3] = 9
    ihdr = struct.pack(">IIBBBBB", 4, 8, 8, 2, 0, 0, 0)
    data = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", ihdr) + chunk(b"IDAT", zlib.compress(bytes(rows))) + chunk(b"IEND", b"")
    )
    assert repaired(data)[1].tobytes() == b"".join(bytes([row] * 12) for row in range(8))


def test_png_repair_does_without_a_valid_zlib_header_and_checksum():
    data = bytearray(FILES["png"]())
    at = data.index(b"IDAT") + 4
    data[at] ^= 0xFF
    assert repaired(bytes(data))[1].tobytes() == Image.open(io.BytesIO(FILES["png"]())).tobytes()


def test_png_repair_leaves_out_a_damaged_ancillary_chunk_and_keeps_the_palette():
    data = FILES["palette"]()
    at = data.index(b"PLTE")
    (length,) = struct.unpack_from(">I", data, at - 4)
    damaged = data[: at + 4 + length] + bytes(4) + data[at + 8 + length :]
    note = chunk(b"tEXt", b"Comment\0one")[:-4] + bytes(4)
    result = repair(memoryview(damaged[:33] + note + damaged[33:]), None).data
    assert b"tEXt" not in result
    assert b"PLTE" in result
    expected = Image.open(io.BytesIO(data)).convert("RGB")
    assert Image.open(io.BytesIO(result)).convert("RGB").tobytes() == expected.tobytes()
