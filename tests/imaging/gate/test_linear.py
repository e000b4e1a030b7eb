"""The gate's work is linear in the bytes of a file: the worst case is searched for among changes of hostile files.

A file of ``n`` bytes takes no more than ``n × LINES[format][0] + LINES[format][1]`` lines of the gate's code, and no
more than ``n × TOUCHED[format][0] + TOUCHED[format][1]`` bytes are copied, searched or inflated.
"""

import random
import re
import struct
from functools import partial

import pytest

from mememime_proxy.formats.sniff import sniff
from mememime_proxy.imaging.gate import inspect
from mememime_proxy.plan import ImageLimits, RenderConfig
from tests.hostile.catalogue import FILES
from tests.support.malformed_images import real_files
from tests.support.work_meter import WorkMeter

EXIF = 26_000
"""Lines for 2,048 entries of EXIF, its orientation and its colour space."""
LINES = {
    "avif": (6, EXIF + 1_000),
    "bmp": (0, 100),
    "gif": (5, 200),
    "heic": (6, EXIF + 1_000),
    "ico": (3, EXIF + 2_000),
    "jpeg": (6, EXIF + 200),
    "jxl": (2, 1_000),
    "png": (2, EXIF + 500),
    "psd": (1, 500),
    "svg": (16, 40_000),
    "tiff": (2, 12_000),
    "webp": (3, EXIF + 200),
}
"""Lines for each byte, and in any case, by format."""
MIB = 1 << 20
TOUCHED = {
    "avif": (6, MIB),
    "bmp": (0, 100),
    "gif": (2, 1_000),
    "heic": (6, MIB),
    "ico": (3, 6 * MIB),
    "jpeg": (5, 10_000),
    "jxl": (1, 10_000),
    "png": (3, 6 * MIB),
    "psd": (1, 10_000),
    "svg": (8, 10_000),
    "tiff": (1, 1_000),
    "webp": (3, 10_000),
}
"""Bytes that are touched for each byte of the file, and in any case: profiles and texts of a PNG are inflated."""
ROWS = frozenset({"C2", "C3", "C6", "H2", "H3", "H4", "H6", "H8"})
SEED_SIZE = 400
"""Entries, frames or the like of a hostile file to start from."""
SEED_LENGTH = 24_000
"""Changes start from files of no more bytes."""
ROUNDS = 40
LIMITS = ImageLimits(max_src_resolution=0, max_animation_frames=100)
WORDS = (0, 1, 2, 8, 12, 16, 0x7F, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)


def excess(meter: WorkMeter, name: str, data: bytes) -> float:
    """Work in relation to what is allowed: above 1 is too much."""
    lines, touched = meter.measure(partial(inspect, data, LIMITS, RenderConfig()))
    allowed_lines = len(data) * LINES[name][0] + LINES[name][1]
    allowed_bytes = len(data) * TOUCHED[name][0] + TOUCHED[name][1]
    return max(lines / allowed_lines, touched / allowed_bytes)


def changed(random_: random.Random, data: bytes) -> bytes:
    """The file with a part of it repeated, moved, or replaced by a number that readers may take for a length."""
    at = random_.randrange(12, len(data))
    length = min(random_.choice((1, 2, 4, 8, 12, 16, 20, 64, 500)), len(data) - at)
    part = data[at : at + length]
    match random_.randrange(5):
        case 0:
            return data[:at] + part * random_.choice((2, 10, 100, 500)) + data[at + length :]
        case 1:
            return data[:at] + struct.pack(random_.choice("<>") + "H", random_.choice(WORDS) & 0xFFFF) + data[at + 2 :]
        case 2:
            place = random_.randrange(12, len(data))
            return data[:place] + part + data[place + length :]
        case 3:
            return data[:at] + data[at + length :]
        case _:
            number = random_.choice((*WORDS, len(data), at, len(data) - at))
            return data[:at] + struct.pack(random_.choice("<>") + "I", number & 0xFFFFFFFF) + data[at + 4 :]


def rearranged(random_: random.Random, data: bytes) -> bytes:
    """The drawing with elements repeated, nested, moved or left out, or with another number."""
    parts = data.split(b"<")
    at = random_.randrange(2, max(3, len(parts)))
    run = parts[at : at + random_.choice((1, 1, 2, 8))]
    match random_.randrange(5):
        case 0:
            parts[at:at] = run * random_.choice((2, 10, 100))
        case 1:
            place = random_.randrange(2, len(parts) + 1)
            parts[place:place] = run
        case 2:
            opened = [part for part in run if part[:1].isalpha() and not part.rstrip().endswith(b"/>")]
            closed = [b"/" + re.split(rb"[\s>]", part, maxsplit=1)[0] + b">" for part in reversed(opened)]
            times = random_.choice((2, 10, 50))
            parts[at:at] = opened * times + closed * times
        case 3:
            del parts[at : at + len(run)]
        case _:
            numbers = [*re.finditer(rb"\d+", data)]
            found = random_.choice(numbers)
            number = str(random_.choice((0, 1, 7, 100, 4_000, 1 << 31))).encode()
            return data[: found.start()] + number + data[found.end() :]
    return b"<".join(parts)


def seeds(name: str) -> list[bytes]:
    """Hostile files in a small size, and real ones."""
    records = [record for record in FILES.values() if not record.legal and record.row in ROWS]
    bodies = [record.sized(max(1, min(record.size, SEED_SIZE))).body() for record in records]
    bodies += real_files().values()
    if name == "heic":
        bodies = [body.replace(b"ftypavif", b"ftypheic", 1) for body in bodies]
    # Of a compressed drawing, the bytes are those that it holds.
    bodies = [body for body in bodies if body[:2] != b"\x1f\x8b"]
    return [body for body in bodies if len(body) <= SEED_LENGTH and sniff(memoryview(body)) == name]


@pytest.mark.parametrize("name", sorted(LINES))
def test_gate_work_is_linear_in_the_bytes_also_for_the_worst_file_found(name):
    meter = WorkMeter("imaging/gate", "imaging/color")
    random_ = random.Random(name)
    population = sorted(((excess(meter, name, body), body) for body in seeds(name)), reverse=True)[:8]
    for _ in range(ROUNDS):
        _, parent = random_.choice(population)
        child = parent
        for _ in range(random_.choice((1, 1, 2, 4))):
            child = rearranged(random_, child) if name == "svg" else changed(random_, child)
        if len(child) <= 2 * SEED_LENGTH and sniff(memoryview(child)) == name:
            population = sorted([*population, (excess(meter, name, child), child)], reverse=True)[:8]
    worst, body = population[0]
    assert worst <= 1, f"{len(body)} bytes take {worst:.2f} of what is allowed; they begin with {body[:80].hex()}"
