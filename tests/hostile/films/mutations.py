"""Changed films: bytes replaced, removed, repeated, sizes set to extremes; the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

from tests.hostile.films import elements, indexes
from tests.hostile.films.boxes import mp4
from tests.support.films import container_film, wave

SEEDS: Final = ("mp4", "fragmented.mp4", "mov", "mkv", "webm", "ts", "mpg", "avi", "flv", "wav")
"""Films that are changed, by their containers."""
_EXTREMES: Final = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0\0\0\x01", b"\x01\0\0\0")


def seed(name: str) -> bytes:
    """Return the film that is changed."""
    return wave(1.0) if name == "wav" else container_film(name)


def mutations(name: str, count: int, start: int = 0) -> Iterator[bytes]:
    """Yield ``count`` changed films of a seed, from number ``start`` on."""
    content = seed(name)
    for number in range(start, start + count):
        yield mutate(content, random.Random(f"{name} {number}"))


def mutate(content: bytes, chance: random.Random) -> bytes:
    """Return a changed film. Half of the changes are in its first kilobyte, where sizes and tables are."""
    result = bytearray(content)
    for _ in range(chance.choice((1, 2, 4, 16, 64))):
        at = chance.randrange(min(len(result), 1024) if chance.random() < 0.5 else len(result))
        kind = chance.randrange(5)
        if kind == 0:
            result[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            result[at : at + 4] = chance.choice(_EXTREMES)
        elif kind == 2:
            del result[at : at + chance.randrange(1, 64)]
        elif kind == 3:
            result[at:at] = result[at : at + chance.randrange(1, 512)]
        else:
            result[at : at + 8] = chance.randbytes(8)
    return bytes(result)


def truncations(content: bytes, parts: int = 20) -> Iterator[bytes]:
    """Yield the first part of a film, the first two …, without the whole."""
    for part in range(parts):
        yield content[: len(content) * part // parts]


def written() -> dict[str, bytes]:
    """Return films by our own writers, which are truncated, too."""
    return {"plain.mp4": mp4(), "zlib.mkv": elements.zlib_frames(), "edits.mp4": indexes.edits(10, 40, 7)}
