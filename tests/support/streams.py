"""Members of streams, made as workers make them, and what their boxes say."""

from __future__ import annotations

import struct
from typing import Any

from mememime_proxy.av.results import make
from mememime_proxy.formats.boxes import boxes
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.formats.media_plan import MediaPlan
from mememime_proxy.plan import Plan
from mememime_proxy.variant import Variant
from tests.support.av_sources import byte_source


def variant_of(film: bytes, name: str, ladder: tuple[str, ...] = ("120",), **media: Any) -> Variant[bytes]:
    """Return a member of the stream of a film."""
    plan = Plan(format="m3u8", media=MediaPlan(member=name, ladder=ladder, **media))
    with byte_source(film) as source:
        return make(source, plan, FilmConfig())


def member_of(film: bytes, name: str, ladder: tuple[str, ...] = ("120",), **media: Any) -> bytes:
    """Return the body of a member of the stream of a film."""
    return variant_of(film, name, ladder, **media).body


def segment_count(film: bytes, rendition: str = "120", ladder: tuple[str, ...] = ("120",), **media: Any) -> int:
    """Return the number of segments, as a playlist has it."""
    name = f"{rendition}/{'a' if rendition.startswith('a') else 'v'}.m3u8"
    return member_of(film, name, ladder, **media).count(b".m4s")


def whole(film: bytes, rendition: str = "120", ladder: tuple[str, ...] = ("120",), **media: Any) -> bytes:
    """Return the header and all segments of a rendition, one after the other: a film."""
    count = segment_count(film, rendition, ladder, **media)
    names = ["init.mp4", *(f"{number}.m4s" for number in range(count))]
    return b"".join(member_of(film, f"{rendition}/{name}", ladder, **media) for name in names)


def find(data: bytes, *path: bytes) -> bytes:
    """Return the content of a box by the types of those around it and its own."""
    for kind in path:
        data = next(content for each, content in boxes(data) if each == kind)
    return data


def decode_time(segment: bytes) -> int:
    """Return the time at which the first sample of a segment is decoded (``tfdt``)."""
    content = find(segment, b"moof", b"traf", b"tfdt")
    return struct.unpack(">Q" if content[0] else ">I", content[4 : 12 if content[0] else 8])[0]


def sample_offsets(segment: bytes) -> list[int]:
    """Return the composition offset of each sample of a segment (``trun``), whose version has to be 0."""
    content = find(segment, b"moof", b"traf", b"trun")
    assert content[0] == 0
    flags, count = struct.unpack(">II", content[:8])
    at = 8 + 4 * bool(flags & 1) + 4 * bool(flags & 4)
    fields = [bit for bit in (0x100, 0x200, 0x400, 0x800) if flags & bit]
    values = struct.unpack(f">{count * len(fields)}I", content[at : at + 4 * count * len(fields)])
    return [values[i * len(fields) + fields.index(0x800)] for i in range(count)] if 0x800 in fields else [0] * count
