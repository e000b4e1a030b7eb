"""The options that say what a watermark is, and how it is drawn."""

from __future__ import annotations

from mememime_proxy.urls.options.arguments import Argument, Choice, DecimalNumber, EmptyRule, ValueType, WholeNumber
from mememime_proxy.urls.options.effects.arguments import Degrees, MarkupText, PictureUrl
from mememime_proxy.urls.options.option import Option

_SECTION = "Watermarks"
_ONLY = " It has an effect where `watermark` is on."
_ALIGN = {"left": "left", "centre": "centre", "center": "centre", "right": "right", "justify": "justify"}
_BLEND = {
    name: name
    for name in (
        *("over", "multiply", "screen", "overlay", "darken", "lighten", "hard-light", "soft-light", "difference"),
        *("exclusion", "add"),
    )
}


def _argument(name: str, kind: ValueType, field: str, meaning: str) -> Argument:
    return Argument(name=name, type=kind, field=f"mark.{field}", meaning=meaning, empty=EmptyRule.KEEP)


def _option(
    name: str, aliases: tuple[str, ...], meaning: str, arguments: tuple[Argument, ...], example: str, default: str
) -> Option:
    return Option(
        name=name,
        aliases=aliases,
        section=_SECTION,
        meaning=meaning + _ONLY,
        arguments=arguments,
        example=example,
        default=default,
        steps=("add_watermark",),
    )


WATERMARK_OPTIONS = (
    _option(
        "watermark_url",
        ("wmu",),
        "A picture as the watermark, in place of the operator's. It is fetched like a source, within the same limits;"
        " where it cannot be had the answer is 422, and not a picture without it. What changes at its URL later is seen"
        " once the result is rendered again.",
        (_argument("url", PictureUrl(), "url", "URL-safe base64; `-` is off."),),
        "wmu:aHR0cHM6Ly9leGFtcGxlLmNvbS9sb2dvLnBuZw",
        "off",
    ),
    _option(
        "watermark_text",
        ("wmt",),
        "A text as the watermark, in the fonts of the machine and of MEMEMIME_FONTS_DIR: Pango markup, black and of 16"
        " pixels unless it says otherwise. Fonts have up to 400 pixels.",
        (_argument("text", MarkupText(), "text", "URL-safe base64 of up to 1024 bytes; `-` is off."),),
        "wmt:PGI-SGVsbG88L2I-",
        "off",
    ),
    _option(
        "watermark_text_box",
        ("wmtb",),
        "The width at which the lines of `watermark_text` are wrapped, and how they are set.",
        (
            _argument("width", WholeNumber(0, 65_535), "text_width", "Pixels, times dpr; 0: no line is wrapped."),
            _argument("align", Choice(_ALIGN), "text_align", "How lines are aligned."),
            _argument("spacing", WholeNumber(0, 1000), "text_spacing", "Pixels between lines, times dpr."),
        ),
        "wmtb:300:centre:4",
        "0:left:0",
    ),
    _option(
        "watermark_size",
        ("wms",),
        "The box that the watermark is fitted into, if `watermark` has no scale.",
        (
            _argument("width", WholeNumber(0, 65_535), "width", "Pixels, times dpr; 0: by the height."),
            _argument("height", WholeNumber(0, 65_535), "height", "Pixels, times dpr; 0: by the width."),
        ),
        "wms:120:0",
        "0:0",
    ),
    _option(
        "watermark_rotate",
        ("wm_rot", "wmr"),
        "Rotate the watermark clockwise, after it was scaled.",
        (_argument("angle", Degrees(), "angle", "Degrees."),),
        "wmr:-30",
        "0",
    ),
    _option(
        "watermark_shadow",
        ("wmsh",),
        "A black shadow around the watermark, which stays in its place.",
        (_argument("sigma", DecimalNumber(0), "shadow", "Radius in pixels, times dpr, up to 100; 0 is off."),),
        "wmsh:4",
        "0",
    ),
    _option(
        "watermark_blend",
        ("wmb",),
        "How the colours of the watermark and of the picture become one.",
        (_argument("mode", Choice(_BLEND), "blend", "As in CSS `mix-blend-mode`; `over` is its `normal`."),),
        "wmb:multiply",
        "over",
    ),
)
"""In the order of the documentation."""
