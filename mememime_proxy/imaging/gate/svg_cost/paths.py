"""Outlines: their edges, the lengths and the box of them, and how often their edges cross.

SVG 2, 9.3 (path data). Time and memory are linear in the text: about a microsecond for each command and number. The
size of a path that cannot be read is infinite, which means the whole picture.
"""

from __future__ import annotations

import math
import os
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, repeat
from operator import add, sub

_COMMAND = re.compile(r"([MmLlHhVvCcSsQqTtAaZz])([^MmLlHhVvCcSsQqTtAaZz]*)")
_COMMANDS = "MmLlHhVvCcSsQqTtAaZz"
_SEPARATOR = re.compile(rf"[\s,{_COMMANDS}]")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_ARGUMENTS = {"M": 2, "L": 2, "T": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "A": 7}
_CURVE_EDGES = {"C": 3, "S": 3, "Q": 3, "T": 3, "A": 12}
"""Edges that a small curve is flattened to: cairo's tolerance is a tenth of a pixel. For a large one its length counts.
"""
_MIN_SAMPLED = 24
_SAMPLES = 4
"""A pair of edges is looked at for every so many edges."""
_MIN_HITS = 3
_FAR = 1e12
_SEED = os.urandom(16)
"""What pairs of edges and what parts are looked at must not be known to who makes a drawing."""
_MAX_COMMANDS = 50_000
_COMMANDS_OF_PATH = 8
_STANDS_FOR = 16.0
_BYTES_OF_COMMAND = 4
_MIN_PART = 512
_MAX_PART = 60_000


@dataclass(slots=True)
class Outline:
    """Edges of a path. ``across``, ``down``: sums of their widths and heights; ``width``, ``height``: of the box."""

    edges: float = 4
    vertices: int = 4
    across: float = math.inf
    down: float = math.inf
    width: float = math.inf
    height: float = math.inf
    crossings: float = 0.0
    straight: bool = False
    """A box with sides that are level and upright."""

    @property
    def length(self) -> float:
        """At least the length of all edges."""
        return self.across + self.down


def box(width: float, height: float) -> Outline:
    """Return the outline of a rectangle."""
    return Outline(4, 4, 2 * width, 2 * height, width, height, straight=True)


def ellipse(width: float, height: float) -> Outline:
    """Return the outline of an ellipse."""
    return Outline(20, 4, 2 * width, 2 * height, width, height)


class Outlines:
    """Outlines of one drawing; equal path data is read once.

    After ``_MAX_COMMANDS`` commands, about a third of a second, parts of long paths stand for all of them.
    """

    def __init__(self) -> None:
        self._known: dict[str, Outline] = {}
        # Equal drawings have equal estimates in all processes of a pool, which inherit the seed.
        self._random = random.Random(_SEED)  # noqa: S311  # no key depends on it
        self._commands = _MAX_COMMANDS

    def of_path(self, data: str) -> Outline:
        """Return the outline of path data."""
        known = self._known.get(data)
        if known is None:
            known = self._known[data] = self._read(data)
        return known

    def of_points(self, points: str) -> Outline:
        """Return the outline of the points of a polygon or polyline."""
        return self.of_path(f"M{points}z")

    def sample(self, data: str) -> float:
        """Return for how many shapes one stands, 0 for one that others stand for: all are looked at, later on a few.

        The sum over all shapes is right on average, whatever their order.
        """
        if self._commands > 0 or len(data) > _MIN_PART:
            return 1.0
        return _STANDS_FOR if self._random.random() < 1 / _STANDS_FOR else 0.0

    def _read(self, data: str) -> Outline:
        limit = max(_MIN_PART, min(_MAX_PART, self._commands * _BYTES_OF_COMMAND))
        size = len(data)
        start = int(self._random.random() * (size - limit)) if size > limit else 0
        path = _read(_part(data, start, limit))
        self._commands -= _COMMANDS_OF_PATH + path.vertices
        outline = self._finish(path)
        if size > limit:
            ratio = size / limit
            outline.edges *= ratio
            outline.vertices = int(outline.vertices * ratio)
            outline.across *= ratio
            outline.down *= ratio
            outline.crossings *= ratio * ratio
            # Where the rest of it lies is not known.
            outline.width = outline.height = math.inf
        return outline

    def _finish(self, path: _Path) -> Outline:
        outline = path.outline()
        count = len(path.xs) - 1
        if count < _MIN_SAMPLED or not math.isfinite(outline.length):
            return outline
        samples = count // _SAMPLES
        xs, ys, moves = path.xs, path.ys, path.moves
        choose = self._random.random
        hits = 0
        for _ in repeat(None, samples):
            first, second = int(choose() * count), int(choose() * count)
            if abs(first - second) > 1 and _cross(xs, ys, first, second) and not moves & {first, second}:
                hits += 1
        if hits >= _MIN_HITS or hits * _SAMPLES > _MIN_HITS:
            outline.crossings = hits / samples * count * count / 2
        return outline


