"""Predictions of what a picture is at each quality, in each format: linear in its features, from ``models.json``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["ssim2", "dssim", "bytes"]
KINDS: Final[tuple[Kind, ...]] = ("ssim2", "dssim", "bytes")
"""What is predicted: the score of SSIMULACRA2, −ln(DSSIM), ln(bytes per pixel). All grow with the quality."""
LEAST_DSSIM: Final = 1e-5
"""Added to a DSSIM in front of the logarithm."""
_GENTLEST: Final[dict[Kind, float]] = {"ssim2": 0.2, "dssim": 0.005, "bytes": 0.005}
"""Least slope of a curve, for each step of quality, that a correction goes by."""


@dataclass(frozen=True)
class QualityCurve:
    """What one picture is at each quality: points that never fall, with straight lines between them."""

    kind: Kind
    qualities: NDArray[np.float64]
    values: NDArray[np.float64]
    slopes: NDArray[np.float64]
    """Of pictures on average, at each quality."""

    def quality_of(self, value: float) -> float:
        """Return the quality at which the picture has a value."""
        steps = self.values + np.arange(len(self.values)) * 1e-6  # an inverse needs points that rise
        return float(np.interp(value, steps, self.qualities))

    def slope_at(self, quality: float) -> float:
        """Return how much the value grows for each step of quality, on average over pictures."""
        return max(_GENTLEST[self.kind], float(np.interp(quality, self.qualities, self.slopes)))


@dataclass(frozen=True)
class QualityModel:
    """Predictions for one format. ``centers``, ``scales``: of features; ``coefficients``: quality × (1 + features)."""

    qualities: NDArray[np.float64]
    centers: NDArray[np.float64]
    scales: NDArray[np.float64]
    coefficients: dict[Kind, NDArray[np.float64]]
    excess: NDArray[np.float64]
    """By which the score of the tiles is above that of the whole picture: 1 + features."""

    def curve(self, kind: Kind, features: NDArray[np.float64]) -> QualityCurve:
        """Return the curve of the picture with these features."""
        rows = self.coefficients[kind]
        values = np.maximum.accumulate(rows @ self._terms(features))
        return QualityCurve(kind, self.qualities, values, np.gradient(rows[:, 0], self.qualities))

    def tiles_excess(self, features: NDArray[np.float64]) -> float:
        """Return by how much the score of the tiles is above that of the whole picture."""
        return float(self.excess @ self._terms(features))

    def _terms(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.concatenate(((1.0,), (features - self.centers) / self.scales))


@cache
def load() -> dict[str, QualityModel]:
    """Return the models by format."""
    document: dict[str, Any] = json.loads(files(__package__).joinpath("models.json").read_text("utf-8"))
    return parse(document)


def parse(document: dict[str, Any]) -> dict[str, QualityModel]:
    """Return the models of a document as ``models.json`` is one."""
    centers, scales = np.array(document["centers"]), np.array(document["scales"])
    return {
        name: QualityModel(
            np.array(each["qualities"], np.float64),
            centers,
            scales,
            {kind: np.array(each[kind]) for kind in KINDS},
            np.array(each["excess"]),
        )
        for name, each in document["formats"].items()
    }
