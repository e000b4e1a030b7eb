"""The options that change colours, draw on the picture, or decide what is kept of the original."""

from __future__ import annotations

from mememime_proxy.plan import GravityType
from mememime_proxy.urls.options.kinds import Choice, Flag, Number, Whole
from mememime_proxy.urls.options.option import Argument, Empty, Option
from mememime_proxy.urls.options.tails import ColorTail

_LOOK = "Colour and effects"
_KEPT = "What is kept of the original"

_NOT_A_PLACE = (GravityType.SMART, GravityType.FOCUS_POINT)
_WATERMARK = {kind.value: kind.value for kind in GravityType if kind not in _NOT_A_PLACE} | {"re": "re"}

PIXELS = (
    Option(
        "background",
        _LOOK,
        "A colour behind transparent parts. Where it is set the result is opaque, whatever its format.",
        (
            ColorTail(
                "background",
                "3 or 6 hexadecimal digits without `#`, or `red:green:blue` with 0 to 255 each. Empty (`bg:`) is off.",
            ),
        ),
        "bg:ffddee",
        "off",
        ("bg",),
    ),
    Option(
        "blur",
        _LOOK,
        "Gaussian blur.",
        (Argument("sigma", Number(0), "blur", "Radius in pixels of the result; 0 is off."),),
        "bl:5",
        "0",
        ("bl",),
    ),
    Option(
        "sharpen",
        _LOOK,
        "Sharpen. 0.5 is light and good for screens, 1 to 1.5 for print.",
        (Argument("sigma", Number(0), "sharpen", "Radius of the mask; 0 is off."),),
        "sh:0.7",
        "0",
        ("sh",),
    ),
    Option(
        "pixelate",
        _LOOK,
        "Turn the picture into squares of one colour each.",
        (Argument("size", Whole(), "pixelate", "Side of a square in pixels; 0 and 1 are off."),),
        "pix:10",
        "1",
        ("pix",),
    ),
    Option(
        "watermark",
        _LOOK,
        "Lay the operator's watermark (MEMEMIME_WATERMARK_PATH and the like) over the picture. Where none is configured"
        " nothing happens.",
        (
            Argument("opacity", Number(0, 1), "watermark.opacity", "0 is off, 1 is opaque."),
            Argument(
                "position",
                Choice(_WATERMARK),
                "watermark.position",
                "One of the nine places of `gravity`, or `re` to repeat it all over.",
                Empty.KEEP,
            ),
            Argument("x", Number(), "watermark.x", "Horizontal offset; with `re` the gap.", Empty.KEEP),
            Argument("y", Number(), "watermark.y", "Vertical offset; with `re` the gap.", Empty.KEEP),
            Argument(
                "scale",
                Number(0, above=True),
                "watermark.scale",
                "Share of the picture that it fits into; left out: its own size.",
                Empty.KEEP,
            ),
        ),
        "wm:0.5:soea:10:10:0.2",
        "off",
        ("wm",),
        tolerated=2,
    ),
    Option(
        "strip_metadata",
        _KEPT,
        "Drop EXIF, XMP and IPTC data.",
        (Argument("strip", Flag(), "strip_metadata", "On or off."),),
        "sm:0",
        "MEMEMIME_STRIP_METADATA",
        ("sm",),
    ),
    Option(
        "keep_copyright",
        _KEPT,
        "Keep author and copyright when metadata is dropped.",
        (Argument("keep", Flag(), "keep_copyright", "On or off."),),
        "kcr:1",
        "MEMEMIME_KEEP_COPYRIGHT",
        ("kcr",),
    ),
    Option(
        "strip_color_profile",
        _KEPT,
        "Convert to sRGB and drop the colour profile. Off: the profile stays, if the format can hold one.",
        (Argument("strip", Flag(), "strip_color_profile", "On or off."),),
        "scp:0",
        "MEMEMIME_STRIP_COLOR_PROFILE",
        ("scp",),
    ),
    Option(
        "preserve_hdr",
        _KEPT,
        "Keep 16 bits for each channel, and the gain map of an Ultra HDR JPEG, where the result's format can hold it.",
        (Argument("preserve", Flag(), "preserve_hdr", "On or off."),),
        "ph:1",
        "MEMEMIME_PRESERVE_HDR",
        ("ph",),
    ),
    Option(
        "enforce_thumbnail",
        _KEPT,
        "Work from the small preview inside a HEIC or AVIF file, if it has one: faster, and good enough for icons.",
        (Argument("enforce", Flag(), "enforce_thumbnail", "On or off."),),
        "eth:1",
        "MEMEMIME_ENFORCE_THUMBNAIL",
        ("eth",),
    ),
)
"""In the order of the documentation."""