def _cross(xs: Sequence[float], ys: Sequence[float], i: int, j: int) -> bool:
    """Return whether the edges that begin at two points cross."""
    ax, ay, bx, by = xs[i], ys[i], xs[i + 1], ys[i + 1]
    cx, cy, dx, dy = xs[j], ys[j], xs[j + 1], ys[j + 1]
    ux, uy, vx, vy = bx - ax, by - ay, dx - cx, dy - cy
    return (
        (ux * (cy - ay) - uy * (cx - ax)) * (ux * (dy - ay) - uy * (dx - ax))
        < 0
        > (vx * (ay - cy) - vy * (ax - cx)) * (vx * (by - cy) - vy * (bx - cx))
    )


def _part(data: str, start: int, length: int) -> str:
    """Return so much of path data from ``start`` on, from the first whole command or its repetition on."""
    if start <= 0:
        return data[:length]
    separator = _SEPARATOR.search(data, start)
    start = separator.start() if separator else start
    position = max(data.rfind(letter, 0, start) for letter in _COMMANDS)
    if position < 0:
        return data[start : start + length]
    letter = {"M": "L", "m": "l"}.get(data[position], data[position])
    size = _ARGUMENTS.get(letter.upper(), 1)
    missing = -len(_NUMBER.findall(data, position + 1, start)) % size
    part = data[start : start + length]
    first = _COMMAND.search(part)
    if missing and (first is None or first.start() > 0):
        end = 0
        for _, number in zip(range(missing), _NUMBER.finditer(part), strict=False):
            end = number.end()
        part = part[end:]
    return f"M0 0{letter}{part}"


class _Path:
    """Points of a path, control points among them, and the sums over its edges."""

    def __init__(self) -> None:
        self.xs: list[float] = []
        self.ys: list[float] = []
        self.edges = 0.0
        self.vertices = 0
        self.moved_across = 0.0
        """Sum of what is between points without an edge, less the edges that end the parts."""
        self.moved_down = 0.0
        self.extra = 0.0
        self.moves: set[int] = set()
        """Numbers of the points from which no edge leads to the next one."""

    def outline(self) -> Outline:
        xs, ys = self.xs, self.ys
        if not xs:
            return Outline(0, 0, 0, 0, 0, 0)
        across = sum(map(abs, map(sub, xs[1:], xs))) - self.moved_across + self.extra
        down = sum(map(abs, map(sub, ys[1:], ys))) - self.moved_down + self.extra
        width, height = max(xs) - min(xs) + self.extra, max(ys) - min(ys) + self.extra
        if not (across < _FAR and down < _FAR and width < _FAR and height < _FAR):
            return Outline(self.edges, self.vertices)
        return Outline(self.edges, self.vertices, max(0.0, across), max(0.0, down), width, height)


