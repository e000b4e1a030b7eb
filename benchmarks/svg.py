"""Drawings through the gate beside bare librsvg: the share that looks the same, and why the rest does not.

Every ``.svg`` below a folder is rendered twice by librsvg at its own size: as it is, and as the gate hands it on.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pyvips

from mememime_proxy.errors import ImageError
from mememime_proxy.imaging.codecs.load import SVG_DPI, open_original
from mememime_proxy.imaging.gate.svg import document
from mememime_proxy.imaging.gate.svg.budget import Budget
from mememime_proxy.imaging.gate.svg.pictures import EmbeddedPicture
from mememime_proxy.imaging.gate.svg.sanitiser import Sanitiser
from mememime_proxy.plan import ImageLimits, RenderConfig

TOLERANCE = 2
"""Largest difference, of 255, of any channel of any pixel, premultiplied with alpha, that counts as equal."""

EQUAL = "equal"
REFUSED_BY_BOTH = "refused by both"
REFUSED_BY_LIBRSVG = "refused by bare librsvg alone"

_CONFIG = RenderConfig()
_POINTS_PER_INCH = 72
_MAX_LENGTH = 1 << 30


def compare(folder: Path, limit: int = 0) -> dict[str, Any]:
    """Count the files of a folder that are equal, and name the others by what makes them different.

    ``limit``: of the files; 0 = all.
    """
    files = sorted(folder.rglob("*.svg"))[: limit or None]
    outcomes: Counter[str] = Counter()
    others: dict[str, list[str]] = {}
    removed: Counter[str] = Counter()
    for path in files:
        data = path.read_bytes()
        reason = difference(data)
        outcomes[EQUAL if reason in (EQUAL, REFUSED_BY_BOTH) else "different"] += 1
        if reason != EQUAL:
            others.setdefault(reason, []).append(path.relative_to(folder).as_posix())
        removed.update(removals(data).keys())
    share = outcomes[EQUAL] / len(files) if files else 0.0
    return {
        "files": len(files),
        "equal": outcomes[EQUAL],
        "share": f"{share:.2%}",
        "tolerance": TOLERANCE,
        "others": others,
        "removed": dict(removed.most_common()),
    }


def difference(data: bytes) -> str:
    """Return what makes a drawing look different once it went through the gate, ``EQUAL`` for nothing."""
    try:
        bare: pyvips.Image | None = _premultiplied(
            pyvips.Image.svgload_buffer(data, dpi=SVG_DPI, scale=_POINTS_PER_INCH / SVG_DPI)
        )
    except pyvips.Error:
        bare = None
    try:
        ours = _premultiplied(open_original(data, ImageLimits(), _CONFIG).load())
    except (ImageError, pyvips.Error) as error:
        return REFUSED_BY_BOTH if bare is None else f"refused: {getattr(error, 'detail', '') or error}"
    if bare is None:
        return REFUSED_BY_LIBRSVG
    if (bare.width, bare.height) != (ours.width, ours.height):
        return "another size"
    if (bare - ours).abs().max() <= TOLERANCE:
        return EQUAL
    return ", ".join(sorted(removals(data))) or "nothing was removed"


def removals(data: bytes) -> Counter[str]:
    """Return what the sanitiser removes from a drawing, and how often; nothing for one that it does not read."""
    try:
        root, _ = document.read(data, _MAX_LENGTH)
        sanitiser = Sanitiser(lambda picture: ("image/png", picture, EmbeddedPicture(1, 1)), Budget())
        sanitiser.run(root)
    except ImageError:
        return Counter()
    return sanitiser.removed


def _premultiplied(image: pyvips.Image) -> pyvips.Image:
    return image.premultiply().cast("uchar").copy_memory()
