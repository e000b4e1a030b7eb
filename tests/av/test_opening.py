"""What is opened, and what is not: originals that try to read other files, that are no films, or claim too much."""

from __future__ import annotations

import contextlib
import io
import os
import socket
import struct

import av
import pytest

from mememime_proxy.av import opening
from mememime_proxy.av.byte_source import ByteSource
from mememime_proxy.av.opening import open_film
from mememime_proxy.errors import (
    BrokenImageError,
    ImageError,
    LimitError,
    MissingStreamError,
    SourceStatusError,
    UnsupportedFormatError,
)
from mememime_proxy.formats.containers import CONTAINERS
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.memfd import memfd
from mememime_proxy.plan import Plan
from tests.hostile.films import ebml
from tests.support.av_sources import byte_source, frame_of
from tests.support.films import container_film, film_bytes, wave

SECRET = b"canary of another file"


@pytest.fixture
def listener():
    """A socket that a film may not send anything to."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        yield server


def other_files(port, path):
    """Texts that make FFmpeg read other files, or the network."""
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{path}\n#EXTINF:1,\nhttp://127.0.0.1:{port}/\n"
    return {
        "sdp": f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video {port} RTP/AVP 96\n",
        "hls": f"{playlist}#EXT-X-ENDLIST\n",
        "concat": f"ffconcat version 1.0\nfile {path}\n",
        "dash": f'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><AdaptationSet>'
        f"<Representation><BaseURL>file://{path}</BaseURL></Representation></AdaptationSet></Period></MPD>",
    }


@pytest.mark.parametrize("kind", ["sdp", "hls", "concat", "dash"])
def test_h1_text_that_names_other_files_is_no_film(kind, listener, tmp_path):
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(SECRET + film_bytes())
    content = other_files(listener.getsockname()[1], secret)[kind].encode()
    with pytest.raises(UnsupportedFormatError):
        frame_of(content)
    # And where the first bytes were taken for a film's: no demuxer but that of the container reads it.
    for container in CONTAINERS:
        with (
            byte_source(content) as source,
            contextlib.suppress(ImageError),
            open_film(source, container, FilmConfig()) as film,
        ):
            assert not any(stream.codec_context for stream in film.streams.video)
            assert not [packet for packet in film.demux() if SECRET in bytes(packet)]
    with pytest.raises(BlockingIOError):
        listener.accept()


def with_alias(content, path):
    """Return a film (its ``mdat`` first) whose data are said to be in another file, by an alias of QuickTime."""
    name = path.encode()
    alias = bytes(10) + b"\4disk".ljust(28, b"\0") + bytes(12) + b"\5other".ljust(64, b"\0") + bytes(16)
    alias += struct.pack(">hh", 0, 0) + bytes(16) + struct.pack(">hH", 2, len(name)) + name + b"\0" * (len(name) & 1)
    alias += struct.pack(">hH", -1, 0)
    entry = struct.pack(">I4sI", 12 + len(alias), b"alis", 0) + alias
    at = content.index(b"dref") + 12
    (old,) = struct.unpack_from(">I", content, at)
    result = bytearray(content[:at] + entry + content[at + old :])
    for kind in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        # There are two dinf: the last one before the reference contains it.
        size_at = content.rindex(kind, 0, at) - 4
        (size,) = struct.unpack_from(">I", content, size_at)
        struct.pack_into(">I", result, size_at, size + len(entry) - old)
    return bytes(result)


def test_h1_film_whose_data_are_in_another_file_reads_no_other_file(tmp_path):
    content = container_film("mov")
    other = tmp_path / "other"
    other.write_bytes(film_bytes("mov", codec="mpeg4", first=100))
    aliased = with_alias(content, str(other))
    with av.open(io.BytesIO(aliased), format="mov", options={"enable_drefs": "1"}) as film:
        # The reference is one that FFmpeg would follow.
        assert not list(film.decode(video=0))
    with pytest.raises(BrokenImageError):
        frame_of(aliased)


def test_film_of_a_codec_that_is_not_in_the_list_is_refused():
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="matroska") as film:
        stream = film.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        film.mux(stream.encode(av.VideoFrame(32, 32, "yuv420p")))
        film.mux(stream.encode())
    with pytest.raises(UnsupportedFormatError, match="ffv1"):
        frame_of(buffer.getvalue())


def test_sound_has_no_frame():
    with pytest.raises(MissingStreamError, match="no moving pictures"):
        frame_of(wave())


def test_streams_past_the_limit_are_not_read():
    content = film_bytes("matroska", sound=True)
    with byte_source(content) as source, open_film(source, "mkv", FilmConfig(max_streams=1)) as film:
        assert len(film.streams) == 1
    # Some demuxers take it for a lack of memory, after which a worker ends.
    with pytest.raises((ImageError, MemoryError)):
        frame_of(film_bytes(sound=True), max_streams=1)


def test_frame_larger_than_the_limit_is_refused_before_it_is_decoded():
    with pytest.raises(LimitError):
        frame_of(film_bytes(size=(672, 384)), max_pixels=100_000)


def test_picture_that_grows_in_the_middle_stays_within_the_limit():
    small, large = film_bytes("mpegts", frames=25), film_bytes("mpegts", frames=25, size=(1344, 768))
    with pytest.raises(ImageError):
        frame_of(large, max_pixels=100_000)
    frame = frame_of(small + large, Plan(), max_pixels=100_000)
    assert frame.width * frame.height <= 100_000


@pytest.mark.parametrize("container", ["mp4", "mkv", "ts", "avi", "flv", "mpg", "webm", "mov"])
def test_truncated_film_is_refused_or_shows_a_frame(container):
    content = container_film(container)
    for part in range(20):
        try:
            frame = frame_of(content[: len(content) * part // 20])
        except ImageError:
            continue
        assert frame.body.startswith(b"\x89PNG")


def test_error_of_the_source_is_the_error():
    content = container_film("mp4")
    descriptor = memfd("film", content[:4096] + bytes(len(content)))

    def need(offset, length):
        raise SourceStatusError("gone", upstream=404)

    try:
        source = ByteSource(descriptor, len(content), need)
        with pytest.raises(SourceStatusError), open_film(source, "mp4", FilmConfig()):
            pytest.fail("it was opened")
    finally:
        os.close(descriptor)


def test_broken_film_is_broken():
    with pytest.raises(BrokenImageError):
        frame_of(container_film("mp4")[:40] + bytes(10_000))


def test_small_fragmented_film_is_walked_through():
    assert len(container_film("fragmented.mp4")) < opening._SMALL


def test_encrypted_track_of_matroska_is_refused():
    """ContentEncodings of one that is encrypted (scope: frames), with AES and the name of a key."""
    encryption = ebml.element(0x5035, ebml.number(0x47E1, 5) + ebml.element(0x47E2, b"name of a key"))
    encoding = ebml.number(0x5031, 0) + ebml.number(0x5032, 1) + ebml.number(0x5033, 1) + encryption
    entry = ebml.track_entry(extra=ebml.element(0x6D80, ebml.element(0x6240, encoding)))
    film = ebml.matroska([ebml.element(ebml.TRACKS, entry), ebml.clusters(range(0, 2000, 40))])
    with pytest.raises(UnsupportedFormatError, match="the pictures are encrypted"):
        frame_of(film)
