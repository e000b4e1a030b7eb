"""The options that change colours, lay sheets of colour over a picture, or blur parts of it."""

from __future__ import annotations

from mememime_proxy.urls.options.argument_groups import ClassArguments
from mememime_proxy.urls.options.arguments import (
    Argument,
    ArgumentGroup,
    DecimalNumber,
    EmptyRule,
    Flag,
    HexColor,
    ValueType,
    WholeNumber,
)
from mememime_proxy.urls.options.effects.arguments import (
    MAX_AREAS,
    BlurAreaArguments,
    Degrees,
    Direction,
    NormalizeArguments,
)
from mememime_proxy.urls.options.option import Option

_SECTION = "Filters"
_DIRECTION = "Side with the full effect: `down`, `left`, `up`, `right`, or degrees clockwise from `down`."
_START = "Share of the way at which the effect begins."
_STOP = "Share of the way at which it is full; equal to `start`: a hard edge, less: the other way round."
_COLOR = "3 or 6 hexadecimal digits."


def _argument(name: str, kind: ValueType, field: str, meaning: str) -> Argument:
    return Argument(name=name, type=kind, field=f"effects.{field}", meaning=meaning, empty=EmptyRule.KEEP)


def _option(
    name: str,
    alias: str,
    meaning: str,
    arguments: tuple[Argument | ArgumentGroup, ...],
    example: str,
    default: str,
) -> Option:
    return Option(
        name=name,
        aliases=(alias,),
        section=_SECTION,
        meaning=meaning,
        arguments=arguments,
        example=example,
        default=default,
        steps=("apply_filters",),
    )


_BRIGHTNESS = _argument("brightness", WholeNumber(-255, 255), "brightness", "Added to each channel; 0 is off.")
_CONTRAST = _argument(
    "contrast", DecimalNumber(0), "contrast", "Factor by which channels are stretched about the middle; 1 is off."
)
_SATURATION = _argument("saturation", DecimalNumber(0), "saturation", "Factor; 0 is grey, 1 is off.")
_SHARE = DecimalNumber(0, 1)
_INTENSITY = "0 is off, 1 is the full effect."

