"""Samples as arrays, and as frames of the engine."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final, cast

import numpy as np
from av.audio.frame import AudioFrame

Samples = np.ndarray[Any, np.dtype[np.float32]]
"""Channels in rows, samples in columns; full scale is ±1."""

LAYOUTS: Final = {1: "mono", 2: "stereo", 6: "5.1"}
"""Channels that sound is mixed to, and FFmpeg's name of their layout."""
FORMAT: Final = "fltp"
"""FFmpeg's name of the format of ``Samples``."""


def to_frame(samples: Samples, rate: int, layout: str, position: int) -> AudioFrame:
    """Return samples as a frame that begins at a position on their grid."""
    frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples), FORMAT, layout)
    frame.sample_rate, frame.pts, frame.time_base = rate, position, Fraction(1, rate)
    return frame


def to_samples(frame: AudioFrame) -> Samples:
    """Return the samples of a frame whose format is ``FORMAT``."""
    return cast("Samples", frame.to_ndarray())
