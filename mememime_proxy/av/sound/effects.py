"""Changes of sound: its speed, its gain, and fades at its ends. Each takes blocks of samples and yields blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from mememime_proxy.av.sound.filters import run_filters
from mememime_proxy.av.sound.frames import FORMAT, Samples, to_samples

_SLOWEST: Final = 0.5
"""Speed below which one ``atempo`` does not go."""


def change_speed(blocks: Iterator[Samples], rate: int, layout: str, speed: float) -> Iterator[Samples]:
    """Yield sound that is ``speed`` times as fast, at the same pitch: a ``speed``-th of the samples, rounded."""
    if speed == 1:
        yield from blocks
        return
    taken = given = 0
    channels = 0

    def counted() -> Iterator[Samples]:
        nonlocal taken, channels
        for block in blocks:
            taken += block.shape[1]
            channels = block.shape[0]
            yield block

    factors = [_SLOWEST, speed / _SLOWEST] if speed < _SLOWEST else [speed]
    filters = (*(("atempo", f"{factor:.6f}") for factor in factors), ("aformat", f"sample_fmts={FORMAT}"))
    waiting: Samples | None = None
    for frame in run_filters(counted(), rate, layout, filters):
        # The last frame is held back: only then it is known how many samples there may be.
        if waiting is not None:
            given += waiting.shape[1]
            yield waiting
        waiting = to_samples(frame)
    left = round(taken / speed) - given
    if waiting is not None and left > 0:
        yield waiting[:, :left]
        left -= min(left, waiting.shape[1])
    if left > 0:
        yield np.zeros((channels, left), np.float32)


def amplify(blocks: Iterator[Samples], decibels: float) -> Iterator[Samples]:
    """Yield sound with a gain."""
    factor = np.float32(10 ** (decibels / 20))
    for block in blocks:
        yield block * factor if decibels else block


def fade(blocks: Iterator[Samples], fade_in: int, fade_out: int) -> Iterator[Samples]:
    """Yield sound that grows from silence in its first ``fade_in`` samples, and falls to it in its last ones."""
    position = 0
    for block in _fade_end(blocks, fade_out):
        length = block.shape[1]
        if position < fade_in:
            ramp = np.minimum(1, (position + np.arange(length, dtype=np.float32)) / fade_in)
            yield block * ramp.astype(np.float32)
        else:
            yield block
        position += length


def _fade_end(blocks: Iterator[Samples], length: int) -> Iterator[Samples]:
    """Yield sound whose last ``length`` samples fall to silence: so many are held back, as the end is not known."""
    if not length:
        yield from blocks
        return
    held: list[Samples] = []
    count = 0
    for block in blocks:
        held.append(block)
        count += block.shape[1]
        while count - held[0].shape[1] >= length:
            count -= held[0].shape[1]
            yield held.pop(0)
    for block in held:
        remaining = count - np.arange(block.shape[1], dtype=np.float32) - 1
        count -= block.shape[1]
        yield block * np.minimum(1, remaining / length).astype(np.float32)


def limit(blocks: Iterator[Samples]) -> Iterator[Samples]:
    """Yield sound in which what is beyond full scale is at it."""
    for block in blocks:
        yield np.clip(block, -1, 1)
