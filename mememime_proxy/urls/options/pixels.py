"""The options that change colours, draw on the picture, or decide which metadata of the original is kept."""

from __future__ import annotations

from mememime_proxy.formats.effects_plan import CHESSBOARD, REPEAT
from mememime_proxy.plan import GravityType
from mememime_proxy.urls.options.argument_groups import ColorArguments
from mememime_proxy.urls.options.arguments import Argument, Choice, DecimalNumber, EmptyRule, Flag, WholeNumber
from mememime_proxy.urls.options.option import Option

_EFFECTS = "Colour and effects"
_METADATA = "What is kept of the original"

_NOT_A_PLACE = (GravityType.SMART, GravityType.FOCUS_POINT, GravityType.OBJECTS, GravityType.PROPORTIONAL)
_POSITIONS = [kind.value for kind in GravityType if kind not in _NOT_A_PLACE]
_WATERMARK = {name: name for name in (*_POSITIONS, REPEAT, CHESSBOARD)}

PIXEL_OPTIONS = (
    Option(
        name="background",
        section=_EFFECTS,
        meaning="A colour behind transparent parts. If it is set, the result is opaque in every format.",
        arguments=(
            ColorArguments(
                "background",
                "3 or 6 hexadecimal digits without `#`, or `red:green:blue` with 0 to 255 each. Empty (`bg:`) is off.",
            ),
        ),
        example="bg:ffddee",
        default="off",
        steps=("flatten",),
        aliases=("bg",),
    ),
    Option(
        name="blur",
        section=_EFFECTS,
        meaning="Gaussian blur.",
        arguments=(
            Argument(
                name="sigma", type=DecimalNumber(0), field="blur", meaning="Radius in pixels of the result; 0 is off."
            ),
        ),
        example="bl:5",
        default="0",
        steps=("apply_filters",),
        aliases=("bl",),
    ),
    Option(
        name="sharpen",
        section=_EFFECTS,
        meaning="Sharpen. 0.5 is light and good for screens, 1 to 1.5 for print.",
        arguments=(
            Argument(name="sigma", type=DecimalNumber(0), field="sharpen", meaning="Radius of the mask; 0 is off."),
        ),
        example="sh:0.7",
        default="0",
        steps=("apply_filters",),
        aliases=("sh",),
    ),
    Option(
        name="pixelate",
        section=_EFFECTS,
        meaning="Turn the picture into squares of one colour each.",
        arguments=(
            Argument(
                name="size",
                type=WholeNumber(),
                field="pixelate",
                meaning="Side of a square in pixels; 0 and 1 are off.",
            ),
        ),
        example="pix:10",
        default="1",
        steps=("apply_filters",),
        aliases=("pix",),
    ),
    Option(
        name="watermark",
        section=_EFFECTS,
        meaning="Lay the operator's watermark (MEMEMIME_WATERMARK_PATH and the like) over the picture, or what"
        " `watermark_url` and `watermark_text` say. Where there is none nothing happens.",
        arguments=(
            Argument(
                name="opacity", type=DecimalNumber(0, 1), field="watermark.opacity", meaning="0 is off, 1 is opaque."
            ),
            Argument(
                name="position",
                type=Choice(_WATERMARK),
                field="watermark.position",
                meaning="One of the nine places of `gravity`, `re` to repeat it all over, or `ch` for a chessboard.",
                empty=EmptyRule.KEEP,
            ),
            Argument(
                name="x",
                type=DecimalNumber(),
                field="watermark.x",
                meaning="Horizontal offset; with `re` and `ch` the gap.",
                empty=EmptyRule.KEEP,
            ),
            Argument(
                name="y",
                type=DecimalNumber(),
                field="watermark.y",
                meaning="Vertical offset; with `re` and `ch` the gap.",
                empty=EmptyRule.KEEP,
            ),
            Argument(
                name="scale",
                type=DecimalNumber(0, above=True),
                field="watermark.scale",
                meaning="Share of the picture that it fits into; left out: its own size.",
                empty=EmptyRule.KEEP,
            ),
        ),
        example="wm:0.5:soea:10:10:0.2",
        default="off",
        steps=("add_watermark",),
        aliases=("wm",),
        ignored_arguments=2,
    ),
    Option(
        name="strip_metadata",
        section=_METADATA,
        meaning="Drop EXIF, XMP and IPTC data.",
        arguments=(Argument(name="strip", type=Flag(), field="strip_metadata", meaning="On or off."),),
        example="sm:0",
        default="MEMEMIME_STRIP_METADATA",
        steps=("strip_metadata",),
        aliases=("sm",),
    ),
    Option(
        name="keep_copyright",
        section=_METADATA,
        meaning="Keep author and copyright when metadata is dropped.",
        arguments=(Argument(name="keep", type=Flag(), field="keep_copyright", meaning="On or off."),),
        example="kcr:1",
        default="MEMEMIME_KEEP_COPYRIGHT",
        steps=("strip_metadata",),
        aliases=("kcr",),
    ),
    Option(
        name="strip_color_profile",
        section=_METADATA,
        meaning="Convert to sRGB and drop the colour profile. Off: the profile stays, if the format can hold one;"
        " what an original says of its colours in another way becomes one. Colours of the URL are sRGB all the same.",
        arguments=(Argument(name="strip", type=Flag(), field="strip_color_profile", meaning="On or off."),),
        example="scp:0",
        default="MEMEMIME_STRIP_COLOR_PROFILE",
        steps=("to_srgb", "to_result", "strip_metadata"),
        aliases=("scp",),
    ),
    Option(
        name="preserve_hdr",
        section=_METADATA,
        meaning="Keep 16 bits for each channel, PQ and HLG, and the gain map of an Ultra HDR JPEG, where the result's"
        " format can hold it. Off: PQ and HLG are tone-mapped to SDR.",
        arguments=(Argument(name="preserve", type=Flag(), field="preserve_hdr", meaning="On or off."),),
        example="ph:1",
        default="MEMEMIME_PRESERVE_HDR",
        steps=("to_processing", "to_srgb", "to_result", "attach_gain_map", "encode"),
        aliases=("ph",),
    ),
    Option(
        name="enforce_thumbnail",
        section=_METADATA,
        meaning="Work from the small preview inside a HEIC or AVIF file, if it has one: faster, and good enough for"
        " icons.",
        arguments=(Argument(name="enforce", type=Flag(), field="enforce_thumbnail", meaning="On or off."),),
        example="eth:1",
        default="MEMEMIME_ENFORCE_THUMBNAIL",
        obeyed_by="the renderer, before the first step",
        aliases=("eth",),
    ),
)
"""In the order of the documentation."""
