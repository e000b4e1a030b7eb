"""The jobs that are measured: decoders, encoders, operations and animations, each as directly as plans allow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from benchmarks.cost.pictures import ANIMATIONS, CONTENTS, ENCODERS
from mememime_proxy.formats.effects_plan import Effects, Gradient, Monochrome, ProgressiveBlur, Watermark
from mememime_proxy.plan import (
    Crop,
    Extend,
    Gravity,
    GravityType,
    ImageLimits,
    Padding,
    Plan,
    RenderConfig,
    ResizingType,
    Trim,
)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One job on one picture."""

    group: str
    kind: str
    content: str
    size: str
    plan: Plan
    option: str = ""
    config: RenderConfig = field(default_factory=RenderConfig)

    @property
    def name(self) -> str:
        """What is measured, in words."""
        return f"{self.kind}, {self.content}, {self.size}" + (f": {self.option}" if self.option else "")


_SMALLER = partial(Plan, width=200, format="jpeg")
_FRAMES = ImageLimits(max_animation_frames=200)
_SMART = Gravity(GravityType.SMART)

_PLANS: dict[str, Plan] = {
    "same size": Plan(format="bmp"),
    "half": Plan(width=640, format="bmp"),
    "twice": Plan(width=2560, enlarge=True, format="bmp"),
    "rotate": Plan(rotate=90, format="bmp"),
    "smart crop": Plan(width=600, height=600, resizing_type=ResizingType.FILL, gravity=_SMART, format="bmp"),
    "smart crop before": Plan(width=64, crop=Crop(600, 600, _SMART), format="bmp"),
    "trim": Plan(trim=Trim(10), format="bmp"),
    "blur 2": Plan(blur=2, format="bmp"),
    "blur 31": Plan(blur=31, format="bmp"),
    "blur 1000000": Plan(blur=1_000_000, format="bmp"),
    "sharpen 0.5": Plan(sharpen=0.5, format="bmp"),
    "sharpen 1000000": Plan(sharpen=1_000_000, format="bmp"),
    "pixelate 10": Plan(pixelate=10, format="bmp"),
    "pixelate 100000": Plan(pixelate=100_000, format="bmp"),
    "tables": Plan(effects=Effects(brightness=20, gamma=1.2, negate=True), format="bmp"),
    "colour matrix": Plan(effects=Effects(saturation=1.4), format="bmp"),
    "lightness": Plan(effects=Effects(monochrome=Monochrome(0.5)), format="bmp"),
    "sheet": Plan(effects=Effects(gradient=Gradient(0.7)), format="bmp"),
    "progressive blur": Plan(effects=Effects(progressive_blur=ProgressiveBlur(20)), format="bmp"),
    "padding": Plan(padding=Padding(500, 500, 500, 500), format="bmp"),
    "extend": Plan(width=3000, height=2500, extend=Extend(enabled=True), format="bmp"),
    "zoom": Plan(width=600, zoom_x=4, zoom_y=4, enlarge=True, format="bmp"),
    "dpr": Plan(width=600, dpr=4, enlarge=True, format="bmp"),
    "background": Plan(background=(1, 2, 3), format="bmp"),
    "watermark": Plan(watermark=Watermark(1.0), format="bmp"),
    "watermark repeated": Plan(watermark=Watermark(0.5, "re"), format="bmp"),
    "watermark scaled": Plan(watermark=Watermark(0.5, scale=1.0), format="bmp"),
    "max_bytes": Plan(max_bytes=20_000, format="jpeg"),
}

_ENCODINGS: dict[str, tuple[Plan, RenderConfig]] = {
    "jpeg": (Plan(format="jpeg"), RenderConfig()),
    "jpeg 100": (Plan(format="jpeg", quality=100), RenderConfig()),
    "jpeg progressive": (Plan(format="jpeg"), RenderConfig(jpeg_progressive=True)),
    "jpeg progressive 100": (Plan(format="jpeg", quality=100), RenderConfig(jpeg_progressive=True)),
    "png": (Plan(format="png"), RenderConfig()),
    "png interlaced": (Plan(format="png"), RenderConfig(png_interlaced=True)),
    "png quantized": (Plan(format="png"), RenderConfig(png_quantize=True)),
    "webp": (Plan(format="webp"), RenderConfig()),
    "webp 100": (Plan(format="webp", quality=100), RenderConfig()),
    "webp effort 0": (Plan(format="webp"), RenderConfig(webp_effort=0)),
    "webp effort 6": (Plan(format="webp"), RenderConfig(webp_effort=6)),
    "gif": (Plan(format="gif"), RenderConfig()),
    "avif": (Plan(format="avif"), RenderConfig()),
    "avif 100": (Plan(format="avif", quality=100), RenderConfig()),
    "avif speed 5": (Plan(format="avif"), RenderConfig(avif_speed=5)),
    "jxl": (Plan(format="jxl"), RenderConfig()),
    "jxl 100": (Plan(format="jxl", quality=100), RenderConfig()),
    "jxl effort 7": (Plan(format="jxl"), RenderConfig(jxl_effort=7)),
    "tiff": (Plan(format="tiff"), RenderConfig()),
}
_SLOW = frozenset({"avif speed 5", "jxl effort 7"})


def cases(sizes: tuple[str, ...]) -> Iterator[Case]:
    """Yield the jobs on pictures of these sizes. Encoders and operations are measured on the smallest of them."""
    for size in sizes:
        yield from _decoders(size)
    size = sizes[0]
    for content in CONTENTS:
        for option, (plan, config) in _ENCODINGS.items():
            at = "tiny" if option in _SLOW else size
            yield Case(group="encoder", kind="jpeg", content=content, size=at, plan=plan, option=option, config=config)
    for kind in ("jpeg", "png-alpha", "jpeg-cmyk", "png-16"):
        case = partial(Case, group="operation", kind=kind, content="photo", size=size)
        for option, plan in _PLANS.items():
            yield case(plan=plan, option=option)
        yield case(plan=_PLANS["half"], option="linear light", config=RenderConfig(use_linear_colorspace=True))
    for kind in ANIMATIONS:
        for content in ("photo", "flat"):
            case = partial(Case, group="animation", kind=kind, content=content, size="tiny")
            for format_ in ("gif", "webp"):
                yield case(plan=Plan(width=160, format=format_, limits=_FRAMES), option=f"to {format_}")


def _decoders(size: str) -> Iterator[Case]:
    for kind in ENCODERS:
        for content in CONTENTS:
            case = partial(Case, group="decoder", kind=kind, content=content, size=size, plan=_SMALLER())
            yield case()
            if kind.partition("-")[0] in ("jpeg", "webp"):
                yield case(option="in full", config=RenderConfig(disable_shrink_on_load=True))
