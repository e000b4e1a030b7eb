"""Matroska, element by element (RFC 8794, RFC 9559)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence

from tests.hostile.films.packets import Track, track

UNKNOWN = b"\x01\xff\xff\xff\xff\xff\xff\xff"
"""A size that is not known."""
SEGMENT, CLUSTER, SEEK_HEAD, INFO, TRACKS = (
    bytes.fromhex(text) for text in ("18538067", "1f43b675", "114d9b74", "1549a966", "1654ae6b")
)
CHAPTERS, TAGS, CUES = (bytes.fromhex(text) for text in ("1043a770", "1254c367", "1c53bb6b"))


def size(length: int) -> bytes:
    """Return a size in eight bytes."""
    return (length | 1 << 56).to_bytes(8, "big")


def element(name: bytes | int, payload: bytes = b"", *, length: bytes = b"") -> bytes:
    """Return an element; ``length`` in place of the right one."""
    if isinstance(name, int):
        name = name.to_bytes((name.bit_length() + 7) // 8, "big")
    return name + (length or size(len(payload))) + payload


def number(name: int, value: int) -> bytes:
    """Return an element of an unsigned integer."""
    return element(name, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def text(name: int, value: str) -> bytes:
    """Return an element of a text."""
    return element(name, value.encode())


def head() -> bytes:
    """Return the head of a file."""
    return element(0x1A45DFA3, number(0x4286, 1) + number(0x42F7, 1) + text(0x4282, "matroska") + number(0x4287, 4))


def info(milliseconds: float) -> bytes:
    """Return the duration, in milliseconds as all times."""
    return element(INFO, number(0x2AD7B1, 1_000_000) + element(0x4489, struct.pack(">d", milliseconds)))


def track_entry(number_: int = 1, film: Track | None = None, extra: bytes = b"", duration: int = 0) -> bytes:
    """Return the entry of a track of pictures. ``duration``: of a frame, in nanoseconds."""
    film = film or track()
    sides = element(0xE0, number(0xB0, film.width) + number(0xBA, film.height))
    return element(
        0xAE,
        number(0xD7, number_) + number(0x73C5, number_) + number(0x83, 1) + text(0x86, "V_MPEG4/ISO/AVC") + sides
        + element(0x63A2, film.config) + (number(0x23E383, duration) if duration else b"") + extra,
    )  # fmt: skip


def block(time: int, frame: bytes, *, key: bool, track_number: int = 1) -> bytes:
    """Return a block of one frame; its time relative to that of the cluster."""
    return element(0xA3, bytes((0x80 | track_number,)) + struct.pack(">hB", time, 0x80 if key else 0) + frame)


def clusters(times: Sequence[int], film: Track | None = None, *, length: bytes = b"") -> bytes:
    """Return a cluster for each frame, at ``times``; ``length`` in place of their sizes."""
    film = film or track()
    return b"".join(
        element(CLUSTER, number(0xE7, max(0, time)) + block(min(time, 0), frame, key=key), length=length)
        for time, frame, key in zip(times, film.frames, film.keys, strict=False)
    )


def matroska(parts: Iterable[bytes] = (), *, length: bytes = b"", milliseconds: float = 2000.0) -> bytes:
    """Return a file whose segment has ``parts`` behind its description; by default a track and its clusters."""
    content = info(milliseconds) + b"".join(parts or (element(TRACKS, track_entry()), clusters(range(0, 2000, 40))))
    return head() + element(SEGMENT, content, length=length)


def compressed_track(algorithm: int) -> bytes:
    """Return what an entry has for frames that are compressed: 0 zlib, 1 bzip2, 2 LZO, 3 a head that is left out."""
    return element(0x6D80, element(0x6240, number(0x5031, 0) + element(0x5034, number(0x4254, algorithm))))


def lzo(content: bytes) -> bytes:
    """Return LZO1X of literals alone."""
    if len(content) <= 238 - 0:
        return bytes((len(content) + 17,)) + content + b"\x11\0\0"
    rest = len(content) - 3 - 15
    zeros, last = divmod(rest, 255)
    if not last:
        zeros, last = zeros - 1, 255
    return b"\0" + bytes(zeros) + bytes((last,)) + content + b"\x11\0\0"


def deflated(film: Track, length: int = 0) -> Track:
    """Return a track of zlib streams; ``length``: bytes of zeros that each frame has behind it."""
    frames = tuple(zlib.compress(frame + bytes(length), 9) for frame in film.frames)
    return Track(frames, film.keys, film.config)
