"""What embedded pictures take: each is decoded once, and drawn as often as it is used."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mememime_proxy.imaging.gate.drawing_work import DrawingWork

_DECODE = 35.0
"""Nanoseconds of a pixel."""
_SCAN = 12.0
"""Nanoseconds of each further scan of a progressive JPEG for each pixel."""
_BYTES = 12.0
"""Bytes of a pixel: as it is decoded, and as cairo draws it."""
_DRAW = 16.0
"""Nanoseconds of each pixel of the result."""
_SHRINK = 16.0
"""Nanoseconds of each pixel of a picture that is drawn smaller."""


@dataclass(frozen=True, slots=True)
class EmbeddedPicture:
    """A picture inside of a drawing: pixels of its sides, or a drawing."""

    width: float
    height: float
    scans: int = 1
    drawing: DrawingWork | None = None

    @property
    def decode_cost(self) -> float:
        """Nanoseconds of decoding."""
        if self.drawing is not None:
            return self.drawing.open_cpu * 1e9
        return self.width * self.height * (_DECODE + _SCAN * (self.scans - 1))

    @property
    def memory(self) -> float:
        """Bytes of the decoded picture."""
        return float(self.drawing.open_memory) if self.drawing is not None else _BYTES * self.width * self.height

    def draw_cost(self, width: float, height: float) -> tuple[float, float]:
        """Return the nanoseconds of drawing it so large, fixed ones and for each pixel that it covers.

        ``width``, ``height``: in units of the drawing around it, which a drawing inside of it has for pixels.
        """
        if self.drawing is None:
            return _SHRINK * self.width * self.height, _DRAW
        return self.drawing.render_cpu(width, height) * 1e9, _DRAW

    def draw_memory(self, width: float, height: float) -> float:
        """Return the bytes of drawing it so large."""
        if self.drawing is None:
            return 0.0
        return self.drawing.render_memory(width, height) + 4 * width * height if math.isfinite(width * height) else 0.0
