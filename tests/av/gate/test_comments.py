"""The gate for texts of sound: how many pass."""

import struct

import pytest

from mememime_proxy.av.gate.comments import MAX_COMMENTS, check_comments
from mememime_proxy.errors import LimitError
from tests.hostile.films import sounds
from tests.support.av_sources import byte_source


def check(content, container):
    with byte_source(content) as source:
        check_comments(source, container)


def comments(count, vendor=b"v"):
    return struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", count)


def flac(body):
    return b"fLaC" + b"\0" + (34).to_bytes(3, "big") + bytes(34) + b"\x84" + len(body).to_bytes(3, "big") + body


def ogg(packet):
    return b"OggS\0\0" + bytes(20) + b"\1" + bytes((min(len(packet), 255),)) + packet


@pytest.mark.parametrize(
    ("container", "build"),
    [
        ("flac", flac),
        ("ogg", lambda body: ogg(b"OpusTags" + body)),
        ("ogg", lambda body: ogg(b"\x03vorbis" + body)),
        ("ogg", lambda body: ogg(b"\x81theora" + body)),
        ("ogg", lambda body: ogg(b"\x7fFLAC" + bytes(50)) + ogg(b"\x04" + len(body).to_bytes(3, "big") + body)),
    ],
)
def test_as_many_comments_as_are_allowed_pass_and_one_more_does_not(container, build):
    check(build(comments(MAX_COMMENTS)), container)
    with pytest.raises(LimitError):
        check(build(comments(MAX_COMMENTS + 1)), container)
    with pytest.raises(LimitError):
        check(build(comments(1, b"v" * 5000)), container)


def test_id3_of_many_texts_is_refused_and_one_with_a_cover_is_not():
    check(sounds.huge_cover(), "mp3")
    with pytest.raises(LimitError):
        check(sounds.many_texts(), "mp3")


@pytest.mark.parametrize("container", ["flac", "ogg", "mp3", "aac"])
@pytest.mark.parametrize("content", [b"", b"fLaC", b"OggS" + bytes(10), b"ID3\4", bytes(5000)])
def test_what_is_cut_off_is_left_to_the_demuxer(container, content):
    if container == "flac" and len(content) == 5000:
        with pytest.raises(LimitError, match="blocks"):
            check(content, container)
    else:
        check(content, container)
