"""The options that decide the result's format, how it is delivered, presets, and the limits."""

from __future__ import annotations

from mememime_proxy.urls.options.kinds import LARGEST_64, Flag, FormatName, Megapixels, Text, Whole
from mememime_proxy.urls.options.option import Argument, Option
from mememime_proxy.urls.options.tails import ExpiryTail, FilenameTail, FormatQualityTail, FormatsTail, PresetsTail

_OUTPUT = "Format and quality"
_DELIVERY = "Delivery"
_PRESETS = "Presets"
_LIMITS = "Limits"

DELIVERY = (
    Option(
        "quality",
        _OUTPUT,
        "Quality of a lossy result. 0: what `format_quality`, then MEMEMIME_FORMAT_QUALITY and MEMEMIME_QUALITY say.",
        (Argument("quality", Whole(0, 100), "quality", "0 to 100."),),
        "q:75",
        "0",
        ("q",),
    ),
    Option(
        "format_quality",
        _OUTPUT,
        "Quality for single formats, useful where the format is negotiated.",
        (FormatQualityTail("format_quality", "Pairs of a format and its quality, 0 to 100."),),
        "fq:avif:60:webp:75",
        "–",
        ("fq",),
    ),
    Option(
        "max_bytes",
        _OUTPUT,
        "Lower the quality until the file is not larger than this. Only for formats that have a quality, and at the"
        " price of encoding several times.",
        (Argument("bytes", Whole(0, LARGEST_64), "max_bytes", "0 is off."),),
        "mb:50000",
        "0",
        ("mb",),
    ),
    Option(
        "format",
        _OUTPUT,
        "Format of the result. An extension after the source says the same and wins over this option.",
        (Argument("format", FormatName(), "format", "The format."),),
        "f:webp",
        "chosen from the original's format and what the client accepts",
        ("f", "ext"),
    ),
    Option(
        "skip_processing",
        _OUTPUT,
        "Originals of these formats are passed on as they are if the result would have the same format. Adds to the"
        " operator's list.",
        (FormatsTail("skip_processing", "The formats."),),
        "skp:gif:svg",
        "MEMEMIME_SKIP_PROCESSING_FORMATS",
        ("skp",),
    ),
    Option(
        "raw",
        _DELIVERY,
        "Pass the original on without looking at it: no processing, no limits on its size or type, all other picture"
        " options and the extension are ignored.",
        (Argument("raw", Flag(), "raw", "On or off."),),
        "raw:1",
        "0",
    ),
    Option(
        "cachebuster",
        _DELIVERY,
        "Changes nothing but the URL, so that caches fetch the picture anew.",
        (Argument("text", Text(), "cachebuster", "Any text without the separator."),),
        "cb:v2",
        "–",
        ("cb",),
    ),
    Option(
        "expires",
        _DELIVERY,
        "The URL is not served after this time, and caches may not keep the picture any longer.",
        (ExpiryTail("expires", "Seconds since 1970 (Unix time); 0 is never."),),
        "exp:1900000000",
        "0",
        ("exp",),
    ),
    Option(
        "filename",
        _DELIVERY,
        "Name that a browser proposes when the picture is saved, without its extension.",
        (
            FilenameTail(
                "filename",
                "The name as it is, percent signs are not decoded. With a true second argument it is read as URL-safe"
                " base64, which can hold any text.",
            ),
        ),
        "fn:holiday",
        "the source's file name",
        ("fn",),
    ),
    Option(
        "return_attachment",
        _DELIVERY,
        "Let the browser save the picture in place of showing it.",
        (Argument("attachment", Flag(), "return_attachment", "On or off."),),
        "att:1",
        "MEMEMIME_RETURN_ATTACHMENT",
        ("att",),
    ),
    Option(
        "preset",
        _PRESETS,
        "Apply named sets of options that the operator defined. Options before it are overwritten, options after it"
        " overwrite. The preset `default` is applied to every URL first. A preset may use others; one that would"
        " use itself is left out there.",
        (PresetsTail("Names of presets, applied in this order."),),
        "pr:card",
        "–",
        ("pr",),
    ),
    Option(
        "max_src_resolution",
        _LIMITS,
        "How large an original may be, all frames together.",
        (Argument("megapixels", Megapixels(), "limits.max_src_resolution", "Megapixels; 0 is no limit."),),
        "msr:30",
        "MEMEMIME_MAX_SRC_RESOLUTION",
        ("msr",),
        security=True,
    ),
    Option(
        "max_src_file_size",
        _LIMITS,
        "How large an original's file may be.",
        (
            Argument(
                "bytes",
                Whole(-LARGEST_64, LARGEST_64, floor=0),
                "limits.max_src_file_size",
                "Bytes; 0 and less are no limit.",
            ),
        ),
        "msfs:5000000",
        "MEMEMIME_MAX_SRC_FILE_SIZE",
        ("msfs",),
        security=True,
    ),
    Option(
        "max_animation_frames",
        _LIMITS,
        "How many frames of an animation are used.",
        (Argument("frames", Whole(1), "limits.max_animation_frames", "Frames; 1 makes a still picture."),),
        "maf:50",
        "MEMEMIME_MAX_ANIMATION_FRAMES",
        ("maf",),
        security=True,
    ),
    Option(
        "max_animation_frame_resolution",
        _LIMITS,
        "How large one frame of an animation may be. Where set, it replaces the limit on all frames together.",
        (Argument("megapixels", Megapixels(), "limits.max_animation_frame_resolution", "Megapixels; 0 is off."),),
        "mafr:2",
        "MEMEMIME_MAX_ANIMATION_FRAME_RESOLUTION",
        ("mafr",),
        security=True,
    ),
    Option(
        "max_result_dimension",
        _LIMITS,
        "Longest side that a result may have; a larger one is scaled down.",
        (
            Argument(
                "pixels",
                Whole(-LARGEST_64, LARGEST_64, floor=0),
                "limits.max_result_dimension",
                "Pixels; 0 and less are no limit.",
            ),
        ),
        "mrd:2000",
        "MEMEMIME_MAX_RESULT_DIMENSION",
        ("mrd",),
        security=True,
    ),
)
"""In the order of the documentation."""
