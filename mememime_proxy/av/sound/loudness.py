"""Loudness by EBU R 128 (ITU-R BS.1770): measured over a whole track, and the one gain that reaches a target."""

from __future__ import annotations

from collections.abc import Iterator
from math import log10
from typing import Final

import numpy as np
from av.audio.resampler import AudioResampler

from mememime_proxy.av.film_facts import TrackLoudness
from mememime_proxy.av.sound.filters import run_filters
from mememime_proxy.av.sound.frames import FORMAT, Samples, to_frame, to_samples

SILENCE: Final = -70.0
"""LUFS: the absolute gate of BS.1770. A track that nothing of is louder than has no loudness."""
_OVERSAMPLING: Final = 4
"""Times the sample rate at which peaks are measured (BS.1770-5, annex 2)."""
_LEAST_RATE: Final = 192_000
_INTEGRATED: Final = "lavfi.r128.I"
_RANGE: Final = "lavfi.r128.LRA"


def measure(blocks: Iterator[Samples], rate: int, layout: str) -> TrackLoudness:
    """Return the loudness of all samples."""
    meter = _PeakMeter(rate, layout)
    values: dict[str, str] = {}
    # The filter's own peaks have three decimals of a linear scale: too few where a track is quiet.
    for frame in run_filters(meter.observe(blocks), rate, layout, (("ebur128", "metadata=1"),)):
        values = frame.metadata or values
    return TrackLoudness(
        max(SILENCE, float(values.get(_INTEGRATED, SILENCE))),
        max(2 * SILENCE, 20 * log10(max(meter.peak, 1e-9))),
        float(values.get(_RANGE, 0)),
    )


def gain_for(measured: TrackLoudness, integrated: float, true_peak: float) -> float:
    """Return the gain in dB with which a track has a loudness, or its peaks are as high as they may be; 0 for silence.

    One gain for the whole track: parts that are made apart fit together, and its dynamics stay as they are.
    """
    if measured.integrated <= SILENCE:
        return 0.0
    return min(integrated - measured.integrated, true_peak - measured.true_peak)


class _PeakMeter:
    """Finds the highest peak between the samples, too."""

    def __init__(self, rate: int, layout: str) -> None:
        self.peak = 0.0
        self._rate, self._layout = rate, layout
        factor = min(_OVERSAMPLING, -(-_LEAST_RATE // rate))
        self._oversampler = AudioResampler(FORMAT, layout, rate * factor)

    def observe(self, blocks: Iterator[Samples]) -> Iterator[Samples]:
        """Yield the blocks as they are."""
        position = 0
        for block in blocks:
            frame = to_frame(block, self._rate, self._layout, position)
            position += block.shape[1]
            for part in self._oversampler.resample(frame):
                samples = to_samples(part)
                self.peak = max(self.peak, float(samples.max()), -float(samples.min()))
            yield block
        for part in self._oversampler.resample(None):
            samples = to_samples(part)
            if samples.size:
                self.peak = max(self.peak, float(np.abs(samples).max()))
