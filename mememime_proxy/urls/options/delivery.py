"""The options that decide the result's format, how it is delivered, presets, and the limits."""

from __future__ import annotations

from mememime_proxy.urls.options.argument_groups import (
    ExpiryArgument,
    FilenameArguments,
    FormatListArguments,
    FormatQualityArguments,
    PresetArguments,
)
from mememime_proxy.urls.options.arguments import LARGEST_64, Argument, Flag, FormatName, Megapixels, Text, WholeNumber
from mememime_proxy.urls.options.option import Option

_OUTPUT = "Format and quality"
_DELIVERY = "Delivery"
_PRESETS = "Presets"
_LIMITS = "Limits"

DELIVERY_OPTIONS = (
    Option(
        name="quality",
        section=_OUTPUT,
        meaning="Quality of a lossy result. 0: what `format_quality`, then MEMEMIME_FORMAT_QUALITY and"
        " MEMEMIME_QUALITY say.",
        arguments=(Argument(name="quality", type=WholeNumber(0, 100), field="quality", meaning="0 to 100."),),
        example="q:75",
        default="0",
        steps=("encode",),
        aliases=("q",),
    ),
    Option(
        name="format_quality",
        section=_OUTPUT,
        meaning="Quality for single formats, useful where the format is negotiated.",
        arguments=(FormatQualityArguments("format_quality", "Pairs of a format and its quality, 0 to 100."),),
        example="fq:avif:60:webp:75",
        default="–",
        steps=("encode",),
        aliases=("fq",),
    ),
    Option(
        name="max_bytes",
        section=_OUTPUT,
        meaning="Lower the quality until the file is not larger than this. Only for formats that have a quality, and"
        " at the"
        " price of encoding several times.",
        arguments=(Argument(name="bytes", type=WholeNumber(0, LARGEST_64), field="max_bytes", meaning="0 is off."),),
        example="mb:50000",
        default="0",
        steps=("encode",),
        aliases=("mb",),
    ),
    Option(
        name="format",
        section=_OUTPUT,
        meaning="Format of the result: of a picture, or an output of a film or sound. An extension after the source"
        " says the same and wins over this option. `best`: the format that makes the smallest file of this picture, of"
        " those that MEMEMIME_PREFERRED_FORMATS lists and the client accepts.",
        arguments=(Argument(name="format", type=FormatName(outputs=True), field="format", meaning="The format."),),
        example="f:webp",
        default="chosen from the original's format and what the client accepts",
        steps=("fit_format", "flatten", "encode"),
        aliases=("f", "ext"),
    ),
    Option(
        name="skip_processing",
        section=_OUTPUT,
        meaning="Originals of these formats are passed on as they are if the result would have the same format. Adds"
        " to the"
        " operator's list.",
        arguments=(FormatListArguments("skip_processing", "The formats."),),
        example="skp:gif:svg",
        default="MEMEMIME_SKIP_PROCESSING_FORMATS",
        obeyed_by="the renderer, before the first step",
        aliases=("skp", "sp"),
    ),
    Option(
        name="raw",
        section=_DELIVERY,
        meaning="Pass the original on without looking at it: no processing, no limits on its size or type, all other"
        " picture"
        " options and the extension are ignored.",
        arguments=(Argument(name="raw", type=Flag(), field="raw", meaning="On or off."),),
        example="raw:1",
        default="0",
        obeyed_by="the HTTP response",
    ),
    Option(
        name="cachebuster",
        section=_DELIVERY,
        meaning="Changes nothing but the URL, so that caches fetch the picture anew.",
        arguments=(Argument(name="text", type=Text(), field="cachebuster", meaning="Any text without the separator."),),
        example="cb:v2",
        default="–",
        obeyed_by="nothing but the URL",
        aliases=("cb",),
    ),
    Option(
        name="expires",
        section=_DELIVERY,
        meaning="The URL is not served after this time, and caches may not keep the picture any longer.",
        arguments=(ExpiryArgument("expires", "Seconds since 1970 (Unix time); 0 is never."),),
        example="exp:1900000000",
        default="0",
        obeyed_by="the URL parser and the HTTP response",
        aliases=("exp",),
    ),
    Option(
        name="filename",
        section=_DELIVERY,
        meaning="Name that a browser proposes when the picture is saved, without its extension.",
        arguments=(
            FilenameArguments(
                "filename",
                "The name as it is, percent signs are not decoded. With a true second argument it is read as URL-safe"
                " base64, which can hold any text.",
            ),
        ),
        example="fn:holiday",
        default="the source's file name",
        obeyed_by="the HTTP response",
        aliases=("fn",),
    ),
    Option(
        name="return_attachment",
        section=_DELIVERY,
        meaning="Let the browser save the picture in place of showing it.",
        arguments=(Argument(name="attachment", type=Flag(), field="return_attachment", meaning="On or off."),),
        example="att:1",
        default="MEMEMIME_RETURN_ATTACHMENT",
        obeyed_by="the HTTP response",
        aliases=("att",),
    ),
    Option(
        name="preset",
        section=_PRESETS,
        meaning="Apply named sets of options that the operator defined. Options before it are overwritten, options"
        " after it"
        " overwrite. The preset `default` is applied to every URL first. A preset may use others; one that would"
        " use itself is left out there.",
        arguments=(PresetArguments("Names of presets, applied in this order."),),
        example="pr:card",
        default="–",
        obeyed_by="the URL parser",
        aliases=("pr",),
    ),
    Option(
        name="max_src_resolution",
        section=_LIMITS,
        meaning="How large an original may be, all frames together.",
        arguments=(
            Argument(
                name="megapixels",
                type=Megapixels(),
                field="limits.max_src_resolution",
                meaning="Megapixels; 0 is no limit.",
            ),
        ),
        example="msr:30",
        default="MEMEMIME_MAX_SRC_RESOLUTION",
        obeyed_by="the header gate, before anything is decoded",
        aliases=("msr",),
        security=True,
    ),
    Option(
        name="max_src_file_size",
        section=_LIMITS,
        meaning="How large an original's file may be.",
        arguments=(
            Argument(
                name="bytes",
                type=WholeNumber(-LARGEST_64, LARGEST_64, floor=0),
                field="limits.max_src_file_size",
                meaning="Bytes; 0 and less are no limit.",
            ),
        ),
        example="msfs:5000000",
        default="MEMEMIME_MAX_SRC_FILE_SIZE",
        obeyed_by="the source and the header gate",
        aliases=("msfs",),
        security=True,
    ),
    Option(
        name="max_animation_frames",
        section=_LIMITS,
        meaning="How many frames of an animation are used.",
        arguments=(
            Argument(
                name="frames",
                type=WholeNumber(1),
                field="limits.max_animation_frames",
                meaning="Frames; 1 makes a still picture.",
            ),
        ),
        example="maf:50",
        default="MEMEMIME_MAX_ANIMATION_FRAMES",
        obeyed_by="the renderer, before the first step",
        aliases=("maf",),
        security=True,
    ),
    Option(
        name="max_animation_frame_resolution",
        section=_LIMITS,
        meaning="How large one frame of an animation may be. Where set, it replaces the limit on all frames together.",
        arguments=(
            Argument(
                name="megapixels",
                type=Megapixels(),
                field="limits.max_animation_frame_resolution",
                meaning="Megapixels; 0 is off.",
            ),
        ),
        example="mafr:2",
        default="MEMEMIME_MAX_ANIMATION_FRAME_RESOLUTION",
        obeyed_by="the header gate, before anything is decoded",
        aliases=("mafr",),
        security=True,
    ),
    Option(
        name="max_result_dimension",
        section=_LIMITS,
        meaning="Longest side that a result may have; a larger one is scaled down.",
        arguments=(
            Argument(
                name="pixels",
                type=WholeNumber(-LARGEST_64, LARGEST_64, floor=0),
                field="limits.max_result_dimension",
                meaning="Pixels; 0 and less are no limit.",
            ),
        ),
        example="mrd:2000",
        default="MEMEMIME_MAX_RESULT_DIMENSION",
        steps=("scale_on_load", "scale"),
        aliases=("mrd",),
        security=True,
    ),
)
"""In the order of the documentation."""
