"""Filters beside the bare libvips operations of the same formula: CPU of the steps, in memory, on one megapixel.

Each side takes the same pixels in memory and leaves its result in memory. The sides take turns in one process, with one
thread of libvips each; the ratio is the median of those of rounds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyvips

from benchmarks.statistics import median, spread
from mememime_proxy.formats.effects_plan import (
    BlurAreas,
    Colorize,
    Duotone,
    Effects,
    Gradient,
    Mark,
    Monochrome,
    ProgressiveBlur,
    Shape,
    Watermark,
)
from mememime_proxy.geometry.geometry import calculate
from mememime_proxy.imaging.picture import Picture, plan_areas
from mememime_proxy.imaging.steps.canvas import CANVAS_STEPS
from mememime_proxy.imaging.steps.filters import apply_filters, shape
from mememime_proxy.imaging.steps.watermark import add_watermark
from mememime_proxy.plan import Padding, Plan, RenderConfig

BAR = 1.3
"""Most CPU by that of the bare operation."""
PHOTOGRAPH = Path(__file__).parents[1] / "config" / "samples" / "astronaut.jpg"
SIDE = 1000
_CALLS = 5
"""Of a side in a round: some take less than a millisecond."""
_WEIGHTS = [[0.2126, 0.7152, 0.0722]] * 3
_TEXT = "<span size='60pt'>sample</span>"

Bare = Callable[[pyvips.Image], pyvips.Image]


def _table(image: pyvips.Image) -> pyvips.Image:
    return image.maplut(pyvips.Image.identity(bands=3).linear(1.2, 8, uchar=True))


def _tone(image: pyvips.Image) -> pyvips.Image:
    table = pyvips.Image.identity(bands=1).bandjoin([pyvips.Image.identity(), pyvips.Image.identity()])
    return image.colourspace("b-w").maplut(table)


def _matrix(image: pyvips.Image) -> pyvips.Image:
    return image.recomb(pyvips.Image.new_from_array(_WEIGHTS)).linear(1, 0.5, uchar=True)


def _saturation(image: pyvips.Image) -> pyvips.Image:
    return image.colourspace("scrgb").recomb(pyvips.Image.new_from_array(_WEIGHTS)).colourspace("srgb")


def _line(image: pyvips.Image) -> pyvips.Image:
    line = pyvips.Image.xyz(1, image.height)[1].linear(255 / image.height, 0.5, uchar=True).copy_memory()
    return line.zoom(image.width, 1)


def _gradient(image: pyvips.Image) -> pyvips.Image:
    return _line(image).ifthenelse([0, 0, 0], image, blend=True)


def _slanted(image: pyvips.Image) -> pyvips.Image:
    place = pyvips.Image.xyz(image.width, image.height)
    mask = (place[0] * 0.1 + place[1] * 0.1).linear(1, 0.5, uchar=True)
    return mask.ifthenelse([0, 0, 0], image, blend=True)


def _progressive(image: pyvips.Image) -> pyvips.Image:
    out = image
    for sigma in (2.5, 5, 10, 20):
        out = _line(image).ifthenelse(image.gaussblur(sigma), out, blend=True)
    return out


def _normalized(image: pyvips.Image) -> pyvips.Image:
    grey = image.colourspace("b-w")
    low, high = grey.percent(1), grey.percent(99)
    return image.linear(255 / (high - low), -low * 255 / (high - low), uchar=True)


def _area(image: pyvips.Image) -> pyvips.Image:
    around = image.crop(170, 170, 560, 560).gaussblur(10).crop(30, 30, 500, 500)
    return image.insert(around, 200, 200)


def _corners(image: pyvips.Image) -> pyvips.Image:
    svg = f'<svg viewBox="0 0 {SIDE} {SIDE}"><rect width="{SIDE}" height="{SIDE}" rx="60" fill="#fff"/></svg>'
    mask = pyvips.Image.svgload_buffer(svg.encode())
    return image.bandjoin(mask[3])


def _rotated(image: pyvips.Image) -> pyvips.Image:
    return image.addalpha().rotate(12, interpolate=pyvips.Interpolate.new("bicubic"))


def _backdrop(image: pyvips.Image) -> pyvips.Image:
    width, height = image.width + 100, image.height + 100
    small = image.resize(width / image.width / 8, kernel="linear").gaussblur(5).copy_memory()
    around = small.resize(8, kernel="linear").linear(0.85, 0.5, uchar=True)
    return around.composite2(image.addalpha().embed(50, 50, width, height), "over").extract_band(0, n=3)


def _text(image: pyvips.Image) -> pyvips.Image:
    mark = pyvips.Image.text(_TEXT, font="sans 16", dpi=72, rgba=True).copy_memory()
    return image.composite2(mark, "over", x=100, y=100).extract_band(0, n=3)


def _effects(**fields: object) -> Plan:
    return Plan(effects=replace(Effects(), **fields))  # type: ignore[arg-type]


CASES: dict[str, tuple[Plan, Bare]] = {
    "brightness and contrast": (_effects(brightness=20, contrast=1.2), _table),
    "gamma": (_effects(gamma=1.4), _table),
    "negate": (_effects(negate=True), lambda image: image.invert()),
    "five tables": (
        _effects(brightness=9, gamma=1.4, monochrome=Monochrome(1.0), duotone=Duotone(1.0), negate=True),
        lambda image: _tone(_tone(_table(_table(image)))).invert(),
    ),
    "saturation": (_effects(saturation=1.4), _saturation),
    "hue": (_effects(hue=90.0), _matrix),
    "sepia": (_effects(sepia=1.0), _matrix),
    "monochrome": (_effects(monochrome=Monochrome(1.0)), _tone),
    "duotone": (_effects(duotone=Duotone(1.0)), _tone),
    "normalize": (_effects(normalize=(1.0, 99.0)), _normalized),
    "blur_areas": (_effects(blur_areas=BlurAreas(10.0, ((0.2, 0.2, 0.5, 0.5),))), _area),
    "progressive_blur": (_effects(progressive_blur=ProgressiveBlur(20.0)), _progressive),
    "colorize": (_effects(colorize=Colorize(0.4, (255, 0, 0))), _table),
    "gradient": (_effects(gradient=Gradient(0.7)), _gradient),
    "gradient of any angle": (_effects(gradient=Gradient(0.7, angle=30.0)), _slanted),
    "corners": (Plan(shape=Shape(corners=(60.0,))), _corners),
    "rotate_free": (Plan(shape=Shape(angle=12.0)), _rotated),
    "background_blur": (Plan(shape=Shape(background_blur=40.0), padding=Padding(50, 50, 50, 50)), _backdrop),
    "watermark_text": (Plan(watermark=Watermark(1.0, "nowe", 100, 100), mark=Mark(text=_TEXT)), _text),
}  # fmt: skip
"""Of each option: the plan, and the operations of its formula."""


def _steps(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    picture = Picture(
        decoded=image,
        geometry=calculate(image.width, image.height, 1, plan),
        plan=plan,
        config=RenderConfig(),
        format="png",
        original=None,
        areas=plan_areas(plan, 1),
    )
    for step in (apply_filters, shape, *CANVAS_STEPS, add_watermark):
        picture = step(picture)
    return picture.image.copy_memory()


def measure(rounds: int) -> dict[str, dict[str, Any]]:
    """Return a row for each option: CPU milliseconds a megapixel of both sides, and their ratio."""
    pyvips.cache_set_max(0)
    pyvips.vips_lib.vips_concurrency_set(1)
    image = pyvips.Image.thumbnail(str(PHOTOGRAPH), SIDE, height=SIDE, size="force").copy_memory()
    rows = {}
    for name, (plan, bare) in CASES.items():
        sides = (lambda plan=plan: _steps(image, plan), lambda bare=bare: bare(image).copy_memory())
        taken: tuple[list[float], list[float]] = ([], [])
        for _ in range(rounds + 1):
            for side, times in zip(sides, taken, strict=True):
                begun = time.process_time()
                for _ in range(_CALLS):
                    side()
                times.append(1000 * (time.process_time() - begun) / _CALLS)
        ours, others = taken[0][1:], taken[1][1:]  # the first round warms up
        ratios = [a / b for a, b in zip(ours, others, strict=True)]
        rows[name] = {
            "cpu_ms": round(median(ours), 1),
            "bare_cpu_ms": round(median(others), 1),
            "ratio": round(median(ratios), 2),
            "spread": round(spread(ratios), 2),
            "bar": BAR,
        }
    return rows
