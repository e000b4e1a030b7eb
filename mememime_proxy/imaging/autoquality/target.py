"""What a search for a quality goes by: the plan's choices on top of the operator's and the method's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mememime_proxy.formats.output_plan import QualityMethod
from mememime_proxy.imaging.codecs.selection import with_smallest_jpeg
from mememime_proxy.plan import Plan, RenderConfig

FORMATS: Final = frozenset({"jpeg", "webp", "avif", "jxl"})
"""Formats with a model, all of them lossy where they are not told otherwise."""
MAX_DSSIM: Final = 1.0
"""Targets up to this are a DSSIM, larger ones a score of SSIMULACRA2."""
_PREDICTION: Final = 1.0
"""Allowed error of ``ml`` from which on a prediction is not checked."""
_FINE: Final = 0.05
"""Allowed errors up to this are on the scale of DSSIM."""
_DSSIM_MIN: Final = {"avif": 60}
_DSSIM_MAX: Final = {"avif": 65}
MAX_ENCODES: Final = {"size": 7, "dssim": 3, "ssim2": 3, "ml": 3}


@dataclass(frozen=True, slots=True)
class QualityTarget:
    """What is searched for, within two qualities. ``error``: the difference to ``value`` that ends the search."""

    method: QualityMethod
    value: float
    low: int
    high: int
    error: float

    @property
    def is_score(self) -> bool:
        """The value is a score of SSIMULACRA2."""
        return self.method == "ssim2" or (self.method == "ml" and self.value > MAX_DSSIM)

    @property
    def is_prediction(self) -> bool:
        """The quality that a model predicts is used without a look at the result."""
        return self.method == "ml" and self.error >= _PREDICTION

    @property
    def max_encodes(self) -> int:
        """Most files that are written until the search ends."""
        return 1 if self.is_prediction else MAX_ENCODES[self.method]


def target_for(name: str, plan: Plan, config: RenderConfig, pixels: float) -> QualityTarget | None:
    """Return the target of a still result of that many pixels; None where its quality is not searched for.

    Who names a quality in the URL means it. Files without loss have none.
    """
    wanted = plan.autoquality
    method = wanted.method or config.autoquality_method
    if method == "none" or name not in FORMATS or plan.quality or dict(plan.format_quality).get(name, 0):
        return None
    if name == "webp" and config.webp_compression != "lossy":
        return None
    if 0 < config.autoquality_max_resolution < pixels:
        return None
    value = wanted.target or (config.autoquality_target if _fits(method, config.autoquality_target) else 0.0)
    if method == "size":
        if not value:
            return None
    else:
        value = value or (70.0 if method == "ssim2" else 0.02)
    is_score = method == "ssim2" or (method == "ml" and value > MAX_DSSIM)
    low, high = (40, 92) if is_score else (_DSSIM_MIN.get(name, 70), _DSSIM_MAX.get(name, 80))
    low = wanted.min or config.autoquality_format_min.get(name, 0) or config.autoquality_min or low
    high = wanted.max or config.autoquality_format_max.get(name, 0) or config.autoquality_max or high
    of_settings = config.autoquality_allowed_error
    if is_score and method != "ml" and of_settings <= _FINE:
        of_settings = 0.0
    error = wanted.allowed_error or of_settings or (2.0 if is_score else 0.002)
    return QualityTarget(method, value, min(low, high), high, error)


def with_encoder(config: RenderConfig, target: QualityTarget | None) -> RenderConfig:
    """Return the choices for the encoder: a score is of use with the encoder that makes the smallest file for it."""
    return with_smallest_jpeg(config) if target is not None and target.method == "ssim2" else config


def _fits(method: QualityMethod, value: float) -> bool:
    """Whether a target of the settings, which may be meant for another method, is on the scale of this one."""
    if method == "size":
        return value > 100
    if method == "dssim":
        return value <= MAX_DSSIM
    return method == "ml" or value > MAX_DSSIM
