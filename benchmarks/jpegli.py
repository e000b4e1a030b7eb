"""JPEG by jpegli beside libvips' own encoder: bytes at equal SSIMULACRA2, and CPU time, of photographs.

Photographs fit into 512 px, metadata is left out, colours are halved on both sides. Bytes at a score are interpolated
between qualities (their logarithm, linearly). CPU is that of quality 80 on both sides, by turns, one thread.
"""

from __future__ import annotations

import time
from itertools import pairwise
from math import exp, log
from typing import Any

import pyvips

from benchmarks import corpus
from benchmarks.statistics import median, percentile
from mememime_proxy.imaging.autoquality.ssimulacra2 import ScoreReference
from mememime_proxy.imaging.codecs.save import save
from mememime_proxy.plan import Plan, RenderConfig

BAR = 0.88
"""Most bytes, by those of libvips."""
SCORES = (70, 80)
_BOX = 512
_QUALITIES = (15, 35, 50, 65, 75, 82, 89, 95)
_CPU_QUALITY = 80
_RUNS = 5
_SIDES = {
    "libvips": RenderConfig(),
    "libvips, progressive": RenderConfig(jpeg_progressive=True),
    "jpegli": RenderConfig(jpeg_encoder="jpegli"),
    "jpegli, progressive": RenderConfig(jpeg_encoder="jpegli", jpeg_progressive=True),
}
_COMPARED = ("libvips", "jpegli, progressive")


def _encode(image: Any, side: str, quality: int) -> bytes:
    return save(image, "jpeg", quality=quality, plan=Plan(), config=_SIDES[side])


def at_score(points: list[tuple[float, int, int]], score: float) -> tuple[float, float]:
    """Return bytes and quality at a score. ``points``: score, bytes and quality, ascending. Raises ValueError."""
    for (low, small, lower), (high, large, higher) in pairwise(points):
        if low <= score <= high:
            share = (score - low) / (high - low)
            return exp(log(small) + share * (log(large) - log(small))), lower + share * (higher - lower)
    raise ValueError(f"a score of {score} is outside {points[0][0]:.1f} to {points[-1][0]:.1f}")


def compare(count: int) -> dict[str, Any]:
    """Return rows by score, and CPU time by encoder, of ``count`` photographs."""
    pyvips.concurrency_set(1)
    pyvips.cache_set_max(0)
    images = []
    for name in corpus.names("png")[:count]:
        image = pyvips.Image.new_from_file(str(corpus.SET / name))
        images.append(image.resize(_BOX / max(image.width, image.height)).copy_memory())
    found: dict[str, list[list[tuple[float, int, int]]]] = {side: [] for side in _COMPARED}
    for image in images:
        reference = ScoreReference(image.numpy())
        for side, curves in found.items():
            points = []
            for quality in _QUALITIES:
                body = _encode(image, side, quality)
                pixels = pyvips.Image.new_from_buffer(body, "").numpy()
                points.append((reference.score(pixels), len(body), quality))
            curves.append(points)
    rows: dict[str, Any] = {}
    for score in SCORES:
        old, new = ([at_score(sorted(curve), score) for curve in found[side]] for side in _COMPARED)
        ratios = [one[0] / other[0] for one, other in zip(new, old, strict=True)]
        rows[f"SSIMULACRA2 {score}"] = {
            "bytes by those of libvips": round(median(ratios), 3),
            "10 %": round(percentile(ratios, 0.1), 3),
            "90 %": round(percentile(ratios, 0.9), 3),
            "bar": BAR,
            "quality, libvips": round(median([quality for _, quality in old]), 1),
            "quality, jpegli": round(median([quality for _, quality in new]), 1),
        }
    seconds: dict[str, list[float]] = {side: [] for side in _SIDES}
    for _ in range(_RUNS):
        for side, times in seconds.items():
            begun = time.process_time()
            for image in images:
                _encode(image, side, _CPU_QUALITY)
            times.append((time.process_time() - begun) / len(images))
    for side, times in seconds.items():
        ratio = min(times) / min(seconds["libvips"])
        rows[f"CPU, {side}"] = {"ms": round(1000 * min(times), 2), "by libvips": round(ratio, 2)}
    return rows
