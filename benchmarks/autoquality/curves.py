"""The curves of ``docs/autoquality.md``: scores of photographs by quality, one line each, as SVG."""

from __future__ import annotations

from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "docs" / "autoquality"
_FORMATS = ("jpeg", "webp", "avif")
_SIDE = 640
"""Pixels of the longer side of the photographs that are shown."""
_WIDTH, _HEIGHT, _LEFT, _TOP, _GAP = 260, 200, 40, 40, 40
_LOWEST, _HIGHEST = 20.0, 100.0
"""Of the scores that are shown."""
_TARGET = 70


def _panel(name: str, rows: list[dict[str, Any]], left: float) -> list[str]:
    def at(quality: float, score: float) -> str:
        x = left + _WIDTH * quality / 100
        share = (min(_HIGHEST, max(_LOWEST, score)) - _LOWEST) / (_HIGHEST - _LOWEST)
        return f"{x:.1f},{_TOP + _HEIGHT * (1 - share):.1f}"

    parts = [f'<text x="{left}" y="{_TOP - 10}" font-weight="bold">{name}</text>']
    for score in range(int(_LOWEST), int(_HIGHEST) + 1, 20):
        y = at(0, score).partition(",")[2]
        parts.append(f'<path d="M{left} {y}h{_WIDTH}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 6}" y="{float(y) + 4:.1f}" text-anchor="end">{score}</text>')
    for quality in range(0, 101, 25):
        x = at(quality, 0).partition(",")[0]
        parts.append(f'<text x="{x}" y="{_TOP + _HEIGHT + 16}" text-anchor="middle">{quality}</text>')
    for row in rows:
        points = " ".join(at(each["quality"], each["whole"]) for each in row["formats"][name])
        parts.append(f'<polyline points="{points}" fill="none" stroke="#1b6ca8" stroke-opacity="0.45"/>')
    y = at(0, _TARGET).partition(",")[2]
    parts.append(f'<path d="M{left} {y}h{_WIDTH}" stroke="#c0392b" stroke-width="1.5" stroke-dasharray="5 3"/>')
    return parts


def chart(rows: list[dict[str, Any]]) -> str:
    """Return the SVG for measurements of photographs."""
    shown = [row for row in rows if row["side"] == _SIDE]
    width = _LEFT + len(_FORMATS) * (_WIDTH + _GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{_TOP + _HEIGHT + 30}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for number, name in enumerate(_FORMATS):
        parts += _panel(name, shown, _LEFT + number * (_WIDTH + _GAP))
    return "\n".join([*parts, "</svg>"]) + "\n"


def draw(rows: list[dict[str, Any]]) -> None:
    """Write the curves to the folder of the page."""
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "scores.svg").write_text(chart(rows))