EFFECT_OPTIONS = (
    _option(
        "normalize",
        "norm",
        "Stretch all channels so that the darkest and the lightest parts become black and white.",
        (
            NormalizeArguments(
                "effects.normalize",
                "Percentiles of lightness that become black and white; `norm:1` is `norm:1:99`, `norm:0` is off.",
            ),
        ),
        "norm:1:99",
        "off",
    ),
    _option("brightness", "br", "Make the picture lighter or darker.", (_BRIGHTNESS,), "br:20", "0"),
    _option("contrast", "co", "Raise or lower the contrast.", (_CONTRAST,), "co:1.2", "1"),
    _option(
        "saturation",
        "sa",
        "Make colours stronger or weaker, in linear light, with the luminance as it is.",
        (_SATURATION,),
        "sa:1.3",
        "1",
    ),
    _option(
        "adjust",
        "a",
        "Brightness, contrast and saturation at once.",
        (_BRIGHTNESS, _CONTRAST, _SATURATION),
        "a:10:1.1:1.2",
        "0:1:1",
    ),
    _option(
        "hue",
        "hu",
        "Rotate all colours around the circle of colours; the matrix of CSS `hue-rotate`.",
        (_argument("angle", Degrees(), "hue", "Degrees; 0 is off."),),
        "hu:90",
        "0",
    ),
    _option(
        "gamma",
        "gm",
        "Make middle tones lighter or darker; black and white stay.",
        (_argument("gamma", DecimalNumber(0.1, 10), "gamma", "Above 1 is lighter; 1 is off."),),
        "gm:1.4",
        "1",
    ),
    _option(
        "sepia",
        "sep",
        "The brown of old photographs.",
        (_argument("intensity", _SHARE, "sepia", _INTENSITY),),
        "sep:0.8",
        "0",
    ),
    _option(
        "monochrome",
        "mc",
        "Shades of one colour, each as light as the picture is there.",
        (
            _argument("intensity", _SHARE, "monochrome.intensity", _INTENSITY),
            _argument("colour", HexColor(), "monochrome.color", _COLOR),
        ),
        "mc:1:b3b3b3",
        "0:b3b3b3",
    ),
    _option(
        "duotone",
        "dt",
        "Shades between two colours, by how light the picture is.",
        (
            _argument("intensity", _SHARE, "duotone.intensity", _INTENSITY),
            _argument("dark", HexColor(), "duotone.dark", f"For what is black: {_COLOR}"),
            _argument("light", HexColor(), "duotone.light", f"For what is white: {_COLOR}"),
        ),
        "dt:1:1a2a6c:fdbb2d",
        "0:000000:ffffff",
    ),
    _option(
        "negate",
        "neg",
        "Turn each colour into its opposite; transparency stays.",
        (_argument("negate", Flag(), "negate", "On or off."),),
        "neg:1",
        "0",
    ),
    _option(
        "blur_areas",
        "ba",
        "Blur parts of the picture, for example number plates.",
        (
            _argument("sigma", DecimalNumber(0), "blur_areas.sigma", "Radius in pixels of the result; 0 is off."),
            BlurAreaArguments(
                "effects.blur_areas.areas",
                f"Up to {MAX_AREAS} areas in shares of the original as it stands upright, whatever is cropped, scaled,"
                " rotated and flipped then. `0.1:0.2:0.3:0.1` begins at a tenth of its width, a fifth of its height.",
            ),
        ),
        "ba:12:0.1:0.2:0.3:0.1",
        "0",
    ),
    _option(
        "progressive_blur",
        "pbl",
        "A blur that grows in one direction.",
        (
            _argument("sigma", DecimalNumber(0), "progressive_blur.sigma", "Radius of the full blur; 0 is off."),
            _argument("direction", Direction(), "progressive_blur.angle", _DIRECTION),
            _argument("start", _SHARE, "progressive_blur.start", _START),
            _argument("stop", _SHARE, "progressive_blur.stop", _STOP),
        ),
        "pbl:12:down:0.4",
        "0:down:0:1",
    ),
    _option(
        "blur_detections",
        "bd",
        "Blur what is found in the picture: faces, with the extra `faces`, or what the operator's net knows; without"
        " a detector the answer is 422. Not every face"
        " is found, and a round thing with a pattern may be taken for one. Each box is"
        " grown by a tenth of its sides. Faces are found in the original, whatever is cropped and scaled then; of an"
        " animation, in each frame.",
        (
            _argument("sigma", DecimalNumber(0), "blur_detections.sigma", "Radius in pixels of the result; 0 is off."),
            ClassArguments(
                "effects.blur_detections.classes",
                "Classes that are blurred, like `face`; left out or `all`: every one. Unknown ones match nothing.",
            ),
        ),
        "bd:20",
        "0",
    ),
    _option(
        "draw_detections",
        "dd",
        "Draw a frame around what is found in the picture, with its class and certainty. Without a detector the answer"
        " is 422.",
        (
            Argument(
                name="draw", type=Flag(), field="objects.draw.enabled", meaning="On or off.", empty=EmptyRule.KEEP
            ),
            ClassArguments("objects.draw.classes", "Classes that are framed; left out or `all`: every one."),
        ),
        "dd:1",
        "0",
    ),
    _option(
        "colorize",
        "col",
        "Lay one colour over the picture.",
        (
            _argument("opacity", _SHARE, "colorize.opacity", _INTENSITY),
            _argument("colour", HexColor(), "colorize.color", _COLOR),
            _argument(
                "keep_alpha",
                Flag(),
                "colorize.keep_alpha",
                "On: transparent parts stay so. Off: they are covered, too.",
            ),
        ),
        "col:0.4:1a2a6c",
        "0:000:0",
    ),
    _option(
        "gradient",
        "gr",
        "Lay a colour over the picture that grows in one direction.",
        (
            _argument("opacity", _SHARE, "gradient.opacity", _INTENSITY),
            _argument("colour", HexColor(), "gradient.color", _COLOR),
            _argument("direction", Direction(), "gradient.angle", _DIRECTION),
            _argument("start", _SHARE, "gradient.start", _START),
            _argument("stop", _SHARE, "gradient.stop", _STOP),
        ),
        "gr:0.7:000:down:0.5",
        "0:000:down:0:1",
    ),
    Option(
        name="background_alpha",
        aliases=("bga",),
        section=_SECTION,
        meaning="Opacity of the colour of `background`, where the result's format has transparency.",
        arguments=(_argument("opacity", _SHARE, "background_alpha", "0 is transparent, 1 is opaque."),),
        example="bga:0.5",
        default="1",
        steps=("flatten",),
    ),
)
"""In the order of the documentation, which is that in which they are applied."""
