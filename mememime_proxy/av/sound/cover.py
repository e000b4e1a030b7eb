"""The cover of a file of sound: a picture that is attached to it."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from av.container import InputContainer
from av.video.stream import VideoStream

from mememime_proxy.av.opening import is_cover
from mememime_proxy.formats import FORMATS
from mememime_proxy.formats.sniff import HEAD_LENGTH, sniff

_FORMATS: Final = frozenset({"jpeg", "png", "webp", "gif", "bmp"})
"""Pictures that players show as covers; no drawings."""
_FRONT: Final = "Cover (front)"
"""The type of a picture, as FFmpeg names that of ID3 and of FLAC."""
_FRONT_TYPE: Final = 3
_PRIVATE_SEGMENTS: Final = frozenset({0xFE, 0xE1, *range(0xE3, 0xEE)})
"""Markers of JPEG that hold metadata; of the application segments, JFIF, ICC and Adobe's colours are needed."""
_START_OF_SCAN: Final = 0xDA
_PICTURE_CHUNKS: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"IDAT", b"IEND"})


@dataclass(frozen=True, slots=True)
class Cover:
    """A picture as a file."""

    content: bytes
    format: str
    """By ``formats.FORMATS``."""
    width: int
    height: int

    @property
    def mime(self) -> str:
        """Its media type."""
        return FORMATS[self.format].mime

    def to_vorbis_comment(self) -> str:
        """Return it as the value of METADATA_BLOCK_PICTURE (RFC 9639, 8.8, in Base64)."""
        mime = self.mime.encode()
        head = struct.pack(">II", _FRONT_TYPE, len(mime)) + mime + struct.pack(">I", 0)
        sizes = struct.pack(">IIIII", self.width, self.height, 24, 0, len(self.content))
        return base64.b64encode(head + sizes + self.content).decode()


def find_cover(film: InputContainer) -> Cover | None:
    """Return the cover of a film that was just opened: the front, else the first picture; None where there is none."""
    streams = [stream for stream in film.streams.video if is_cover(stream)]
    streams.sort(key=lambda stream: stream.metadata.get("comment", "") != _FRONT)
    for stream, content in _contents(film, streams):
        name = sniff(content[:HEAD_LENGTH])
        if name in _FORMATS:
            context = stream.codec_context
            return Cover(content, name, context.width if context else 0, context.height if context else 0)
    return None


def _contents(film: InputContainer, streams: list[VideoStream]) -> Iterator[tuple[VideoStream, bytes]]:
    """Yield the pictures in this order. They are the first packets of a file, whatever else it has."""
    contents: dict[int, bytes] = {}
    if streams:
        for packet in film.demux(*streams):
            contents.setdefault(packet.stream_index, bytes(packet))
            if len(contents) == len(streams):
                break
    for stream in streams:
        if content := contents.get(stream.index):
            yield stream, content


def without_metadata(cover: Cover) -> Cover | None:
    """Return a cover without EXIF, XMP, IPTC and comments, which may tell a place; None where that fails."""
    strip = {"jpeg": _strip_jpeg, "png": _strip_png}.get(cover.format)
    content = strip(cover.content) if strip is not None else None
    return None if content is None else Cover(content, cover.format, cover.width, cover.height)


def _strip_jpeg(content: bytes) -> bytes | None:
    parts, at = [content[:2]], 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        marker, length = content[at + 1], struct.unpack_from(">H", content, at + 2)[0]
        if marker == _START_OF_SCAN:
            return b"".join((*parts, content[at:]))
        if marker not in _PRIVATE_SEGMENTS:
            parts.append(content[at : at + 2 + length])
        at += 2 + length
    return None


def _strip_png(content: bytes) -> bytes | None:
    parts, at = [content[:8]], 8
    while at + 12 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, at)
        if kind in _PICTURE_CHUNKS:
            parts.append(content[at : at + 12 + length])
        at += 12 + length
        if kind == b"IEND":
            return b"".join(parts)
    return None
