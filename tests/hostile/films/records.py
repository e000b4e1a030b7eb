"""The records of hostile films: what each is, how it is made, and what may come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mememime_proxy.errors import (
    BrokenImageError,
    LimitError,
    MissingStreamError,
    SourceTooLargeError,
    UnsupportedFormatError,
)
from tests.hostile.films.measuring import ACTIONS, MIB, NO_MEMORY

PICTURE: Final = "picture"
"""A frame or a sprite is made."""
BROKEN: Final = BrokenImageError.code
UNSUPPORTED: Final = UnsupportedFormatError.code
NO_PICTURES: Final = MissingStreamError.code
"""It is sound, without a cover."""
TOO_LARGE: Final = LimitError.code
REFUSED: Final = frozenset({BROKEN, UNSUPPORTED, NO_PICTURES, TOO_LARGE, SourceTooLargeError.code, NO_MEMORY})
"""What may be answered instead."""
ANY: Final = REFUSED | {PICTURE}


@dataclass(frozen=True)
class HostileFilm:
    """One film, and the bars of what reading it again and again may take."""

    name: str
    build: Callable[[], bytes]
    outcomes: frozenset[str] = ANY
    """What each frame of it may be."""
    cpu: float = 2.0
    """CPU seconds, of all actions together."""
    memory: int = 64 * MIB
    """Bytes of RAM on top of an idle worker's."""
    actions: tuple[str, ...] = tuple(ACTIONS)
    """What is asked of it; what costs seconds by intent is asked once."""


def one_of(*outcomes: str) -> frozenset[str]:
    """Return a set of outcomes."""
    return frozenset(outcomes)
