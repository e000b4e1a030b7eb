"""Frames that are too large, that grow, and pictures that are no film; streams without times, many programs."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from fractions import Fraction
from functools import cache, partial
from typing import Any

import av
import numpy as np
import pyvips

from tests.hostile.films.boxes import OFFSET, box, mp4, sample_tables, track_box
from tests.hostile.films.packets import Track
from tests.hostile.films.records import BROKEN, MIB, PICTURE, REFUSED, TOO_LARGE, HostileFilm, one_of
from tests.support.films import film_bytes


@cache
def _huge_frame(side: int) -> bytes:
    return pyvips.Image.black(side, side).cast("uchar").jpegsave_buffer(Q=50)


def _muxed(format_: str, codec: str, packets: list[bytes]) -> bytes:
    """Return a film of packets that nobody encodes here; its container says 64×64 pixels."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=format_) as film:
        stream: Any = film.add_stream(codec, rate=25)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        for index, content in enumerate(packets):
            packet: Any = av.Packet(content)
            packet.pts = packet.dts = index
            packet.time_base, packet.stream, packet.is_keyframe = Fraction(1, 25), stream, True
            film.mux(packet)
    return buffer.getvalue()


def huge_mjpeg(format_: str) -> bytes:
    """Frames of 256 megapixels; the container says 64×64."""
    return _muxed(format_, "mjpeg", [_huge_frame(16000)] * 3)


@cache
def _encoded() -> bytes:
    buffer, side = io.BytesIO(), 8192
    with av.open(buffer, "w", format="mp4") as film:
        stream: Any = film.add_stream("libx264", rate=25)
        stream.width = stream.height = side
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        stream.options = {"preset": "ultrafast", "tune": "zerolatency"}
        frame: Any = av.VideoFrame(side, side, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.pts, frame.time_base = 0, Fraction(1, 25)
        film.mux(stream.encode(frame))
        film.mux(stream.encode())
    return buffer.getvalue()


def huge_h264(format_: str) -> bytes:
    """Frames of 67 megapixels."""
    buffer = io.BytesIO()
    with av.open(io.BytesIO(_encoded())) as source, av.open(buffer, "w", format=format_) as film:
        stream = film.add_stream_from_template(source.streams.video[0])
        packets = [packet for packet in source.demux(video=0) if packet.size]
        for index in range(3):
            copy: Any = av.Packet(bytes(packets[0]))
            copy.pts = copy.dts = index
            copy.time_base, copy.stream, copy.is_keyframe = Fraction(1, 25), stream, True
            film.mux(copy)
    return buffer.getvalue()


def h264_in_a_small_box() -> bytes:
    """Frames of 67 megapixels in an MP4 that says 224×64."""
    with av.open(io.BytesIO(huge_h264("mp4"))) as film:
        packets = [packet for packet in film.demux(video=0) if packet.size]
        config = film.streams.video[0].codec_context.extradata or b""
        large = Track(tuple(map(bytes, packets)), tuple(packet.is_keyframe for packet in packets), config)
    return mp4(track_box(large, sample_tables(large, OFFSET)), film=large)


def growing_ts() -> bytes:
    """An MPEG-TS whose pictures grow from 160×90 to 8192² pixels."""
    return film_bytes("mpegts", size=(160, 96), frames=50) + huge_h264("mpegts")


def huge_av1() -> bytes:
    """A sequence header of AV1 that claims 16384×8704 pixels."""
    # 5.5.1: reduced still picture header, 16 bits for each side, nothing else switched on.
    sides = [(16, 5), (15, 4), (15, 4), (16383, 16), (8703, 16)]
    fields = [(0, 3), (1, 1), (1, 1), *sides, *[(0, 1)] * 9, (0, 2), (0, 1), (0, 1), (1, 1)]
    bits = "".join(f"{value:0{width}b}" for value, width in fields)
    header = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
    sequence = b"\x0a" + bytes((len(header),)) + header
    return _muxed("matroska", "libsvtav1", [b"\x12\0" + sequence + b"\x32\x08" + bytes(8)] * 3)


def many_programs() -> bytes:
    """Tables of 10⁴ programs, in front of a film."""
    packets = []
    for number in range(250):
        entries = b"".join(struct.pack(">HH", 40 * number + at + 1, 0xE000 | 0x100 + at) for at in range(40))
        section = struct.pack(">BHHBBB", 0, 0xB000 | (len(entries) + 9), 1, 0xC1, number, 249) + entries
        section += struct.pack(">I", _crc(section))
        packets.append((b"\x47\x40\x00" + bytes((0x10 | number & 15,)) + b"\0" + section).ljust(188, b"\xff"))
    return b"".join(packets) + film_bytes("mpegts")


def _crc(content: bytes) -> int:
    """CRC-32/MPEG-2."""
    value = 0xFFFFFFFF
    for byte in content:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value >> 31 else value << 1) & 0xFFFFFFFF
    return value


