"""What the steps between decoder and encoder take.

The figures are those of ``python -m benchmarks cost``, see ``decoders``. What they hold in memory are whole copies of
the picture at that point, which ``estimate`` adds where it adds the operation.
"""

from __future__ import annotations

from typing import Final

OPERATIONS: Final[dict[str, float]] = {
    "conversion": 20,
    "depth": 2,
    "colours": 8,
    "tone mapping": 60,
    "trim": 52,
    "smart crop": 6,
    "resize, each pixel before": 1.3,
    "resize, each pixel after": 10,
    "transparency": 3,
    "linear light": 10,
    "rotate": 3,
    "filters": 1,
    "blur": 3,
    "blur, each pixel of sigma": 0.35,
    "sharpen": 26,
    "unsharp mask": 6,
    "sharpen, each pixel of sigma": 3,
    "pixelate": 5,
    "tables": 2,
    "colour matrix": 6,
    "lightness": 5,
    "sheet": 8,
    "sheet, with transparency": 20,
    "canvas": 1,
    "watermark": 25,
    "free rotation": 20,
    "stack": 2,
    "gain map": 30,
    "count colours": 10,
    "measure a result": 10,
    "repack": 130,
}
"""Nanoseconds of CPU time for each sample (channel of a pixel) that an operation works on."""
