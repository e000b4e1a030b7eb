"""C16: colour profiles that are long, cyclic, of another space or of a version to come are applied or left out."""

from __future__ import annotations

import random
import struct
import time
import zlib

import numpy as np
import pytest

from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import Plan, RenderConfig
from tests.support.color_files import png_with_chunks, vips_image
from tests.support.colorimetry import icc_profile

_SIDE = 64
_WIDE_MARGIN = 1.0
"""CPU seconds; C16 allows 50 ms, which ``python -m tests.imaging.test_hostile_profiles`` measures."""
_D50 = (0.9642, 1.0, 0.8249)
_MAX = 4 * 1024 * 1024


def profile(tags: dict[bytes, bytes], space: bytes = b"RGB ", kind: bytes = b"mntr", connection: bytes = b"Lab ",
            version: bytes = b"\x02\x40\0\0") -> bytes:  # fmt: skip
    """A profile of these tags; ICC.1:2022, 7.2 and 7.3."""
    start = 132 + 12 * len(tags)
    table, data = struct.pack(">I", len(tags)), b""
    for name, body in tags.items():
        table += struct.pack(">4sII", name, start + len(data), len(body))
        data += body + bytes(-len(body) % 4)
    head = bytearray(128)
    struct.pack_into(">I4x4s4s4s4s", head, 0, start + len(data), version, kind, space, connection)
    head[36:40] = b"acsp"
    struct.pack_into(">3i", head, 68, *(round(value * 65536) for value in _D50))
    return bytes(head) + table + data


def text(name: str) -> bytes:
    return b"desc" + bytes(4) + struct.pack(">I", len(name) + 1) + name.encode() + bytes(79)


def white() -> bytes:
    return struct.pack(">4sI3i", b"XYZ ", 0, *(round(value * 65536) for value in _D50))


def table(channels: int, points: int, outputs: int = 3) -> bytes:
    """A ``mft2`` of a grid with ``points`` on each side; ICC.1:2022, 10.10."""
    head = struct.pack(">4sI4B9i", b"mft2", 0, channels, outputs, points, 0, *(65536 * (k % 4 == 0) for k in range(9)))
    curve = struct.pack(">2H", 0, 65535)
    grid = random.Random(points).randbytes(2 * points**channels * outputs)
    return head + struct.pack(">2H", 2, 2) + curve * channels + grid + curve * outputs


def lut_profile(space: bytes, channels: int, points: int, **more: bytes) -> bytes:
    tags = {b"desc": text("LUT"), b"cprt": b"text" + bytes(5), b"wtpt": white(), b"A2B0": table(channels, points)}
    return profile(tags, space, **more)


def cyclic() -> bytes:
    """Tags that lie on each other and on the table, and a multi-process element that is its own element."""
    own = struct.pack(">4sI2HI2I", b"mpet", 0, 3, 3, 1, 0, 24)
    body = bytearray(profile({b"desc": text("c"), b"wtpt": white(), b"D2B0": own, b"A2B0": own, b"rTRC": own}))
    (count,) = struct.unpack_from(">I", body, 128)
    for index in range(count):
        struct.pack_into(">II", body, 132 + 12 * index + 4, 128 if index % 2 else 132, len(body) - 132)
    return bytes(body)


def versioned(version: int) -> bytes:
    body = bytearray(icc_profile("Display P3"))
    body[8] = version
    return bytes(body)


def with_filler(length: int) -> bytes:
    tags = {b"desc": text("f"), b"wtpt": white(), b"A2B0": table(3, 9)}
    rest = length - len(profile(tags | {b"fill": b""}))
    return profile(tags | {b"fill": random.Random(1).randbytes(rest - 12)})


def many_tags(count: int) -> bytes:
    body = bytearray(icc_profile("sRGB"))
    struct.pack_into(">I", body, 128, count)
    return bytes(body)


PROFILES = {
    "small table": lut_profile(b"RGB ", 3, 9),
    "4 MB of filler": with_filler(_MAX),
    "4 MB of a table": lut_profile(b"RGB ", 3, 87),
    "cyclic": cyclic(),
    "four thousand million tags": many_tags(0xFFFFFFFF),
    "a hundred tags beyond the end": many_tags(100),
    "cut": icc_profile("Display P3")[:700],
    "CMYK in RGB": lut_profile(b"CMYK", 4, 9),
    "grey in RGB": icc_profile("sRGB", grey=True),
    "Lab in RGB": lut_profile(b"Lab ", 3, 9),
    "XYZ in RGB": lut_profile(b"XYZ ", 3, 9),
    "six colours in RGB": lut_profile(b"6CLR", 6, 3),
    "device link": lut_profile(b"RGB ", 3, 9, kind=b"link"),
    "named colours": lut_profile(b"RGB ", 3, 9, kind=b"nmcl"),
    "unknown class": lut_profile(b"RGB ", 3, 9, kind=b"\xff\xff\xff\xff"),
    "version 5": versioned(5),
    "version 255": versioned(255),
    "only a header": profile({}),
}
CMYK_PROFILES = {
    "CMYK": lut_profile(b"CMYK", 4, 9),
    "4 MB of CMYK": lut_profile(b"CMYK", 4, 28),
    "RGB in CMYK": icc_profile("Display P3"),
}


def written(icc: bytes | None, saver: str, bands: int) -> bytes:
    rng = np.random.default_rng(3)
    pixels = rng.integers(0, 256, (_SIDE, _SIDE, bands), dtype=np.uint8)
    if saver == "pngsave":  # libpng writes no profile of another space
        chunks = [(b"iCCP", b"profile\0\0" + zlib.compress(icc))] if icc else []
        return png_with_chunks(vips_image(pixels).pngsave_buffer(), *chunks)
    data: bytes = getattr(vips_image(pixels, icc), f"{saver}_buffer")(keep="icc")
    return data


def rendered(data: bytes, **plan: object) -> float:
    """CPU seconds of a render, which gives a picture."""
    begin = time.process_time()
    variant = Renderer(RenderConfig()).render(data, Plan(width=32, format="png", **plan))
    assert (variant.width, variant.height) == (32, 32)
    assert bytes(variant.body).startswith(b"\x89PNG")
    return time.process_time() - begin


CASES = [(name, icc, 3, saver) for name, icc in PROFILES.items() for saver in ("jpegsave", "pngsave", "tiffsave")] + [
    (name, icc, 4, "jpegsave") for name, icc in CMYK_PROFILES.items()
]


@pytest.mark.parametrize(("name", "icc", "bands", "saver"), CASES, ids=[f"{c[0]} by {c[3]}" for c in CASES])
def test_c16_profile_is_applied_or_left_out(name, icc, bands, saver):
    data = written(icc, saver, bands)
    plain = rendered(written(None, saver, bands))
    assert rendered(data) - plain < _WIDE_MARGIN
    assert rendered(data, strip_color_profile=False) - plain < _WIDE_MARGIN


def main() -> None:
    """Print the CPU time that each profile takes beyond a picture without one, the least of five."""
    for name, icc, bands, saver in CASES:
        data, plain = written(icc, saver, bands), written(None, saver, bands)
        extra = min(rendered(data) for _ in range(5)) - min(rendered(plain) for _ in range(5))
        print(f"{name} by {saver}: {1000 * extra:.1f} ms")


if __name__ == "__main__":
    main()