def _read(data: str) -> _Path:
    path = _Path()
    xs, ys = path.xs, path.ys
    x = y = start_x = start_y = 0.0
    find = _NUMBER.findall
    count = 0
    for command, body in _COMMAND.findall(data):
        letter = command
        count += 1
        if letter in "zZ":
            path.moved_across -= abs(x - start_x)
            path.moved_down -= abs(y - start_y)
            x, y = start_x, start_y
            continue
        numbers = [float(number) for number in find(body)]
        if len(numbers) < 2 and letter not in "hHvV":
            continue
        if letter in "mM":
            # A part is filled whether it is closed or not.
            path.moved_across -= abs(x - start_x)
            path.moved_down -= abs(y - start_y)
            before_x, before_y = (xs[-1], ys[-1]) if xs else (numbers[0], numbers[1])
            start_x, start_y = (x + numbers[0], y + numbers[1]) if letter == "m" else (numbers[0], numbers[1])
            path.moved_across += abs(start_x - before_x)
            path.moved_down += abs(start_y - before_y)
            path.edges += 1
            path.moves.add(len(xs) - 1)
            xs.append(start_x)
            ys.append(start_y)
            x, y = start_x, start_y
            if len(numbers) < 4:
                continue
            letter = "l" if letter == "m" else "L"
            del numbers[:2]
        if not xs or xs[-1] != x or ys[-1] != y:
            path.moved_across += abs(x - xs[-1]) if xs else 0.0
            path.moved_down += abs(y - ys[-1]) if ys else 0.0
            path.moves.add(len(xs) - 1)
            xs.append(x)
            ys.append(y)
        if letter == "l" and len(numbers) == 2:
            path.edges += 1
            xs.append(x + numbers[0])
            ys.append(y + numbers[1])
        else:
            _draw(path, letter, numbers)
        x, y = xs[-1], ys[-1]
    path.moved_across -= abs(x - start_x)
    path.moved_down -= abs(y - start_y)
    path.vertices += count
    return path


def _draw(path: _Path, letter: str, numbers: list[float]) -> None:
    kind = letter.upper()
    relative = letter != kind
    size = _ARGUMENTS[kind]
    count = len(numbers) // size
    if not count:
        return
    xs, ys = path.xs, path.ys
    path.vertices += count - 1
    path.edges += count * _CURVE_EDGES.get(kind, 1)
    x, y = xs[-1], ys[-1]
    if kind == "H":
        xs += list(accumulate(numbers, initial=x))[1:] if relative else numbers
        ys += repeat(y, count)
    elif kind == "V":
        ys += list(accumulate(numbers, initial=y))[1:] if relative else numbers
        xs += repeat(x, count)
    elif kind in "LT":
        numbers = numbers[: count * size]
        xs += list(accumulate(numbers[0::2], initial=x))[1:] if relative else numbers[0::2]
        ys += list(accumulate(numbers[1::2], initial=y))[1:] if relative else numbers[1::2]
        if kind == "T":
            # Each control point mirrors the one before: they can only be as far as all of them together.
            path.extra += sum(map(abs, numbers)) if relative else math.inf
    elif kind == "A":
        numbers = numbers[: count * size]
        xs += list(accumulate(numbers[5::7], initial=x))[1:] if relative else numbers[5::7]
        ys += list(accumulate(numbers[6::7], initial=y))[1:] if relative else numbers[6::7]
        # An arc is at most a whole ellipse, of the radii or of the distance of its ends.
        path.extra += 4 * (sum(map(abs, numbers[0::7])) + sum(map(abs, numbers[1::7])))
    else:
        _curves(path, numbers[: count * size], size, relative=relative)


def _curves(path: _Path, numbers: list[float], size: int, *, relative: bool) -> None:
    xs, ys = path.xs, path.ys
    count = len(numbers) // size
    starts_x: list[float] = [0.0] * count
    starts_y = starts_x
    if relative:
        starts_x = list(accumulate(numbers[size - 2 :: size], initial=xs[-1]))
        starts_y = list(accumulate(numbers[size - 1 :: size], initial=ys[-1]))
    points = size // 2
    base = len(xs)
    xs += repeat(0.0, points * count)
    ys += repeat(0.0, points * count)
    for index in range(points):
        xs[base + index :: points] = map(add, numbers[2 * index :: size], starts_x)
        ys[base + index :: points] = map(add, numbers[2 * index + 1 :: size], starts_y)
