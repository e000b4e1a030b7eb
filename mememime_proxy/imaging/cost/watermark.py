"""The cost of a watermark: its own render, and laying it over each frame."""

from __future__ import annotations

from typing import Final

from mememime_proxy.formats import FORMATS
from mememime_proxy.formats.text_markup import read_markup
from mememime_proxy.geometry.geometry import calculate
from mememime_proxy.geometry.watermark import mark_plan
from mememime_proxy.imaging.cost.work import Work
from mememime_proxy.imaging.gate.header import ImageHeader
from mememime_proxy.plan import Plan

_TEXT: Final = 0.02
"""Seconds of the first text of a process: fonts are looked for and loaded."""


def add_watermark(
    work: Work, mark: ImageHeader | None, plan: Plan, dpr: float, width: int, height: int, frames: int
) -> None:
    """Add the watermark to a result of ``width`` × ``height``; ``mark``: its picture, unless it is a text."""
    option, details = plan.watermark, plan.mark
    if option is None or (mark is None and not details.text):
        return
    box = mark_plan(option, (width, height), dpr, plan.limits, details)
    if details.text:
        text = read_markup(details.text)
        sides = text.bound(dpr, round(details.text_width * dpr))
        work.seconds_fixed += _TEXT
        wide, high = (max(1, int(side)) for side in sides)
        geometry = calculate(wide, high, 1, box)
        work.add("sheet, with transparency", wide * high * 4, held=1)
    elif mark is not None:
        wide, high = mark.width, mark.height
        geometry = calculate(wide, high, mark.orientation, box, vector=FORMATS[mark.format].vector)
        work.decode(mark, 0, wide * high, wide * high)
    scaled = geometry.scaled_width * geometry.scaled_height * 4
    work.add("resize, each pixel before", wide * high * 4)
    work.add("resize, each pixel after", scaled, held=1)
    if details.angle:
        work.add("free rotation", scaled * 2, held=2)
    if details.shadow:
        work.add("sheet, with transparency", scaled, held=2)
    work.add("watermark", width * height * frames * 4, held=1)
