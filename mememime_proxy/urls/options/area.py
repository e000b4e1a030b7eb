"""The options of the visible area: gravity, crop, trim, padding, rotation."""

from __future__ import annotations

from mememime_proxy.urls.options.argument_groups import NINE_GRAVITIES, ClassArguments, GravityArguments
from mememime_proxy.urls.options.arguments import (
    Argument,
    DecimalNumber,
    EmptyRule,
    Flag,
    HexColor,
    RightAngle,
    WholeNumber,
)
from mememime_proxy.urls.options.option import Option

_AREA = "Position and area"
_ORIENTATION = "Orientation"

_OFFSETS = (
    " Offsets move away from the edge towards the middle; from 1 on they are pixels (multiplied by `dpr`), below 1"
    " shares of the picture. An offset that is left out or empty keeps its earlier value."
)

AREA_OPTIONS = (
    Option(
        name="gravity",
        section=_AREA,
        meaning="Which part of the picture stays in view when something has to be cut.",
        arguments=(
            GravityArguments(
                "gravity",
                NINE_GRAVITIES + "; `sm` what is likely to catch the eye (takes no offsets); `obj`, `obj:class:class`"
                " what is found in the picture, of these classes or of all, and `objw:class:weight:class:weight` the"
                " same with weights, where `all` stands for all other classes (`obj:face`, `objw:all:1:face:3`). Where"
                " nothing is found they are `sm`." + _OFFSETS,
                smart=True,
            ),
        ),
        example="g:no:0:10",
        default="`ce:0:0`",
        steps=("crop", "crop_to_result"),
        aliases=("g",),
    ),
    Option(
        name="crop",
        section=_AREA,
        meaning="Cut out an area before anything is resized. A side of 0 is the whole side, below 1 a share of it,"
        " from 1 on"
        " pixels of the original.",
        arguments=(
            Argument(name="width", type=DecimalNumber(0), field="crop.width", meaning="Width of the area."),
            Argument(name="height", type=DecimalNumber(0), field="crop.height", meaning="Height of the area."),
            GravityArguments(
                "crop.gravity", "Where the area lies, as in `gravity`. Left out: the `gravity` option.", smart=True
            ),
        ),
        example="c:0.5:0.5:sm",
        default="0",
        steps=("crop",),
        aliases=("c",),
    ),
    Option(
        name="crop_aspect_ratio",
        section=_AREA,
        meaning="Bring the area of `crop`, or the whole picture, to an aspect ratio. It becomes smaller, or with the"
        " second argument larger, as far as the picture goes. Where it lies is up to `crop` and `gravity` as before.",
        arguments=(
            Argument(
                name="ratio",
                type=DecimalNumber(0),
                field="crop_aspect_ratio.ratio",
                meaning="Width by height; 0 is off.",
                empty=EmptyRule.KEEP,
            ),
            Argument(
                name="enlarge",
                type=Flag(),
                field="crop_aspect_ratio.enlarge",
                meaning="Extend the shorter side in place of cutting the longer one.",
                empty=EmptyRule.KEEP,
            ),
        ),
        example="car:1.5",
        default="0",
        steps=("crop",),
        aliases=("crop_ar", "car"),
    ),
    Option(
        name="objects_position",
        section=_AREA,
        meaning="Where objects lie in what is cropped by them: with `gravity` or `crop` by `obj`, and by `sm` where the"
        " operator has faces found for it. The picture's edges limit it.",
        arguments=(
            GravityArguments(
                "objects_position",
                NINE_GRAVITIES + "; `prop` where they are in the picture." + _OFFSETS,
                smart=False,
                proportional=True,
            ),
        ),
        example="op:no:0:20",
        default="`ce:0:0`",
        steps=("crop", "crop_to_result"),
        aliases=("obj_pos", "op"),
    ),
    Option(
        name="crop_objects",
        section=_AREA,
        meaning="Cut out the box around what is found in the picture, in place of `crop`. With `fill` or `fill-down`"
        " and both sides of a size it is widened to their aspect ratio. Where nothing is found nothing is cut; without"
        " a detector the answer is 422. Of an animation, the first frame counts. `co` with two or more arguments is"
        " this option.",
        arguments=(
            Argument(
                name="scale",
                type=DecimalNumber(0),
                field="objects.crop.scale",
                meaning="Factor for the box, about its centre; 0 is off.",
                empty=EmptyRule.KEEP,
            ),
            ClassArguments("objects.crop.classes", "Classes that count; left out or `all`: every one."),
        ),
        example="c_obj:1.5:face",
        default="0",
        steps=("crop_to_objects",),
        aliases=("c_obj",),
    ),
    Option(
        name="trim",
        section=_AREA,
        meaning="Cut away a border of one colour. Not done for animations.",
        arguments=(
            Argument(
                name="threshold",
                type=DecimalNumber(),
                field="trim.threshold",
                meaning="How far a colour may differ; empty is off.",
                empty=EmptyRule.CLEAR,
            ),
            Argument(
                name="colour",
                type=HexColor(),
                field="trim.color",
                meaning="The border's colour; empty or left out: that of the top left pixel.",
                empty=EmptyRule.CLEAR,
                missing=EmptyRule.CLEAR,
            ),
            Argument(
                name="equal_hor",
                type=Flag(),
                field="trim.equal_hor",
                meaning="Cut equally much left and right.",
                empty=EmptyRule.KEEP,
            ),
            Argument(
                name="equal_ver",
                type=Flag(),
                field="trim.equal_ver",
                meaning="Cut equally much above and below.",
                empty=EmptyRule.KEEP,
            ),
        ),
        example="t:10:ffffff",
        default="off",
        steps=("trim",),
        aliases=("t",),
    ),
    Option(
        name="padding",
        section=_AREA,
        meaning="A border around the result, in the order of CSS. It is as transparent as the format allows, or has the"
        " `background` colour, and is multiplied by `dpr`.",
        arguments=(
            Argument(name="top", type=WholeNumber(), field="padding.top", meaning="Pixels.", empty=EmptyRule.KEEP),
            Argument(
                name="right",
                type=WholeNumber(),
                field="padding.right",
                meaning="Pixels; as top.",
                empty=EmptyRule.KEEP,
                fill="padding.top",
            ),
            Argument(
                name="bottom",
                type=WholeNumber(),
                field="padding.bottom",
                meaning="Pixels; as top.",
                empty=EmptyRule.KEEP,
                fill="padding.top",
            ),
            Argument(
                name="left",
                type=WholeNumber(),
                field="padding.left",
                meaning="Pixels; as right.",
                empty=EmptyRule.KEEP,
                fill="padding.right",
            ),
        ),
        example="pd:10:20",
        default="0",
        steps=("pad",),
        aliases=("pd",),
    ),
    Option(
        name="auto_rotate",
        section=_ORIENTATION,
        meaning="Turn the picture upright as its EXIF orientation says, before everything else.",
        arguments=(Argument(name="auto_rotate", type=Flag(), field="auto_rotate", meaning="On or off."),),
        example="ar:0",
        default="MEMEMIME_AUTO_ROTATE",
        steps=("rotate_and_flip",),
        aliases=("ar",),
    ),
    Option(
        name="rotate",
        section=_ORIENTATION,
        meaning="Turn the picture clockwise, after the EXIF orientation. -90 is the same as 270.",
        arguments=(Argument(name="angle", type=RightAngle(), field="rotate", meaning="Degrees."),),
        example="rot:90",
        default="0",
        steps=("rotate_and_flip",),
        aliases=("rot",),
    ),
    Option(
        name="flip",
        section=_ORIENTATION,
        meaning="Mirror the picture.",
        arguments=(
            Argument(
                name="horizontal",
                type=Flag(),
                field="flip_horizontal",
                meaning="Swap left and right.",
                empty=EmptyRule.KEEP,
            ),
            Argument(
                name="vertical",
                type=Flag(),
                field="flip_vertical",
                meaning="Swap top and bottom.",
                empty=EmptyRule.KEEP,
            ),
        ),
        example="fl:1:0",
        default="`0:0`",
        steps=("rotate_and_flip",),
        aliases=("fl",),
    ),
)
"""In the order of the documentation."""
