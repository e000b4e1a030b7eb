"""The options that decide size, position and orientation."""

from __future__ import annotations

from mememime_proxy.plan import GravityType, ResizingType
from mememime_proxy.urls.options.kinds import Choice, Flag, HexColor, Number, RightAngle, Whole
from mememime_proxy.urls.options.option import Argument, Empty, Option
from mememime_proxy.urls.options.tails import GravityTail

_SIZE = "Size"
_AREA = "Position and area"
_TURN = "Orientation"

_RESIZING = Choice({kind.value: kind for kind in ResizingType})
_CUT = {kind.value: kind for kind in GravityType}
_PUT = {name: kind for name, kind in _CUT.items() if kind is not GravityType.SMART}

_NINE = (
    "`ce` centre, `no` top, `so` bottom, `ea` right, `we` left, and the corners `noea`, `nowe`, `soea`, `sowe`;"
    " `fp:x:y` a focus point in shares of the picture (`fp:0.5:0.3`)"
)
_OFFSETS = (
    " Offsets move away from the edge towards the middle; from 1 on they are pixels (multiplied by `dpr`), below 1"
    " shares of the picture. An offset that is left out or empty keeps its earlier value."
)

_TYPE = Argument("type", _RESIZING, "resizing_type", "How the picture meets the box, see `resizing_type`.", Empty.KEEP)
_WIDTH = Argument("width", Whole(), "width", "Width of the box in pixels.", Empty.KEEP)
_HEIGHT = Argument("height", Whole(), "height", "Height of the box in pixels.", Empty.KEEP)
_ENLARGE = Argument("enlarge", Flag(), "enlarge", "Make pictures larger that are smaller than the box.", Empty.KEEP)
_EXTEND = Argument("extend", Flag(), "extend.enabled", "Fill up to the box, see `extend`.", Empty.STOP)
_EXTEND_GRAVITY = GravityTail("extend.gravity", _PUT, "Where the picture is put on the filled-up box: " + _NINE + ".")

