"""The parts of a small film, for writers that put them into a container of their own."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache

import av

from tests.support.films import HEIGHT, RATE, WIDTH, film_bytes


@dataclass(frozen=True)
class Track:
    """Coded frames, without reordering."""

    frames: tuple[bytes, ...]
    keys: tuple[bool, ...]
    config: bytes
    """``avcC`` of H.264; empty for codecs without one."""
    width: int = WIDTH
    height: int = HEIGHT
    rate: int = RATE


@cache
def track(codec: str = "libx264", frames: int = 50) -> Track:
    """Return the parts of a film of numbered frames; each tenth is a key frame."""
    content = film_bytes("mp4" if codec == "libx264" else "matroska", codec=codec, frames=frames, reorder=0)
    with av.open(io.BytesIO(content)) as film:
        packets = [packet for packet in film.demux(video=0) if packet.size]
        config = film.streams.video[0].codec_context.extradata or b""
        return Track(
            tuple(bytes(packet) for packet in packets), tuple(packet.is_keyframe for packet in packets), config
        )
