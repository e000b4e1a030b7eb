"""What is brighter than reference white, in a range that ends at white."""

from __future__ import annotations

from typing import Final

KNEE: Final = 0.85
"""The light up to which nothing changes, 1 = white: 93 % in sRGB."""


def compressed(level: float, brightest: float) -> float:
    """Return the level with highlights compressed: the same up to the knee, 1 for ``brightest``.

    Reinhard's extended curve (2002, equation 4) above the knee, whose slope there is 1.
    """
    if level <= KNEE or brightest <= 1:
        return min(level, 1.0) if brightest <= 1 else level
    room = 1 - KNEE
    above, most = (level - KNEE) / room, (brightest - KNEE) / room
    return min(1.0, KNEE + room * above * (1 + above / (most * most)) / (1 + above))
