"""Matrices between the light of two sets of primaries; SMPTE RP 177, and Bradford's adaptation of white (ICC.1, E)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from mememime_proxy.color.encoding import BT709, Primaries

Row = tuple[float, float, float]
Matrix = tuple[Row, Row, Row]

_BRADFORD: Matrix = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
_D50: Row = (0.9642, 1.0, 0.8249)
"""White of the connection space; ICC.1:2022, 7.2.16."""
_MAX_VALUE = 100
"""Of usual ones, those of ACES among them, none is above 2; a profile holds numbers below 32768 (s15Fixed16Number)."""


@dataclass(frozen=True, slots=True)
class Adapted:
    """Primaries under another white."""

    colorants: Matrix
    """XYZ of red, of green, and of blue."""
    adaptation: tuple[float, ...]
    """The matrix from the own white to the other one, row by row."""


@lru_cache(maxsize=32)
def adapted_to_d50(primaries: Primaries) -> Adapted:
    """Return the primaries as a profile holds them."""
    adaptation = _adaptation(_xyz(primaries.white), _D50)
    return Adapted(_transposed(_product(adaptation, _to_xyz(primaries))), tuple(v for row in adaptation for v in row))


def is_usable(primaries: Primaries) -> bool:
    """Return whether the primaries are of colours that a display or a camera may have, so that profiles can hold them.

    Those of a file may be valid, and yet have a white that is adapted to no other, or colours without bounds.
    """
    if not primaries.valid:
        return False
    try:
        adapted = adapted_to_d50(primaries)
    except ZeroDivisionError:
        return False
    return all(abs(value) < _MAX_VALUE for row in (*adapted.colorants, adapted.adaptation) for value in row)


@lru_cache(maxsize=32)
def to_srgb_light(primaries: Primaries) -> Matrix:
    """Return the matrix from linear light of the primaries to that of sRGB, white to white."""
    adaptation = _adaptation(_xyz(primaries.white), _xyz(BT709.white))
    return _product(_inverse(_to_xyz(BT709)), _product(adaptation, _to_xyz(primaries)))


@lru_cache(maxsize=32)
def from_srgb_light(primaries: Primaries) -> Matrix:
    """Return the inverse of ``to_srgb_light``."""
    return _inverse(to_srgb_light(primaries))


def luminance(primaries: Primaries) -> Row:
    """Return the shares of red, green and blue in the luminance of white."""
    return _to_xyz(primaries)[1]


def _xyz(chromaticity: tuple[float, float]) -> Row:
    x, y = chromaticity
    return (x / y, 1.0, (1 - x - y) / y)


def _to_xyz(primaries: Primaries) -> Matrix:
    """Return the matrix from linear light to XYZ; its columns are scaled so that they add up to white."""
    columns = [(x, y, 1 - x - y) for x, y in (primaries.red, primaries.green, primaries.blue)]
    matrix = _transposed((columns[0], columns[1], columns[2]))
    scales = _applied(_inverse(matrix), _xyz(primaries.white))
    return _rows([[value * scale for value, scale in zip(row, scales, strict=True)] for row in matrix])


def _adaptation(white: Row, target: Row) -> Matrix:
    source_cone, target_cone = _applied(_BRADFORD, white), _applied(_BRADFORD, target)
    scales = [b / a for a, b in zip(source_cone, target_cone, strict=True)]
    scaled = _rows([[value * scale for value in row] for row, scale in zip(_BRADFORD, scales, strict=True)])
    return _product(_inverse(_BRADFORD), scaled)


def _rows(values: list[list[float]]) -> Matrix:
    first, second, third = ((row[0], row[1], row[2]) for row in values)
    return (first, second, third)


def _transposed(matrix: Matrix) -> Matrix:
    return _rows([list(column) for column in zip(*matrix, strict=True)])


def _applied(matrix: Matrix, vector: Row) -> Row:
    first, second, third = (sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)
    return (first, second, third)


def _product(left: Matrix, right: Matrix) -> Matrix:
    columns = _transposed(right)
    return _rows([[sum(a * b for a, b in zip(row, column, strict=True)) for column in columns] for row in left])


def _inverse(matrix: Matrix) -> Matrix:
    (a, b, c), (d, e, f), (g, h, i) = matrix
    determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    adjugate = (
        (e * i - f * h, c * h - b * i, b * f - c * e),
        (f * g - d * i, a * i - c * g, c * d - a * f),
        (d * h - e * g, b * g - a * h, a * e - b * d),
    )
    return _rows([[value / determinant for value in row] for row in adjugate])
