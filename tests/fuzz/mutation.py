"""Mutated seeds without coverage: the same ones in every run, for the tests that run with each change."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tests.fuzz.target import Target

_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF)
_MAX_CHANGES = 6


def mutations(target: Target, seed: int, count: int) -> Iterator[bytes]:
    """Yield every seed of ``target``, then ``count`` changed ones."""
    seeds = [data[: target.max_length] for data in target.seeds()]
    yield from seeds
    dice = random.Random(f"{target.name} {seed}")
    for _ in range(count):
        data = bytearray(dice.choice(seeds))
        for _ in range(dice.randint(1, _MAX_CHANGES)):
            dice.choice(_CHANGES)(data, dice, target, seeds)
        yield bytes(data[: target.max_length])


def _flip(data: bytearray, dice: random.Random, *_: object) -> None:
    if data:
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def _set(data: bytearray, dice: random.Random, *_: object) -> None:
    if data:
        data[dice.randrange(len(data))] = dice.randrange(256)


def _number(data: bytearray, dice: random.Random, *_: object) -> None:
    size = dice.choice((1, 2, 4, 8))
    at = dice.randrange(len(data) + 1)
    number = dice.choice(_NUMBERS) & ((1 << 8 * size) - 1)
    data[at : at + size] = number.to_bytes(size, dice.choice(("little", "big")))


def _remove(data: bytearray, dice: random.Random, *_: object) -> None:
    at = dice.randrange(len(data) + 1)
    del data[at : at + dice.randint(1, 64)]


def _repeat(data: bytearray, dice: random.Random, *_: object) -> None:
    at = dice.randrange(len(data) + 1)
    data[at:at] = data[at : at + dice.randint(1, 64)] * dice.choice((1, 2, 30))


def _cut(data: bytearray, dice: random.Random, *_: object) -> None:
    del data[dice.randrange(len(data) + 1) :]


def _word(data: bytearray, dice: random.Random, target: Target, _: object) -> None:
    at = dice.randrange(len(data) + 1)
    data[at : at + dice.choice((0, 0, 4, 8))] = dice.choice(target.words or (b"\0",))


def _splice(data: bytearray, dice: random.Random, _: object, seeds: list[bytes]) -> None:
    other = dice.choice(seeds)
    start = dice.randrange(len(other) + 1)
    at = dice.randrange(len(data) + 1)
    data[at : at + dice.choice((0, 64))] = other[start : start + dice.randint(1, 256)]


_CHANGES = (_flip, _set, _number, _remove, _repeat, _cut, _word, _splice)
