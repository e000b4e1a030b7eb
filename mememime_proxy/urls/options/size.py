"""The options of a result's size."""

from __future__ import annotations

from mememime_proxy.formats.output_plan import ResizingAlgorithm
from mememime_proxy.plan import ResizingType
from mememime_proxy.urls.options.argument_groups import NINE_GRAVITIES, GravityArguments
from mememime_proxy.urls.options.arguments import (
    Argument,
    Choice,
    DecimalNumber,
    EmptyRule,
    Flag,
    WholeNumber,
)
from mememime_proxy.urls.options.option import Option

_SIZE = "Size"

_RESIZING = Choice({kind.value: kind for kind in ResizingType})


_TYPE = Argument(
    name="type",
    type=_RESIZING,
    field="resizing_type",
    meaning="How the picture meets the box, see `resizing_type`.",
    empty=EmptyRule.KEEP,
)
_WIDTH = Argument(
    name="width", type=WholeNumber(), field="width", meaning="Width of the box in pixels.", empty=EmptyRule.KEEP
)
_HEIGHT = Argument(
    name="height", type=WholeNumber(), field="height", meaning="Height of the box in pixels.", empty=EmptyRule.KEEP
)
_ENLARGE = Argument(
    name="enlarge",
    type=Flag(),
    field="enlarge",
    meaning="Make pictures larger that are smaller than the box.",
    empty=EmptyRule.KEEP,
)
_EXTEND = Argument(
    name="extend",
    type=Flag(),
    field="extend.enabled",
    meaning="Fill up to the box, see `extend`.",
    empty=EmptyRule.STOP,
)
_EXTEND_GRAVITY = GravityArguments(
    "extend.gravity", "Where the picture is put on the filled-up box: " + NINE_GRAVITIES + ".", smart=False
)

