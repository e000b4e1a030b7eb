"""The options of encoders and files."""

from __future__ import annotations

from mememime_proxy.urls.options.arguments import (
    Argument,
    Choice,
    DecimalNumber,
    EmptyRule,
    Flag,
    ValueType,
    WholeNumber,
)
from mememime_proxy.urls.options.effects.arguments import PictureUrl
from mememime_proxy.urls.options.option import Option
from mememime_proxy.urls.options.output.arguments import ProfileName, StyleSheet

_SECTION = "Encoders"
_PRESETS = ("default", "photo", "picture", "drawing", "icon", "text")


def _choice(*words: str) -> Choice:
    return Choice({word: word for word in words})


def _argument(name: str, kind: ValueType, field: str, meaning: str) -> Argument:
    return Argument(name=name, type=kind, field=field, meaning=meaning, empty=EmptyRule.KEEP)


SAVING_OPTIONS = (
    Option(
        name="jpeg_options",
        section=_SECTION,
        meaning="How JPEG is written. What is left out is as the operator has set it. With"
        " MEMEMIME_JPEG_ENCODER=jpegli only `progressive` and `no_subsample` count.",
        arguments=(
            _argument("progressive", Flag(), "saving.jpeg_progressive", "Progressive JPEG."),
            _argument("no_subsample", Flag(), "saving.jpeg_no_subsample", "Colours at full resolution."),
            _argument("trellis_quant", Flag(), "saving.jpeg_trellis_quant", "Smaller and slower."),
            _argument(
                "overshoot_deringing", Flag(), "saving.jpeg_overshoot_deringing", "Fewer rings in black on white."
            ),
            _argument("optimize_scans", Flag(), "saving.jpeg_optimize_scans", "Smallest scans; only progressive."),
            _argument("quant_table", WholeNumber(0, 8), "saving.jpeg_quant_table", "Quantisation table of mozjpeg."),
        ),
        example="jpgo:1:1",
        default="MEMEMIME_JPEG_PROGRESSIVE and others",
        steps=("encode",),
        aliases=("jpgo",),
    ),
    Option(
        name="png_options",
        section=_SECTION,
        meaning="How PNG is written. What is left out is as the operator has set it.",
        arguments=(
            _argument("interlaced", Flag(), "saving.png_interlaced", "Interlaced PNG."),
            _argument("quantize", Flag(), "saving.png_quantize", "With a palette."),
            _argument(
                "quantization_colors",
                WholeNumber(2, 256),
                "saving.png_quantization_colors",
                "Colours of the palette, rounded up to 2, 4, 16 or 256.",
            ),
        ),
        example="pngo:0:1:16",
        default="MEMEMIME_PNG_INTERLACED and others",
        steps=("encode",),
        aliases=("pngo",),
    ),
    Option(
        name="webp_options",
        section=_SECTION,
        meaning="How WebP is written. What is left out is as the operator has set it.",
        arguments=(
            _argument(
                "compression",
                _choice("lossy", "near_lossless", "lossless"),
                "saving.webp_compression",
                "Kind of compression; of `near_lossless` the quality says how near.",
            ),
            _argument("smart_subsample", Flag(), "saving.webp_smart_subsample", "Sharper edges of halved colours."),
            _argument("preset", _choice(*_PRESETS), "saving.webp_preset", "Kind of picture."),
        ),
        example="webpo:lossless",
        default="MEMEMIME_WEBP_COMPRESSION and others",
        steps=("encode",),
        aliases=("webpo",),
    ),
    Option(
        name="avif_options",
        section=_SECTION,
        meaning="How AVIF is written.",
        arguments=(
            _argument(
                "subsample",
                _choice("auto", "on", "off"),
                "saving.avif_subsample",
                "Whether colours are halved; `auto` is below quality 90.",
            ),
        ),
        example="avifo:off",
        default="MEMEMIME_AVIF_SUBSAMPLE",
        steps=("encode",),
        aliases=("avifo",),
    ),
    Option(
        name="dpi",
        section=_SECTION,
        meaning="Resolution that the file claims, in formats that can. Pixels are the same.",
        arguments=(
            _argument(
                "dpi",
                DecimalNumber(0, 65535),
                "saving.dpi",
                "Dots per inch; 0: those of the original, or MEMEMIME_STRIP_METADATA_DPI where metadata is dropped.",
            ),
        ),
        example="dpi:300",
        default="0",
        steps=("strip_metadata",),
    ),
    Option(
        name="unsharp_masking",
        section=_SECTION,
        meaning="Sharpen the picture right after it was scaled. What is left out is as the operator has set it.",
        arguments=(
            _argument(
                "mode",
                _choice("auto", "none", "always"),
                "unsharp.mode",
                "`auto`: where it was scaled down, and `sharpen` is not used.",
            ),
            _argument("weight", DecimalNumber(0, above=True), "unsharp.weight", "Weight of the mask; more is sharper."),
            _argument("divider", DecimalNumber(0, above=True), "unsharp.divider", "Divider of it; more is softer."),
        ),
        example="ush:auto:1:24",
        default="MEMEMIME_UNSHARP_MASKING_MODE and others",
        steps=("unsharp_mask",),
        aliases=("ush",),
    ),
    Option(
        name="color_profile",
        section=_SECTION,
        meaning="Convert the colours to a profile and embed it, also where other profiles are dropped. Formats without"
        " profiles ignore it; `cmyk` is for JPEG and TIFF alone, elsewhere 422.",
        arguments=(
            _argument(
                "name",
                ProfileName(),
                "saving.color_profile",
                "`srgb`, `cmyk`, or a file in MEMEMIME_COLOR_PROFILES_DIR without its suffix.",
            ),
        ),
        example="cp:srgb",
        default="–",
        steps=("to_result", "strip_metadata", "encode"),
        aliases=("cp", "icc"),
    ),
    Option(
        name="style",
        section=_SECTION,
        meaning="Put a style sheet into an SVG, before its own, also where the SVG itself is the result. Of other"
        " originals it has no effect. It may refer to elements of the drawing alone.",
        arguments=(_argument("css", StyleSheet(), "saving.style", "URL-safe base64 of up to 64 KiB of CSS."),),
        example="st:Y2lyY2xle2ZpbGw6cmVkfQ",
        default="–",
        obeyed_by="the header gate, before anything is decoded",
        aliases=("st", "stl"),
    ),
    Option(
        name="fallback_image_url",
        section=_SECTION,
        meaning="The picture that is shown where the original cannot be had, in place of the operator's. It is fetched"
        " like a source, within the same limits; where it cannot be had either, the answer is the original's error.",
        arguments=(_argument("url", PictureUrl(), "saving.fallback_url", "URL-safe base64; `-` is off."),),
        example="fiu:aHR0cHM6Ly9leGFtcGxlLmNvbS9zb3JyeS5wbmc",
        default="MEMEMIME_FALLBACK_IMAGE_PATH and the like",
        obeyed_by="the service, where a source fails",
        aliases=("fiu",),
    ),
)
"""In the order of the documentation."""