GEOMETRY = (
    Option(
        "resize",
        _SIZE,
        "The usual way to ask for a size: the resizing type and all of `size` in one option. Arguments can be left"
        " empty to keep what a preset said.",
        (_TYPE, _WIDTH, _HEIGHT, _ENLARGE, _EXTEND, _EXTEND_GRAVITY),
        "rs:fill:300:200",
        "–",
        ("rs",),
    ),
    Option(
        "size",
        _SIZE,
        "Width, height and what to do with small pictures, without the resizing type.",
        (_WIDTH, _HEIGHT, _ENLARGE, _EXTEND, _EXTEND_GRAVITY),
        "s:300:200:1",
        "–",
        ("s",),
    ),
    Option(
        "resizing_type",
        _SIZE,
        "How the picture meets the box. `fit`: as large as fits inside, nothing is lost. `fill`: covers the box, what"
        " sticks out is cut. `fill-down`: like `fill`, but a small picture is not enlarged; it is cut to the box's"
        " aspect ratio. `force`: stretched to exactly the box. `auto`: `fill` where picture and box are both upright or"
        " both wide, otherwise `fit`.",
        (Argument("type", _RESIZING, "resizing_type", "The resizing type."),),
        "rt:fill",
        "`fit`",
        ("rt",),
    ),
    Option(
        "width",
        _SIZE,
        "Width of the box. 0 follows from the height and the picture's aspect ratio; with both 0 the size is kept.",
        (Argument("width", Whole(), "width", "Pixels."),),
        "w:300",
        "0",
        ("w",),
    ),
    Option(
        "height",
        _SIZE,
        "Height of the box. 0 follows from the width and the picture's aspect ratio.",
        (Argument("height", Whole(), "height", "Pixels."),),
        "h:200",
        "0",
        ("h",),
    ),
    Option(
        "min-width",
        _SIZE,
        "The result is at least this wide, even if it has to be enlarged; what then exceeds the box is cut.",
        (Argument("width", Whole(), "min_width", "Pixels; 0 is off."),),
        "mw:200",
        "0",
        ("mw",),
    ),
    Option(
        "min-height",
        _SIZE,
        "The result is at least this high, even if it has to be enlarged; what then exceeds the box is cut.",
        (Argument("height", Whole(), "min_height", "Pixels; 0 is off."),),
        "mh:200",
        "0",
        ("mh",),
    ),
    Option(
        "zoom",
        _SIZE,
        "Multiplies the size that the other options ask for. Unlike `dpr` it leaves offsets and paddings alone.",
        (
            Argument("x", Number(0, above=True), "zoom_x", "Factor for the width."),
            Argument("y", Number(0, above=True), "zoom_y", "Factor for the height; left out: the same.", fill="zoom_x"),
        ),
        "z:1.5",
        "1",
        ("z",),
    ),
    Option(
        "dpr",
        _SIZE,
        "Device pixel ratio: multiplies the size, and offsets and paddings with it, so that a picture for a dense"
        " screen is composed like the one for an ordinary screen. A client hint can preset it.",
        (Argument("ratio", Number(0, above=True), "dpr", "Device pixels for one CSS pixel."),),
        "dpr:2",
        "1",
    ),
    Option(
        "enlarge",
        _SIZE,
        "Make pictures larger that are smaller than the box. Vector pictures always are.",
        (Argument("enlarge", Flag(), "enlarge", "On or off."),),
        "el:1",
        "0",
        ("el",),
    ),
    Option(
        "extend",
        _SIZE,
        "Where the result is smaller than the box, fill it up to the box with transparency, or with `background`.",
        (
            Argument("extend", Flag(), "extend.enabled", "On or off."),
            _EXTEND_GRAVITY,
        ),
        "ex:1:so",
        "`0:ce:0:0`",
        ("ex",),
    ),
    Option(
        "extend_aspect_ratio",
        _SIZE,
        "Fill up to the aspect ratio of the box, not to its size. Needs a width and a height.",
        (
            Argument("extend", Flag(), "extend_aspect_ratio.enabled", "On or off."),
            GravityTail(
                "extend_aspect_ratio.gravity", _PUT, "Where the picture is put on the larger area: " + _NINE + "."
            ),
        ),
        "exar:1",
        "`0:ce:0:0`",
        ("extend_ar", "exar"),
    ),
    Option(
        "gravity",
        _AREA,
        "Which part of the picture stays in view when something has to be cut.",
        (
            GravityTail(
                "gravity", _CUT, _NINE + "; `sm` what is likely to catch the eye (takes no offsets)." + _OFFSETS
            ),
        ),
        "g:no:0:10",
        "`ce:0:0`",
        ("g",),
    ),
    Option(
        "crop",
        _AREA,
        "Cut out an area before anything is resized. A side of 0 is the whole side, below 1 a share of it, from 1 on"
        " pixels of the original.",
        (
            Argument("width", Number(0), "crop.width", "Width of the area."),
            Argument("height", Number(0), "crop.height", "Height of the area."),
            GravityTail("crop.gravity", _CUT, "Where the area lies, as in `gravity`. Left out: the `gravity` option."),
        ),
        "c:0.5:0.5:sm",
        "0",
        ("c",),
    ),
    Option(
        "trim",
        _AREA,
        "Cut away a border of one colour. Not done for animations.",
        (
            Argument(
                "threshold", Number(), "trim.threshold", "How far a colour may differ; empty is off.", Empty.CLEAR
            ),
            Argument(
                "colour",
                HexColor(),
                "trim.color",
                "The border's colour; empty or left out: that of the top left pixel.",
                Empty.CLEAR,
                Empty.CLEAR,
            ),
            Argument("equal_hor", Flag(), "trim.equal_hor", "Cut equally much left and right.", Empty.KEEP),
            Argument("equal_ver", Flag(), "trim.equal_ver", "Cut equally much above and below.", Empty.KEEP),
        ),
        "t:10:ffffff",
        "off",
        ("t",),
    ),
    Option(
        "padding",
        _AREA,
        "A border around the result, in the order of CSS. It is as transparent as the format allows, or has the"
        " `background` colour, and is multiplied by `dpr`.",
        (
            Argument("top", Whole(), "padding.top", "Pixels.", Empty.KEEP),
            Argument("right", Whole(), "padding.right", "Pixels; as top.", Empty.KEEP, fill="padding.top"),
            Argument("bottom", Whole(), "padding.bottom", "Pixels; as top.", Empty.KEEP, fill="padding.top"),
            Argument("left", Whole(), "padding.left", "Pixels; as right.", Empty.KEEP, fill="padding.right"),
        ),
        "pd:10:20",
        "0",
        ("pd",),
    ),
    Option(
        "auto_rotate",
        _TURN,
        "Turn the picture upright as its EXIF orientation says, before everything else.",
        (Argument("auto_rotate", Flag(), "auto_rotate", "On or off."),),
        "ar:0",
        "MEMEMIME_AUTO_ROTATE",
        ("ar",),
    ),
    Option(
        "rotate",
        _TURN,
        "Turn the picture clockwise, after the EXIF orientation. -90 is the same as 270.",
        (Argument("angle", RightAngle(), "rotate", "Degrees."),),
        "rot:90",
        "0",
        ("rot",),
    ),
    Option(
        "flip",
        _TURN,
        "Mirror the picture.",
        (
            Argument("horizontal", Flag(), "flip_horizontal", "Swap left and right.", Empty.KEEP),
            Argument("vertical", Flag(), "flip_vertical", "Swap top and bottom.", Empty.KEEP),
        ),
        "fl:1:0",
        "`0:0`",
        ("fl",),
    ),
)
"""In the order of the documentation."""
