"""Lines over time as an SVG: some charts one below another, one axis of minutes."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

_WIDTH, _HEIGHT, _LEFT, _GAP = 900, 150, 70, 46
_COLORS = ("#1b6ca8", "#c0392b", "#2e8b57", "#8e44ad")

Series = dict[str, Sequence[tuple[float, float]]]


def chart(title: str, panels: dict[str, Series]) -> str:
    """Return an SVG with a panel for each entry: points of minute and value by name of the line."""
    height = 50 + len(panels) * (_HEIGHT + _GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH + _LEFT + 30}" height="{height}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{_LEFT}" y="22" font-size="15">{escape(title)}</text>',
    ]
    end = max(x for series in panels.values() for points in series.values() for x, _ in points)
    for number, (name, series) in enumerate(panels.items()):
        parts += _panel(name, series, end, 50 + number * (_HEIGHT + _GAP))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(name: str, series: Series, end: float, top: float) -> list[str]:
    most = max((y for points in series.values() for _, y in points), default=0) * 1.1 or 1
    bottom = top + _HEIGHT
    parts = [f'<text x="{_LEFT}" y="{top - 5}" font-weight="bold">{escape(name)}</text>']
    for step in range(5):
        y = bottom - step * _HEIGHT / 4
        parts.append(f'<path d="M{_LEFT} {y:.1f}h{_WIDTH}" stroke="#ddd"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{most * step / 4:.4g}</text>')
    for step in range(9):
        x = _LEFT + step * _WIDTH / 8
        parts.append(f'<text x="{x:.1f}" y="{bottom + 15}" text-anchor="middle">{end * step / 8:.3g} min</text>')
    for number, (label, points) in enumerate(series.items()):
        color = _COLORS[number % len(_COLORS)]
        line = " ".join(f"{_LEFT + _WIDTH * x / end:.1f},{bottom - _HEIGHT * y / most:.1f}" for x, y in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="1.3"/>')
        parts.append(f'<text x="{_LEFT + 260 + 170 * number}" y="{top - 5}" fill="{color}">{escape(label)}</text>')
    return parts
