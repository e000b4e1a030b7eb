"""Fits the models to what was measured: ridge regression on standardised features."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import mememime_proxy.imaging.autoquality as package
from benchmarks.autoquality.training import QUALITIES
from mememime_proxy.imaging.autoquality.features import NAMES
from mememime_proxy.imaging.autoquality.models import KINDS, LEAST_DSSIM

MODELS = Path(package.__file__).parent / "models.json"
_RIDGE = 2.0


def _value(kind: str, measured: dict[str, float], pixels: int) -> float:
    if kind == "ssim2":
        return measured["whole"]
    if kind == "dssim":
        return -math.log(measured["dssim"] + LEAST_DSSIM)
    return math.log(measured["bytes"] / pixels)


def _fitted(terms: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the coefficients of each column of values; the constant one is not shrunk."""
    penalty = np.eye(terms.shape[1]) * _RIDGE
    penalty[0, 0] = 0
    result: NDArray[np.float64] = np.linalg.solve(terms.T @ terms + penalty, terms.T @ values).T
    return result


def fit(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the document of ``models.json`` for measurements of photographs."""
    features = np.array([row["features"] for row in rows])
    centers, scales = features.mean(0), features.std(0)
    terms = np.hstack((np.ones((len(rows), 1)), (features - centers) / scales))
    formats: dict[str, Any] = {}
    for name, qualities in QUALITIES.items():
        measured = [(row["formats"][name], row["pixels"]) for row in rows]
        models: dict[str, Any] = {"qualities": list(qualities)}
        for kind in KINDS:
            values = np.array([[_value(kind, each, pixels) for each in points] for points, pixels in measured])
            models[kind] = np.round(_fitted(terms, values), 4).tolist()
        excess = np.array([np.mean([each["tiles"] - each["whole"] for each in points[2:]]) for points, _ in measured])
        models["excess"] = np.round(_fitted(terms, excess[:, None])[0], 4).tolist()
        formats[name] = models
    return {
        "features": list(NAMES),
        "centers": np.round(centers, 4).tolist(),
        "scales": np.round(scales, 4).tolist(),
        "formats": formats,
    }


def write(rows: list[dict[str, Any]]) -> None:
    """Write the models to where the package reads them."""
    MODELS.write_text(json.dumps(fit(rows), ensure_ascii=False, separators=(",", ":")) + "\n")
