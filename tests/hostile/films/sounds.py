"""Sound whose texts and covers are more than anybody reads."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import av
import numpy as np

from tests.hostile.films.records import MIB, NO_PICTURES, PICTURE, TOO_LARGE, HostileFilm, one_of

_SOUND = (b"\xff\xfb\x90\x64" + bytes(413)) * 40
"""Frames of MP3."""
_COUNT = 100_000


def _id3(*frames: tuple[bytes, bytes]) -> bytes:
    body = b"".join(name + struct.pack(">IH", len(content), 0) + content for name, content in frames)
    sizes = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\3\0\0" + sizes + body + _SOUND


def huge_cover() -> bytes:
    """A cover that claims 16384² pixels."""
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", 16384, 16384, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"")),
        (b"IEND", b""),
    )
    png = b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )
    return _id3((b"APIC", b"\0image/png\0\3\0\x89PNG\r\n\x1a\n" + png))


def large_title() -> bytes:
    """A title of 50 MB."""
    return _id3((b"TIT2", b"\0" + b"x" * (50 << 20)))


def many_texts() -> bytes:
    """10⁵ texts."""
    return _id3(*((b"TXXX", b"\0N%d\0x" % number) for number in range(_COUNT)))


def _comments() -> bytes:
    texts = (b"N%d=x" % number for number in range(_COUNT))
    body = b"".join(struct.pack("<I", len(text)) + text for text in texts)
    return struct.pack("<I", 1) + b"v" + struct.pack("<I", _COUNT) + body


def _encoded(format_: str, codec: str) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=format_) as film:
        stream: Any = film.add_stream(codec, rate=48000, layout="mono")
        frame: Any = av.AudioFrame.from_ndarray(np.zeros((1, 4800), np.int16), format="s16", layout="mono")
        frame.sample_rate = 48000
        film.mux(stream.encode(frame))
        film.mux(stream.encode())
    return buffer.getvalue()


def flac_comments() -> bytes:
    """A FLAC of 10⁵ comments."""
    content, comments = _encoded("flac", "flac"), _comments()
    return content[:42] + b"\x04" + len(comments).to_bytes(3, "big") + comments + content[42:]


def opus_comments() -> bytes:
    """An Opus of 10⁵ comments; the sums of its pages are wrong, which the demuxer does not mind."""
    content, packet = _encoded("ogg", "libopus"), b"OpusTags" + _comments()
    first = content.index(b"OggS", 4)
    second = content.index(b"OggS", first + 4)
    pages = []
    for number, at in enumerate(range(0, len(packet), 255 * 255)):
        part = packet[at : at + 255 * 255]
        lacing = b"\xff" * (len(part) // 255) + (bytes((len(part) % 255,)) if len(part) < 255 * 255 else b"")
        head = b"OggS\0" + bytes((1 if number else 0,)) + bytes(8) + content[14:18] + struct.pack("<II", number + 1, 0)
        pages.append(head + bytes((len(lacing),)) + lacing + part)
    return content[:first] + b"".join(pages) + content[second:]


def records() -> Iterator[HostileFilm]:
    """Yield the files. A cover is a picture that belongs to sound, and no film."""
    # It is passed on as it is attached: the limits of pictures hold for it.
    yield HostileFilm("mp3-cover-16384", huge_cover, one_of(PICTURE))
    yield HostileFilm(
        "mp3-large-title", large_title, one_of(NO_PICTURES), cpu=4.0, memory=256 * MIB, actions=("info", "frame")
    )
    yield HostileFilm("mp3-many-texts", many_texts, one_of(TOO_LARGE))
    yield HostileFilm("flac-comments", flac_comments, one_of(NO_PICTURES, TOO_LARGE))
    yield HostileFilm("opus-comments", opus_comments, one_of(NO_PICTURES, TOO_LARGE))
