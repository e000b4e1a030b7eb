"""The description of a film or sound, with the names of imgproxy."""

from __future__ import annotations

from typing import Any, Final

from mememime_proxy.av.film_facts import FilmFacts, StreamFacts
from mememime_proxy.formats.containers import CONTAINERS
from mememime_proxy.formats.info_fields import InfoFields

_STREAM: Final = {
    "video": ("type", "codec", "duration", "bps", "fps", "language"),
    "audio": ("type", "codec", "duration", "bps", "frequency", "layout", "language"),
    "subtitle": ("type", "codec", "language"),
}
"""What is told of each kind of stream, in this order."""


def describe(
    facts: FilmFacts, wanted: InfoFields, file_size: int, frame_size: tuple[int, int] | None
) -> dict[str, Any]:
    """Return what ``wanted`` names, in the order of the documentation. ``frame_size``: None = there are no pictures.

    What the file does not tell is left out.
    """
    document: dict[str, Any] = {}
    if wanted.size:
        document["size"] = file_size
    if wanted.format:
        container = CONTAINERS[facts.container]
        document |= {"format": container.demuxer, "mime_type": container.mime}
    if wanted.dimensions and frame_size is not None:
        document |= {"width": frame_size[0], "height": frame_size[1], "orientation": 1}
    if wanted.video_meta:
        document |= {"video_meta": facts.tags, "video_streams": [_stream(stream) for stream in facts.streams]}
    return document


def _stream(stream: StreamFacts) -> dict[str, Any]:
    values = {name: getattr(stream, name) for name in _STREAM[stream.type]}
    return {name: value for name, value in values.items() if value}
