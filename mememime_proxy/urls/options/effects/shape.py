"""The options that give the picture another outline, or say what is around it."""

from __future__ import annotations

from mememime_proxy.urls.options.arguments import Argument, ArgumentGroup, DecimalNumber, EmptyRule, ValueType
from mememime_proxy.urls.options.effects.arguments import CornerArguments, Degrees, PictureUrl
from mememime_proxy.urls.options.option import Option


def _argument(name: str, kind: ValueType, field: str, meaning: str) -> Argument:
    return Argument(name=name, type=kind, field=f"shape.{field}", meaning=meaning, empty=EmptyRule.KEEP)


def _option(
    name: str,
    alias: str,
    meaning: str,
    arguments: tuple[Argument | ArgumentGroup, ...],
    example: str,
    default: str,
    step: str = "shape",
) -> Option:
    return Option(
        name=name,
        aliases=(alias,),
        section="Shape",
        meaning=meaning,
        arguments=arguments,
        example=example,
        default=default,
        steps=(step,),
    )


SHAPE_OPTIONS = (
    _option(
        "corners",
        "crn",
        "Round corners: `rs:fill:200:200/crn:max` is a circle. Where the format has no transparency they are white, or"
        " of the `background`.",
        (
            CornerArguments(
                "shape.corners",
                "One radius, or four from the top left one clockwise: pixels, times dpr; below 1 shares of the shorter"
                " side; `max`. `0` is off.",
            ),
        ),
        "crn:20",
        "0",
    ),
    _option(
        "mask",
        "msk",
        "A picture whose lightness, times its transparency, says what is seen: it is stretched over the picture. It is"
        " fetched like a source; where it cannot be had the answer is 422.",
        (_argument("url", PictureUrl(), "mask", "URL-safe base64; `-` is off."),),
        "msk:aHR0cHM6Ly9leGFtcGxlLmNvbS9tYXNrLnBuZw",
        "off",
    ),
    _option(
        "rotate_free",
        "rotf",
        "Rotate clockwise by any angle, after the picture was cropped to its size. The canvas grows, its corners are"
        " transparent or of the `background`.",
        (_argument("angle", Degrees(), "angle", "Degrees."),),
        "rotf:-12.5",
        "0",
    ),
    _option(
        "background_blur",
        "bgb",
        "Fill what `extend` and `padding` add, and what is transparent, with the picture itself, blurred.",
        (
            _argument("sigma", DecimalNumber(0, 1000), "background_blur", "Radius in pixels; 0 is off."),
            _argument("brightness", DecimalNumber(0, 2), "background_brightness", "Factor; below 1 is darker."),
        ),
        "bgb:40:0.85",
        "0:0.85",
        "fill_canvas",
    ),
)
"""In the order of the documentation."""
