"""Waveforms: the lowest and the highest sample of each pixel, in the form of audiowaveform."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

import msgspec
import numpy as np

from mememime_proxy.av.sound.frames import Samples
from mememime_proxy.errors import LimitError

Peaks = np.ndarray[Any, np.dtype[np.int16]]
"""Lowest and highest samples as pairs: pixel by pixel, channel by channel."""

DEFAULT_LENGTH: Final = 2000
"""Pixels that cover a track, where the samples of a pixel are not named."""
MAX_LENGTH: Final = 1_000_000
"""Pixels of a waveform."""
_FINENESS: Final = 4
"""Times as many pixels as are wanted are measured at first: durations of some files are estimates."""
_UNKNOWN: Final = 256
"""Samples of a pixel at first, where the duration is not known."""
_FULL_SCALE: Final = 32768


@dataclass(frozen=True, slots=True)
class WaveformData:
    """Peaks of a track."""

    sample_rate: int
    samples_per_pixel: int
    peaks: Peaks
    """Shape: pixels, channels, 2; 16 bits."""

    def to_json(self, bits: int) -> bytes:
        """Return it in version 2 of audiowaveform's data format, with 8 or 16 bits a value."""
        values = self.peaks if bits == 16 else np.fix(self.peaks / 256).astype(np.int16)
        return msgspec.json.encode(
            {
                "version": 2,
                "channels": self.peaks.shape[1],
                "sample_rate": self.sample_rate,
                "samples_per_pixel": self.samples_per_pixel,
                "bits": bits,
                "length": len(self.peaks),
                "data": values.ravel().tolist(),
            }
        )


def measure_waveform(
    blocks: Iterator[Samples], rate: int, channels: int, samples_per_pixel: int = 0, estimate: int = 0
) -> WaveformData:
    """Return the waveform of all samples, each channel by itself.

    ``samples_per_pixel``: 0 = so that at most ``DEFAULT_LENGTH`` pixels cover them. ``estimate``: how many samples
    there are, as the file tells it; 0 = unknown. Raises LimitError past ``MAX_LENGTH``.
    """
    step = samples_per_pixel or (ceil(estimate / (DEFAULT_LENGTH * _FINENESS)) if estimate else _UNKNOWN)
    parts: list[Peaks] = []
    rest: np.ndarray[Any, np.dtype[np.int16]] | None = None
    length = 0
    for block in blocks:
        samples = np.clip(np.rint(block * _FULL_SCALE), -_FULL_SCALE, _FULL_SCALE - 1).astype(np.int16)
        samples = samples if rest is None else np.concatenate((rest, samples), axis=1)
        whole = samples.shape[1] // step
        if whole:
            parts.append(_peaks(samples[:, : whole * step], step))
            length += whole
        rest = samples[:, whole * step :]
        if length > MAX_LENGTH:
            raise LimitError(f"the waveform has more than {MAX_LENGTH} pixels; name more samples a pixel")
    if rest is not None and rest.shape[1]:
        parts.append(_peaks(rest, rest.shape[1]))
    peaks = np.concatenate(parts) if parts else np.zeros((0, channels, 2), np.int16)
    if not samples_per_pixel:
        times = max(1, ceil(len(peaks) / DEFAULT_LENGTH))
        step, peaks = step * times, merge(peaks, times)
    return WaveformData(rate, step, peaks)


def merge(peaks: Peaks, times: int) -> Peaks:
    """Return the peaks of pixels that are so many times as long."""
    if times == 1 or not len(peaks):
        return peaks
    starts = np.arange(0, len(peaks), times)
    lows = np.minimum.reduceat(peaks[:, :, 0], starts)
    highs = np.maximum.reduceat(peaks[:, :, 1], starts)
    return np.stack((lows, highs), axis=2)


def _peaks(samples: np.ndarray[Any, np.dtype[np.int16]], step: int) -> Peaks:
    pixels = samples.reshape(len(samples), -1, step)
    return np.stack((pixels.min(axis=2), pixels.max(axis=2)), axis=2).transpose(1, 0, 2)
