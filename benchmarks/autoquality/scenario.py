"""How near results of ``autoquality`` are to their target, on photographs that no model was fitted to.

The score is that of the whole result, the target one of SSIMULACRA2. Beside it stands what one quality for all
photographs does: the one whose median is nearest to the target. Encodes are counted; the CPU time is that of everything
else but decoders, and grows with nothing but their number.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.autoquality.photographs import Photograph, listed, load
from benchmarks.autoquality.training import QUALITIES, decode
from benchmarks.autoquality.training import encode as write
from benchmarks.statistics import median
from mememime_proxy.imaging.autoquality import methods, models, tiles
from mememime_proxy.imaging.autoquality.features import features
from mememime_proxy.imaging.autoquality.ssimulacra2 import ScoreReference
from mememime_proxy.imaging.autoquality.target import QualityTarget
from mememime_proxy.plan import RenderConfig

SIDES = (640, 1024)
TARGETS = (70, 80)
_FIXED = (40, 46, 52, 58, 64, 70, 76, 82, 88)
_CONFIG = RenderConfig()
_RUNS = 3


def _counted(image: Any, name: str) -> tuple[Callable[[int], bytes], list[int]]:
    qualities: list[int] = []

    def encode(quality: int) -> bytes:
        qualities.append(quality)
        return write(image, name, quality)

    return encode, qualities


def _row(errors: list[float], encodes: list[int]) -> dict[str, float]:
    distances = np.abs(errors)
    return {
        "error": round(float(distances.mean()), 2),
        "90 %": round(float(np.percentile(distances, 90)), 2),
        "bias": round(float(np.mean(errors)), 2),
        "encodes": round(float(np.mean(encodes)), 2),
    }


def measure(sides: tuple[int, ...] = SIDES) -> dict[str, Any]:
    """Return rows by format, size and target; and the CPU time by size."""
    kept_out = [each for each in listed() if not each.is_training]
    rows: dict[str, Any] = {}
    for side in sides:
        images = [load(each, side) for each in kept_out]
        wholes = [ScoreReference(tiles.pixels_of(image)) for image in images]
        for name in QUALITIES:
            fixed = [_scores(images, wholes, name, quality) for quality in _FIXED]
            for value in TARGETS:
                place = f"{name}, {side} px, target {value}"
                rows |= _of_target(images, wholes, name, value, place)
                nearest = min(fixed, key=lambda scores, value=value: abs(median(scores) - value))  # type: ignore[misc]
                rows[f"{place}: one quality"] = _row([score - value for score in nearest], [1])
    return {
        "autoquality": rows,
        "autoquality, CPU": _cpu(kept_out[0]),
        "photographs": {"kept out": len(kept_out), "measured for the models": len(listed()) - len(kept_out)},
    }


def _scores(images: list[Any], wholes: list[ScoreReference], name: str, quality: int) -> list[float]:
    pairs = zip(images, wholes, strict=True)
    return [whole.score(tiles.pixels_of(decode(write(image, name, quality)))) for image, whole in pairs]


def _of_target(images: list[Any], wholes: list[ScoreReference], name: str, value: int, place: str) -> dict[str, Any]:
    rows: dict[str, Any] = {}
    for label, target in (
        ("ssim2", QualityTarget("ssim2", value, 40, 92, 2.0)),
        ("ml, allowed error 1", QualityTarget("ml", value, 40, 92, 1.0)),
    ):
        errors, encodes = [], []
        for image, whole in zip(images, wholes, strict=True):
            encode, qualities = _counted(image, name)
            _, encoded = methods.find(target, image, name, encode, _CONFIG)
            errors.append(whole.score(tiles.pixels_of(decode(encoded))) - value)
            encodes.append(len(qualities))
        rows[f"{place}: {label}"] = _row(errors, encodes)
    return rows


def _cpu(photograph: Photograph) -> dict[str, Any]:
    """Return CPU milliseconds of the model, and of the first comparison, by size of the picture; the least of runs."""
    rows: dict[str, Any] = {}
    for side in (320, 640, 1280, 2560):
        image = load(photograph, side)
        encoded = write(image, "jpeg", 70)
        result = decode(encoded)
        model, metric = [], []
        for _ in range(_RUNS):
            begun = time.process_time()
            sample = tiles.cut(image)
            found = features(sample, image.width * image.height)
            models.load()["jpeg"].curve("ssim2", found).quality_of(70)
            predicted = time.process_time()
            ScoreReference(sample).score(tiles.cut(result))
            metric.append(time.process_time() - predicted)
            model.append(predicted - begun)
        rows[f"{image.width}×{image.height}"] = {
            "model, ms": round(1000 * min(model), 1),
            "metric, ms": round(1000 * min(metric), 1),
        }
    return rows
