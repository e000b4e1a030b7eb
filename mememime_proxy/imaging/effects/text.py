"""Text drawn as a picture, with the fonts of the machine and those of the operator's folder."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

import pyvips

from mememime_proxy.errors import WatermarkError
from mememime_proxy.formats.effects_plan import Mark
from mememime_proxy.formats.text_markup import read_markup

_FONT: Final = "sans 16"
_DPI: Final = 72
"""At which a point is a pixel."""
MAX_PIXELS: Final = 16_000_000
_ALIGN: Final = {"left": "low", "centre": "centre", "right": "high", "justify": "low"}
_SUFFIXES: Final = frozenset({".ttf", ".otf", ".ttc", ".woff", ".woff2"})
_files: list[str] = []


def use_fonts(folder: str) -> None:
    """Use the fonts of a folder, too, from the first text on; '' = none. To be called before any text is drawn."""
    paths: Sequence[Path] = sorted(Path(folder).rglob("*")) if folder else ()
    _files[:] = [str(path) for path in paths if path.suffix.lower() in _SUFFIXES]


@cache
def has_fonts() -> bool:
    """Whether letters can be told apart: without any font each is a box, and libvips reports no error.

    The first call makes the operator's fonts known to this process.
    """
    for path in _files:
        pyvips.Image.text("A", font=_FONT, fontfile=path)
    first, second = (pyvips.Image.text(letter, font=_FONT, dpi=_DPI).write_to_memory() for letter in "AB")
    return first != second


def drawn_text(mark: Mark, dpr: float) -> pyvips.Image:
    """Return the text of a mark, sRGB with alpha; black unless its markup has other colours.

    Raises WatermarkError where it is too large or no fonts are there.
    """
    try:
        text = read_markup(mark.text)
    except ValueError as error:
        raise WatermarkError(f"watermark_text: {error}") from error
    if not has_fonts():
        raise WatermarkError("watermark_text: no fonts are installed")
    width = round(mark.text_width * dpr)
    across, down = text.bound(dpr, width)
    _check(across, down + text.lines * mark.text_spacing * dpr)
    options: dict[str, Any] = {
        "font": _FONT,
        "dpi": max(1, round(_DPI * dpr)),
        "rgba": True,
        "align": _ALIGN[mark.text_align],
        "justify": mark.text_align == "justify",
        "spacing": round(mark.text_spacing * dpr),
        **({"width": width} if width else {}),
    }
    try:
        image = pyvips.Image.text(text.markup, **options)
    except pyvips.Error:
        try:
            image = pyvips.Image.text(escape(mark.text), **options)
        except pyvips.Error as error:
            raise WatermarkError(f"watermark_text: {error}") from error
    _check(image.width, image.height)
    return image.copy_memory()


def _check(width: float, height: float) -> None:
    if width * height > MAX_PIXELS:
        raise WatermarkError(f"watermark_text: {width:.0f}×{height:.0f} pixels are more than {MAX_PIXELS}")
