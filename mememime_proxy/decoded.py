"""Decoded pixels of an original as they go between a worker and the service: what they are, and what they save."""

from __future__ import annotations

from typing import Final

import msgspec


class LoadKey(msgspec.Struct, frozen=True, array_like=True):
    """What decides, beside the bytes of an original and the operator's configuration, what its decoder hands over."""

    shrink: float = 1.0
    """How many times smaller than the original."""
    preserve_hdr: bool = False
    """More than 8 bits a channel were wanted."""


class LoadedPixels(msgspec.Struct, frozen=True, array_like=True):
    """What a render loaded of its original. ``size``: bytes of the pixels, estimated unless ``is_handed_back``.

    ``seconds``: CPU time of the decoder on the reference machine, whether or not it was spent. ``reduction``: how many
    times smaller the original could be loaded for this plan. ``shrinks``: those that its decoder can do, the largest
    first.
    """

    key: LoadKey = LoadKey()
    size: int = 0
    seconds: float = 0.0
    reduction: float = 1.0
    shrinks: tuple[int, ...] = ()
    any_shrink: bool = False
    """The decoder does any reduction."""
    is_handed_back: bool = False
    """The pixels are in the memory file that came with the job."""
    is_given: bool = False
    """They came with the job: nothing was decoded."""


def step_down(reduction: float, shrinks: tuple[int, ...]) -> int:
    """Return the largest of a decoder's ``shrinks`` that is no more than a picture may be reduced by; 1 for none."""
    return next((shrink for shrink in shrinks if reduction >= shrink), 1)


_LEAST_SECONDS: Final = 0.004
"""CPU time of a decoder below which a render is over before anyone could wait for its pixels."""
_LEAST_SECONDS_A_BYTE: Final = 2e-9
"""Writing pixels to a memory file takes 0.5 nanoseconds a byte, mapping them a quarter of that for each render."""


def is_worth_keeping(size: int, seconds: float) -> bool:
    """Whether pixels of ``size`` bytes, which a decoder took ``seconds`` for, are worth the memory if used again."""
    return seconds >= max(_LEAST_SECONDS, _LEAST_SECONDS_A_BYTE * size)
