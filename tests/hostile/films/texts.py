"""Texts and containers that name other files: row by row what FFmpeg would follow by itself."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import partial

from tests.hostile.films.records import PICTURE, UNSUPPORTED, HostileFilm, one_of
from tests.support.films import container_film

_URLS = (
    "file:///etc/hosts",
    "http://127.0.0.1:9/",
    "tee:/etc/hosts",
    "subfile,,start,0,end,9,,:/etc/hosts",
    "data:text/plain,x",
    "crypto:/etc/hosts",
    "concat:/etc/hosts|/etc/passwd",
    "rtp://127.0.0.1:9",
    "udp://127.0.0.1:9",
    "unix:/dev/log",
)


def hls() -> bytes:
    """A playlist of everything that has a protocol."""
    items = "".join(f"#EXTINF:1,\n{url}\n" for url in _URLS)
    return f'#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MAP:URI="{_URLS[0]}"\n{items}#EXT-X-ENDLIST\n'.encode()


def sdp() -> bytes:
    """A session that FFmpeg would receive from the network."""
    return b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"


def concat() -> bytes:
    """A list of files."""
    return "".join(["ffconcat version 1.0\n", *(f"file '{url}'\n" for url in _URLS)]).encode()


def dash() -> bytes:
    """A presentation whose pictures are elsewhere."""
    return (
        b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><AdaptationSet><Representation>'
        b"<BaseURL>file:///etc/hosts</BaseURL></Representation></AdaptationSet></Period></MPD>"
    )


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) & 1)


def avi_with_subtitles(text: bytes) -> bytes:
    """An AVI with a stream of subtitles in it, whose one packet (``GAB2``) is a whole file of another kind."""
    content = container_film("avi")
    name = "film.m3u8".encode("utf-16-le")
    packet = b"GAB2\0" + struct.pack("<HI", 2, len(name)) + name + struct.pack("<HI", 4, len(text)) + text
    header = struct.pack("<4s4sIHHIIIIIIII8x", b"txts", bytes(4), 0, 0, 0, 0, 1, 1, 0, 1, len(packet), 0, 0)
    stream = _chunk(b"LIST", b"strl" + _chunk(b"strh", header) + _chunk(b"strf", b""))
    at = content.index(b"hdrl") - 8
    (size,) = struct.unpack_from("<I", content, at + 4)
    end = at + 8 + size
    main = bytearray(content[at:end] + stream)
    struct.pack_into("<I", main, 4, size + len(stream))
    streams_at = main.index(b"avih") + 8 + 24
    struct.pack_into("<I", main, streams_at, struct.unpack_from("<I", main, streams_at)[0] + 1)
    movi = content.index(b"movi") - 8
    (length,) = struct.unpack_from("<I", content, movi + 4)
    first = _chunk(b"01tx", packet)
    data = _chunk(b"LIST", b"movi" + first + content[movi + 12 : movi + 8 + length])
    body = content[12:at] + bytes(main) + content[end:movi] + data
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"AVI " + body


def records() -> Iterator[HostileFilm]:
    """Yield the files. A text is no film; an AVI is the film that it is without its subtitles."""
    for name, build in (("sdp", sdp), ("hls", hls), ("concat", concat), ("dash", dash)):
        yield HostileFilm(f"text-{name}", build, one_of(UNSUPPORTED), cpu=0.5, memory=16 << 20)
    for name, text in (("hls", hls), ("concat", concat), ("srt", lambda: b"1\n00:00:00,000 --> 00:00:01,000\nx\n")):
        yield HostileFilm(f"avi-gab2-{name}", partial(_with_text, text), one_of(PICTURE), cpu=1.0)


def _with_text(text: object) -> bytes:
    assert callable(text)
    return avi_with_subtitles(text())