SIZE_OPTIONS = (
    Option(
        name="resize",
        section=_SIZE,
        meaning="The usual way to ask for a size: the resizing type and all of `size` in one option. Arguments can be"
        " left"
        " empty to keep what a preset said.",
        arguments=(_TYPE, _WIDTH, _HEIGHT, _ENLARGE, _EXTEND, _EXTEND_GRAVITY),
        example="rs:fill:300:200",
        default="–",
        steps=("scale_on_load", "scale", "crop_to_result", "extend"),
        aliases=("rs",),
    ),
    Option(
        name="size",
        section=_SIZE,
        meaning="Width, height and what to do with small pictures, without the resizing type.",
        arguments=(_WIDTH, _HEIGHT, _ENLARGE, _EXTEND, _EXTEND_GRAVITY),
        example="s:300:200:1",
        default="–",
        steps=("scale_on_load", "scale", "crop_to_result", "extend"),
        aliases=("s",),
    ),
    Option(
        name="resizing_type",
        section=_SIZE,
        meaning="How the picture meets the box. `fit`: as large as fits inside, nothing is lost. `fill`: covers the"
        " box, what"
        " sticks out is cut. `fill-down`: like `fill`, but a small picture is not enlarged; it is cut to the box's"
        " aspect ratio. `force`: stretched to exactly the box. `auto`: `fill` where picture and box are both upright or"
        " both wide, otherwise `fit`.",
        arguments=(Argument(name="type", type=_RESIZING, field="resizing_type", meaning="The resizing type."),),
        example="rt:fill",
        default="`fit`",
        steps=("scale_on_load", "scale", "crop_to_result"),
        aliases=("rt",),
    ),
    Option(
        name="resizing_algorithm",
        section=_SIZE,
        meaning="How pixels of a scaled picture are computed. `lanczos3` is the sharpest, `linear` the softest;"
        " `nearest` takes pixels of the original as they are, for pixel art.",
        arguments=(
            Argument(
                name="algorithm",
                type=Choice({kind.value: kind for kind in ResizingAlgorithm}),
                field="resizing_algorithm",
                meaning="The kernel.",
                empty=EmptyRule.KEEP,
            ),
        ),
        example="ra:cubic",
        default="`lanczos3`",
        steps=("scale_on_load", "scale", "fit_format"),
        aliases=("ra",),
    ),
    Option(
        name="width",
        section=_SIZE,
        meaning="Width of the box. 0 follows from the height and the picture's aspect ratio; with both 0 the size is"
        " kept.",
        arguments=(Argument(name="width", type=WholeNumber(), field="width", meaning="Pixels."),),
        example="w:300",
        default="0",
        steps=("scale_on_load", "scale", "crop_to_result"),
        aliases=("w",),
    ),
    Option(
        name="height",
        section=_SIZE,
        meaning="Height of the box. 0 follows from the width and the picture's aspect ratio.",
        arguments=(Argument(name="height", type=WholeNumber(), field="height", meaning="Pixels."),),
        example="h:200",
        default="0",
        steps=("scale_on_load", "scale", "crop_to_result"),
        aliases=("h",),
    ),
    Option(
        name="min-width",
        section=_SIZE,
        meaning="The result is at least this wide, even if it has to be enlarged; what then exceeds the box is cut.",
        arguments=(Argument(name="width", type=WholeNumber(), field="min_width", meaning="Pixels; 0 is off."),),
        example="mw:200",
        default="0",
        steps=("scale_on_load", "scale"),
        aliases=("mw",),
    ),
    Option(
        name="min-height",
        section=_SIZE,
        meaning="The result is at least this high, even if it has to be enlarged; what then exceeds the box is cut.",
        arguments=(Argument(name="height", type=WholeNumber(), field="min_height", meaning="Pixels; 0 is off."),),
        example="mh:200",
        default="0",
        steps=("scale_on_load", "scale"),
        aliases=("mh",),
    ),
    Option(
        name="zoom",
        section=_SIZE,
        meaning="Multiplies the size that the other options ask for. Unlike `dpr` it leaves offsets and paddings"
        " alone.",
        arguments=(
            Argument(name="x", type=DecimalNumber(0, above=True), field="zoom_x", meaning="Factor for the width."),
            Argument(
                name="y",
                type=DecimalNumber(0, above=True),
                field="zoom_y",
                meaning="Factor for the height; left out: the same.",
                fill="zoom_x",
            ),
        ),
        example="z:1.5",
        default="1",
        steps=("scale_on_load", "scale", "crop_to_result"),
        aliases=("z",),
    ),
    Option(
        name="dpr",
        section=_SIZE,
        meaning="Device pixel ratio: multiplies the size, and offsets and paddings with it, so that a picture for a"
        " dense"
        " screen is composed like the one for an ordinary screen. A client hint can preset it.",
        arguments=(
            Argument(
                name="ratio", type=DecimalNumber(0, above=True), field="dpr", meaning="Device pixels for one CSS pixel."
            ),
        ),
        example="dpr:2",
        default="1",
        steps=("scale_on_load", "scale", "crop_to_result", "extend", "extend_aspect_ratio", "pad", "add_watermark"),
    ),
    Option(
        name="enlarge",
        section=_SIZE,
        meaning="Make pictures larger that are smaller than the box. Vector pictures always are.",
        arguments=(Argument(name="enlarge", type=Flag(), field="enlarge", meaning="On or off."),),
        example="el:1",
        default="0",
        steps=("scale_on_load", "scale"),
        aliases=("el",),
    ),
    Option(
        name="extend",
        section=_SIZE,
        meaning="Where the result is smaller than the box, fill it up to the box with transparency, or with"
        " `background`.",
        arguments=(
            Argument(name="extend", type=Flag(), field="extend.enabled", meaning="On or off."),
            _EXTEND_GRAVITY,
        ),
        example="ex:1:so",
        default="`0:ce:0:0`",
        steps=("extend",),
        aliases=("ex",),
    ),
    Option(
        name="extend_aspect_ratio",
        section=_SIZE,
        meaning="Fill up to the aspect ratio of the box, not to its size. Needs a width and a height.",
        arguments=(
            Argument(name="extend", type=Flag(), field="extend_aspect_ratio.enabled", meaning="On or off."),
            GravityArguments(
                "extend_aspect_ratio.gravity",
                "Where the picture is put on the larger area: " + NINE_GRAVITIES + ".",
                smart=False,
            ),
        ),
        example="exar:1",
        default="`0:ce:0:0`",
        steps=("extend_aspect_ratio",),
        aliases=("extend_ar", "exar"),
    ),
)
"""In the order of the documentation."""