def ts_without_times() -> bytes:
    """An MPEG-TS without presentation times."""
    content = bytearray(film_bytes("mpegts"))
    at = 0
    while (at := content.find(b"\0\0\1\xe0", at)) >= 0:
        length = content[at + 8]
        content[at + 7] &= 0x3F
        content[at + 9 : at + 9 + length] = b"\xff" * length
        at += 9
    return bytes(content)


def flv_with_falling_times() -> bytes:
    """An FLV whose tags go back in time."""
    content = bytearray(film_bytes("flv"))
    at, number = 13, 0
    while at + 11 < len(content):
        length = int.from_bytes(content[at + 1 : at + 4], "big")
        content[at + 4 : at + 8] = struct.pack(">I", (100_000 - 40 * number) << 8)
        at, number = at + 15 + length, number + 1
    return bytes(content)


def noise(head: bytes, length: int) -> bytes:
    """A head, and bytes that mean nothing."""
    return head + np.random.default_rng(7).integers(0, 256, length, np.uint8).tobytes()


def records() -> Iterator[HostileFilm]:
    """Yield the files."""
    refused = one_of(TOO_LARGE, BROKEN)
    for format_ in ("matroska", "avi"):
        yield HostileFilm(f"mjpeg-16000-{format_}", partial(huge_mjpeg, format_), REFUSED, memory=96 * MIB)
    for format_ in ("mp4", "matroska", "mpegts"):
        yield HostileFilm(f"h264-8192-{format_}", partial(huge_h264, format_), refused, memory=96 * MIB)
    yield HostileFilm("h264-8192-in-a-small-box", h264_in_a_small_box, refused, memory=96 * MIB)
    yield HostileFilm("av1-16384", huge_av1, refused)
    yield HostileFilm("ts-growing", growing_ts, memory=96 * MIB)
    yield HostileFilm("ts-many-programs", many_programs, refused, cpu=4.0, actions=("frame",))
    yield HostileFilm("ts-without-times", ts_without_times, one_of(PICTURE))
    yield HostileFilm("flv-falling-times", flv_with_falling_times, one_of(PICTURE))
    for name, head in (
        ("ts", b"".join(b"\x47\x40\x00\x10" + bytes(184) for _ in range(3))),
        ("mpg", b"\0\0\1\xba"), ("ogg", b"OggS"), ("flv", b"FLV\1\5\0\0\0\x09\0\0\0\0"), ("mp3", b"ID3\3\0\0\0\0\0\0"),
        ("aac", b"\xff\xf1\x50\x80"), ("flac", b"fLaC"), ("avi", b"RIFF\xff\xff\xff\x7fAVI LIST"),
        ("wav", b"RIFF\xff\xff\xff\x7fWAVEfmt "), ("caf", b"caff\0\1"), ("amr", b"#!AMR\n"),
        ("aiff", b"FORM\x7f\xff\xff\xffAIFF"),
        ("mov", box(b"moov", box(b"mvhd"))), ("mkv", b"\x1a\x45\xdf\xa3\x8b\x42\x82\x88matroska"),
    ):  # fmt: skip
        yield HostileFilm(f"noise-{name}", partial(noise, head, 8 << 20), REFUSED, cpu=3.0)
