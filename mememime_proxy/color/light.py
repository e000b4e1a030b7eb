"""PQ and HLG: from samples to light in relation to reference white, and back.

Recommendation ITU-R BT.2100-3, tables 4 and 5; reference white as in Report ITU-R BT.2408: 203 cd/m², which is 58 % of
PQ and 75 % of HLG on a display of 1000 cd/m².
"""

from __future__ import annotations

from math import exp, log, sqrt

from mememime_proxy.color.encoding import HdrTransfer

REFERENCE_WHITE = 203.0
"""cd/m²."""
_PQ_PEAK = 10_000.0
HLG_PEAK = 1000.0
"""cd/m² of the display for which HLG's system gamma is 1.2."""
HLG_GAMMA = 1.2

_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
_A, _B, _C = 0.17883277, 0.28466892, 0.55991073
"""Of HLG's OETF: b = 1 − 4a, c = 0.5 − a·ln(4a)."""


def pq_light(sample: float) -> float:
    """Return the light of a PQ sample, 1 = reference white."""
    power = sample ** (1 / _M2)
    nits: float = _PQ_PEAK * (max(0.0, power - _C1) / (_C2 - _C3 * power)) ** (1 / _M1)
    return nits / REFERENCE_WHITE


def pq_sample(light: float) -> float:
    """Return the PQ sample for a light, 1 = reference white."""
    power = min(1.0, light * REFERENCE_WHITE / _PQ_PEAK) ** _M1
    sample: float = ((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2
    return sample


def hlg_scene_light(sample: float) -> float:
    """Return the light before the camera, 0–1, of an HLG sample: the inverse of the OETF."""
    if sample <= 0.5:
        return sample * sample / 3
    light: float = (exp((sample - _C) / _A) + _B) / 12
    return light


def hlg_sample(scene_light: float) -> float:
    """Return the HLG sample for a light before the camera, 0–1: the OETF."""
    if scene_light <= 1 / 12:
        return sqrt(3 * scene_light)
    return _A * log(12 * scene_light - _B) + _C


def relative_light(transfer: HdrTransfer, sample: float) -> float:
    """Return the light of a sample of grey, 1 = reference white."""
    if transfer is HdrTransfer.PQ:
        return pq_light(sample)
    light: float = hlg_scene_light(sample) ** HLG_GAMMA * HLG_PEAK / REFERENCE_WHITE
    return light
