"""SSIMULACRA2 in numpy: how near a picture is to its original, for the eye; 100 = equal, 70 = good.

The algorithm and its weights are those of the reference implementation (Cloudinary, libjxl; BSD-3-Clause), with a
Gaussian of nine taps in place of its recursive one: within 2 points of it at 60, and nearer above.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]

SCALES: Final = 6
SMALLEST: Final = 8
"""Side below which a scale does not count."""
_SIGMA: Final = 1.5
_RADIUS: Final = 4
_C2: Final = np.float32(0.0009)
_BIAS: Final = 0.0037930732552754493
_ABSORBANCE: Final = (
    (0.30, 0.622, 0.078),
    (0.23, 0.692, 0.078),
    (0.24342268924547819, 0.20476744424496821, 0.5518098665095536),
)
_TERMS: Final = (
    *(0.0, 0.0007376606707406586, 0.0),
    *(0.0, 0.0007793481682867309, 0.0),
    *(0.0, 0.0004371155730107379, 0.0),
    *(1.1041726426657346, 0.00066284834129271, 0.00015231632783718752),
    *(0.0, 0.0016406437456599754, 0.0),
    *(1.8422455520539298, 11.441172603757666, 0.0),
    *(0.0007989109436015163, 0.000176816438078653, 0.0),
    *(1.8787594979546387, 10.94906990605142, 0.0),
    *(0.0007289346991508072, 0.9677937080626833, 0.0),
    *(0.00014003424285435884, 0.9981766977854967, 0.00031949755934435053),
    *(0.0004550992113792063, 0.0, 0.0),
    *(0.0013648766163243398, 0.0, 0.0),
    *(0.0, 0.0, 0.0),
    *(7.466890328078848, 0.0, 17.445833984131262),
    *(0.0006235601634041466, 0.0, 0.0),
    *(6.683678146179332, 0.00037724407979611296, 1.027889937768264),
    *(225.20515300849274, 0.0, 0.0),
    *(19.213238186143016, 0.0011401524586618361, 0.001237755635509985),
    *(176.39317598450694, 0.0, 0.0),
    *(24.43300999870476, 0.28520802612117757, 0.0004485436923833408),
    *(0.0, 0.0, 0.0),
    *(34.77906344483772, 44.835625328877896, 0.0),
    *(0.0, 0.0, 0.0),
    *(0.0, 0.0, 0.0),
    *(0.0, 0.0008680556573291698, 0.0),
    *(0.0, 0.0, 0.0),
    *(0.0, 0.0005313191874358747, 0.0),
    *(0.00016533814161379112, 0.0, 0.0),
    *(0.0, 0.0, 0.0),
    *(0.0004179171803251336, 0.0017290828234722833, 0.0),
    *(0.0020827005846636437, 0.0, 0.0),
    *(8.826982764996862, 23.19243343998926, 0.0),
    *(95.1080498811086, 0.9863978034400682, 0.9834382792465353),
    *(0.0012286405048278493, 171.2667255897307, 0.9807858872435379),
    *(0.0, 0.0, 0.0),
    *(0.0005130064588990679, 0.0, 0.00010854057858411537),
)
_WEIGHTS: Final = np.array(_TERMS).reshape(3, SCALES, 2, 3)
"""By channel (X, Y, B), scale, norm (1, 4) and map (structure, artefacts, loss of detail)."""


def _linear_table() -> NDArray[np.float32]:
    value = np.arange(256) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return linear.astype(np.float32)


def _kernel() -> tuple[np.float32, ...]:
    taps = np.exp(-0.5 * (np.arange(_RADIUS + 1) / _SIGMA) ** 2)
    taps /= taps[0] + 2 * taps[1:].sum()
    return tuple(np.float32(each) for each in taps)


_LINEAR: Final = _linear_table()
_KERNEL: Final = _kernel()


def _blur(plane: Plane) -> Plane:
    """Return a plane blurred with sigma 1.5; beyond its edges it is mirrored."""
    padded = np.pad(plane, ((_RADIUS, _RADIUS), (0, 0)), mode="symmetric")
    rows = _convolve(padded, plane.shape[0], lambda shift, count: (slice(shift, shift + count), slice(None)))
    padded = np.pad(rows, ((0, 0), (_RADIUS, _RADIUS)), mode="symmetric")
    return _convolve(padded, plane.shape[1], lambda shift, count: (slice(None), slice(shift, shift + count)))


def _convolve(padded: Plane, count: int, at: Any) -> Plane:
    result: Plane = padded[at(_RADIUS, count)] * _KERNEL[0]
    pair = np.empty_like(result)
    for distance in range(1, _RADIUS + 1):
        np.add(padded[at(_RADIUS - distance, count)], padded[at(_RADIUS + distance, count)], out=pair)
        pair *= _KERNEL[distance]
        result += pair
    return result


def _half(plane: Plane) -> Plane:
    """Return a plane of half the size: means of 2×2, at odd edges of what there is."""
    height, width = plane.shape
    if height % 2 or width % 2:
        plane = np.pad(plane, ((0, height % 2), (0, width % 2)), mode="edge")
    rows = plane[0::2] + plane[1::2]
    result: Plane = (rows[:, 0::2] + rows[:, 1::2]) * np.float32(0.25)
    return result


def _xyb(linear: tuple[Plane, ...]) -> tuple[Plane, Plane, Plane]:
    """Return X, Y and B of linear red, green and blue, all made positive."""
    red, green, blue = linear
    mixed = []
    for row in _ABSORBANCE:
        plane = red * np.float32(row[0])
        plane += green * np.float32(row[1])
        plane += blue * np.float32(row[2])
        plane += np.float32(_BIAS)
        np.cbrt(plane, out=plane)
        plane -= np.float32(np.cbrt(_BIAS))
        mixed.append(plane)
    first, second, third = mixed
    x = (first - second) * np.float32(7) + np.float32(0.42)
    y = (first + second) * np.float32(0.5)
    b = third - y + np.float32(0.55)
    y += np.float32(0.01)
    return x, y, b


def _scales(pixels: NDArray[np.uint8]) -> list[tuple[Plane, Plane, Plane]]:
    """Return the planes of an sRGB picture (rows × columns × 3) at each scale."""
    linear = tuple(_LINEAR[pixels[:, :, channel]] for channel in range(3))
    scales = []
    for number in range(SCALES):
        if number:
            linear = tuple(map(_half, linear))
        if min(linear[0].shape) < SMALLEST:
            break
        scales.append(_xyb(linear))
    return scales


def _norms(plane: Plane) -> tuple[float, float]:
    """Return the mean, and the fourth root of the mean of fourth powers. Overwrites the plane."""
    mean = float(plane.mean())
    np.square(plane, out=plane)
    return mean, float(np.dot(plane.ravel(), plane.ravel()) / plane.size) ** 0.25


class ScoreReference:
    """An original, prepared so that results can be compared with it: uint8 sRGB, rows × columns × 3."""

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        self._scales = []
        for planes in _scales(pixels):
            prepared = []
            for plane in planes:
                mean = _blur(plane)
                variance = _blur(plane * plane)
                variance -= mean * mean
                edges = np.abs(plane - mean)
                edges += 1
                prepared.append((plane, mean, variance, edges))
            self._scales.append(prepared)

    def score(self, pixels: NDArray[np.uint8]) -> float:
        """Return the score of a result of the same size: at most 100, below 0 for what is hardly like it."""
        total = 0.0
        for number, planes in enumerate(_scales(pixels)):
            for channel, plane in enumerate(planes):
                norms = _compare(*self._scales[number][channel], plane)
                total += float((_WEIGHTS[channel, number] * np.array(norms).T).sum())
        total *= 0.9562382616834844
        total = 2.326765642916932 * total - 0.020884521182843837 * total**2 + 6.248496625763138e-05 * total**3
        return 100.0 - 10.0 * total**0.6276336467831387 if total > 0 else 100.0


def _compare(plane: Plane, mean: Plane, variance: Plane, edges: Plane, other: Plane) -> tuple[tuple[float, float], ...]:
    """Return the norms of the loss of structure, of artefacts and of the loss of detail."""
    other_mean = _blur(other)
    product = mean * other_mean
    covariance = _blur(plane * other)
    covariance -= product
    covariance *= 2
    covariance += _C2
    both = _blur(other * other)
    both -= other_mean * other_mean
    both += variance
    both += _C2
    difference = mean - other_mean
    np.square(difference, out=difference)
    np.subtract(1, difference, out=difference)
    difference *= covariance
    difference /= both
    np.subtract(1, difference, out=difference)
    np.maximum(difference, 0, out=difference)
    ratio = np.abs(other - other_mean)
    ratio += 1
    ratio /= edges
    ratio -= 1
    artefacts = np.maximum(ratio, 0)
    np.negative(ratio, out=ratio)
    np.maximum(ratio, 0, out=ratio)
    return _norms(difference), _norms(artefacts), _norms(ratio)
