"""The options of descriptions, ``/info/{signature}/{options}/{source}``: what they tell."""

from __future__ import annotations

from typing import Final

from mememime_proxy.urls.options.arguments import Argument, Flag
from mememime_proxy.urls.options.option import Option
from mememime_proxy.urls.options.table import BY_NAME as OF_PICTURES

_SECTION: Final = "Descriptions"
_SHARED: Final = (
    "video_thumbnail_second",
    "video_thumbnail_keyframes",
    "cachebuster",
    "expires",
    "max_src_resolution",
    "max_src_file_size",
)
"""Options of pictures that mean the same here."""


def _part(name: str, alias: str, meaning: str) -> Option:
    return Option(
        name=name,
        aliases=(alias,),
        section=_SECTION,
        meaning=meaning,
        arguments=(Argument(name="tell", type=Flag(), field=f"info.{name}", meaning="On or off."),),
        example=f"{alias}:0",
        default="1",
        obeyed_by="the description",
    )


INFO_OPTIONS = (
    _part("size", "s", "Bytes of the original's file, as `size`."),
    _part(
        "format",
        "f",
        "Its format, as `format` and `mime_type`. Of a film, `format` are FFmpeg's names for it.",
    ),
    _part("dimensions", "d", "`width` and `height` of the upright picture, and its `orientation`."),
    _part("video_meta", "vm", "Of a film: its tags, as `video_meta`, and its streams, as `video_streams`."),
    *(OF_PICTURES[name] for name in _SHARED),
)
"""All of them, in the order of the documentation."""

INFO_BY_NAME: dict[str, Option] = {name: option for option in INFO_OPTIONS for name in option.names}
"""The option that a name or an alias stands for."""
