"""The options of descriptions, ``/info/{signature}/{options}/{source}``: what they tell."""

from __future__ import annotations

from typing import Final

from mememime_proxy.urls.options.argument_groups import ClassArguments
from mememime_proxy.urls.options.arguments import Argument, ArgumentGroup, Choice, EmptyRule, Flag, WholeNumber
from mememime_proxy.urls.options.info.arguments import CropArguments, HashsumArguments, NumberOrNone
from mememime_proxy.urls.options.option import Option
from mememime_proxy.urls.options.table import BY_NAME as OF_PICTURES

_SECTION: Final = "Descriptions"
_SHARED: Final = (
    "page",
    "video_thumbnail_second",
    "video_thumbnail_keyframes",
    "objects_position",
    "cachebuster",
    "expires",
    "preset",
    "hashsum",
    "cache_tags",
    "bypass_cache",
    "max_src_resolution",
    "max_src_file_size",
)
"""Options of pictures that mean the same here."""


def _part(
    name: str,
    aliases: tuple[str, ...],
    meaning: str,
    *more: Argument | ArgumentGroup,
    first: Argument | ArgumentGroup | None = None,
    default: str = "0",
    example: str = "1",
) -> Option:
    """Return the option of one part: whether it is told, unless it has another ``first`` argument, then ``more``."""
    return Option(
        name=name,
        aliases=aliases,
        section=_SECTION,
        meaning=meaning,
        arguments=(first or Argument(name="tell", type=Flag(), field=f"info.{name}", meaning="On or off."), *more),
        example=f"{(*aliases, name)[0]}:{example}",
        default=default,
        obeyed_by="the description",
    )


def _flag(name: str, meaning: str) -> Argument:
    return Argument(name=name, type=Flag(), field=f"info.{name}", meaning=meaning, empty=EmptyRule.KEEP)


INFO_OPTIONS = (
    _part("size", ("s",), "Bytes of the original's file, as `size`.", default="1", example="0"),
    _part(
        "format",
        ("f",),
        "Its format, as `format` and `mime_type`. Of a film, `format` are FFmpeg's names for it.",
        default="1",
        example="0",
    ),
    _part(
        "dimensions",
        ("d",),
        "`width` and `height` of the upright picture, and its `orientation`.",
        default="1",
        example="0",
    ),
    _part(
        "exif",
        (),
        "EXIF tags as texts, by their titles.",
        _flag("canonical_names", "By their names of the standard."),
        default="1:0",
        example="1:1",
    ),
    _part("iptc", (), "IPTC data, and the resolution that Photoshop stores.", default="1", example="0"),
    _part("xmp", (), "Properties of XMP, by the prefix of their namespace.", default="1", example="0"),
    _part(
        "video_meta",
        ("vm",),
        "Of a film: its tags, as `video_meta`, and its streams, as `video_streams`.",
        default="1",
        example="0",
    ),
    _part(
        "detect_objects",
        ("do",),
        "What is found in the picture: faces, with the extra `faces`, or what the operator's net knows.",
    ),
    _part(
        "classify",
        ("cl",),
        "Classes of the whole picture, as `classes`, by the operator's net.",
        ClassArguments("objects.classify.classes", "Classes that are told; left out or `all`: every one."),
        first=Argument(
            name="top",
            type=WholeNumber(0, 1000),
            field="objects.classify.top",
            meaning="How many at most, the most certain ones; 0 is off.",
        ),
        example="5",
    ),
    _part("colorspace", ("cs",), "The colour space of the decoded picture."),
    _part("bands", ("b",), "The number of its channels."),
    _part("sample_format", ("sf",), "The type of its samples."),
    _part("pages_number", ("pn",), "The number of its frames or pages."),
    _part(
        "alpha",
        ("a",),
        "Whether it has an alpha channel.",
        _flag("check_transparency", "And whether a pixel is not opaque."),
        default="0:0",
        example="1:1",
    ),
    _part(
        "crop",
        ("c",),
        "The area that `crop` of a picture cuts out, in shares of the upright picture.",
        first=CropArguments(),
        example="300:200:sm",
    ),
    _part(
        "palette",
        ("p",),
        "Its most frequent colours.",
        first=Argument(name="colours", type=NumberOrNone(2, 256), field="info.palette", meaning="How many at most."),
        example="8",
    ),
    _part(
        "average",
        ("avg",),
        "Its mean colour.",
        _flag("ignore_transparent", "Without pixels that are fully transparent."),
        default="0:1",
    ),
    _part(
        "dominant_colors",
        ("dc",),
        "Its vibrant and muted colours, of three kinds of lightness each.",
        _flag("build_missed", "Kinds that it does not have are made of others."),
        default="0:0",
    ),
    _part(
        "blurhash",
        ("bh",),
        "Its BlurHash.",
        Argument(
            name="y",
            type=NumberOrNone(1, 9),
            field="info.blurhash_y",
            meaning="Components down; left out: as many.",
            fill="info.blurhash_x",
            empty=EmptyRule.KEEP,
        ),
        first=Argument(name="x", type=NumberOrNone(1, 9), field="info.blurhash_x", meaning="Components across."),
        example="4:3",
    ),
    _part("thumb_hash", ("th",), "Its ThumbHash."),
    _part("perceptual_hash", ("phash", "ph"), "The hash by which look-alikes of assets are found."),
    _part(
        "calc_hashsums",
        ("chs",),
        "Digests of its file.",
        first=HashsumArguments(),
        default="–",
        example="md5:sha256",
    ),
    _part(
        "lqip",
        (),
        "A very small picture as a `data:` URI.",
        Argument(
            name="format",
            type=Choice({name: name for name in ("webp", "jpeg")}),
            field="info.lqip_format",
            meaning="Its format.",
            empty=EmptyRule.KEEP,
        ),
        first=Argument(name="side", type=NumberOrNone(8, 64), field="info.lqip", meaning="Its longer side."),
        example="32:webp",
    ),
    _part("focus", (), "The point that smart crop centres on, in shares of the upright picture."),
    _part(
        "c2pa",
        (),
        "Whether it has a C2PA manifest, whether that is valid and from an issuer of C2PA_CERTIFICATE, what wrote it"
        " and the actions in it, with the extra `c2pa`.",
    ),
    *(OF_PICTURES[name] for name in _SHARED),
)
"""All of them, in the order of the documentation."""

INFO_BY_NAME: dict[str, Option] = {name: option for option in INFO_OPTIONS for name in option.names}
"""The option that a name or an alias stands for."""
