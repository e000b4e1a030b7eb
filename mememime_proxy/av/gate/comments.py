"""The gate for FLAC, Ogg and ID3: how many texts a file has (RFC 9639, 8.6; Vorbis I, 5.2.1; RFC 7845, 5.2; ID3v2).

The demuxer looks through all comments for each further one.
"""

from __future__ import annotations

import re
from typing import Final

from mememime_proxy.av.byte_source import ByteSource
from mememime_proxy.errors import LimitError

MAX_COMMENTS: Final = 4096
_MAX_VENDOR: Final = 4096
"""Bytes of the name of the encoder, which stands before the count."""
_HEAD: Final = 128 << 10
"""Bytes at the start of an Ogg in which its comments begin."""
_MARKS: Final = re.compile(rb"\x03vorbis|OpusTags|\x81theora")
_COMMENT_BLOCK: Final = 4
_TEXT_FRAME: Final = re.compile(rb"T[A-Z0-9]{2}|COM|PRI|PRV")
"""Starts of names of frames of ID3v2; in a cover, a byte in 10,000 looks like one."""
_MAX_TEXT_FRAMES: Final = 8192
_MAX_ID3: Final = 128 << 20
_PART: Final = 1 << 20
_MAX_BLOCKS: Final = 1024


def check_comments(source: ByteSource, container: str) -> None:
    """Return if a FLAC, an Ogg or what begins with ID3 has no more texts than it may have. LimitError where it has."""
    if container == "flac":
        _check_flac(source)
        return
    if container != "ogg":
        _check_id3(source)
        return
    head = _read(source, 0, _HEAD)
    for mark in _MARKS.finditer(head):
        _check_count(head[mark.end() : mark.end() + _MAX_VENDOR + 8])
    # FLAC in Ogg: one block a packet, the comments in the second.
    if b"\x7fFLAC" in head[:128]:
        for page in re.finditer(b"OggS", head[:-27]):
            start = page.start() + 27 + head[page.start() + 26]
            if head[start : start + 1] == bytes((_COMMENT_BLOCK,)):
                _check_count(head[start + 4 : start + 12 + _MAX_VENDOR])


def _check_flac(source: ByteSource) -> None:
    at = 4
    for _ in range(_MAX_BLOCKS):
        head = _read(source, at, 4)
        if len(head) < 4:
            return
        if head[0] & 0x7F == _COMMENT_BLOCK:
            _check_count(_read(source, at + 4, _MAX_VENDOR + 8))
        at += 4 + int.from_bytes(head[1:], "big")
        if head[0] & 0x80:
            return
    raise LimitError(f"the FLAC has more than {_MAX_BLOCKS} blocks before its sound")


def _check_id3(source: ByteSource) -> None:
    head = _read(source, 0, 10)
    if head[:3] != b"ID3":
        return
    end = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=False))
    count = 0
    for at in range(10, min(end, source.size, _MAX_ID3), _PART):
        count += len(_TEXT_FRAME.findall(_read(source, at, min(_PART, end - at))))
        if count > _MAX_TEXT_FRAMES:
            raise LimitError(f"the sound has more than {_MAX_TEXT_FRAMES} texts")


def _check_count(content: bytes) -> None:
    """``content``: the length of the vendor's name, the name, the count, as far as they are there."""
    vendor = int.from_bytes(content[:4], "little")
    count = int.from_bytes(content[4 + vendor : 8 + vendor], "little")
    if vendor > _MAX_VENDOR or count > MAX_COMMENTS:
        raise LimitError(f"the sound has more than {MAX_COMMENTS} comments")


def _read(source: ByteSource, offset: int, size: int) -> bytes:
    source.seek(offset)
    content = source.read(size)
    if source.failure is not None:
        raise source.failure
    return content
