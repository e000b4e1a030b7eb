"""The gate for ISO BMFF: what is refused before the demuxer sees it, and what passes."""

import struct

import pytest

from mememime_proxy.av.gate.boxes import MAX_EDITS, check_boxes
from mememime_proxy.errors import ImageError, LimitError, SourceTooLargeError, UnsupportedFormatError
from mememime_proxy.formats.film_config import FilmConfig
from tests.hostile.films import indexes
from tests.hostile.films.boxes import box, mp4
from tests.support.av_sources import byte_source
from tests.support.films import CONTAINERS, container_film, film_bytes


def check(content, **config):
    with byte_source(content) as source:
        check_boxes(source, FilmConfig(**config))


@pytest.mark.parametrize("name", [name for name in CONTAINERS if name.endswith(("mp4", "mov"))])
def test_film_passes(name):
    check(container_film(name))


def test_as_many_edits_as_are_allowed_pass_and_one_more_does_not():
    check(indexes.edits(MAX_EDITS, 1))
    with pytest.raises(LimitError, match="edits"):
        check(indexes.edits(MAX_EDITS + 1, 1))


def test_count_of_edits_is_that_of_the_bytes_which_are_there():
    content = bytearray(indexes.edits(2, 1))
    struct.pack_into(">I", content, content.index(b"elst") + 8, 1 << 30)
    check(bytes(content))


def test_sides_of_the_container_are_checked():
    content = film_bytes(size=(672, 384))
    check(content, max_pixels=672 * 384)
    with pytest.raises(LimitError, match="672×384"):
        check(content, max_pixels=672 * 384 - 1)


@pytest.mark.parametrize("build", [indexes.deep_boxes, indexes.many_tags, indexes.empty_tracks])
def test_index_of_too_many_boxes_or_levels_is_refused(build):
    with pytest.raises(ImageError):
        check(build())


@pytest.mark.parametrize("content", [b"", bytes(7), bytes(4096), box(b"moov", length=4), mp4()[:-20], b"\xff" * 4096])
def test_what_is_no_index_is_left_to_the_demuxer(content):
    check(content)


def test_failure_of_the_source_is_raised():
    with byte_source(container_film("mp4")) as source:
        source.failure = SourceTooLargeError("too much")
        with pytest.raises(SourceTooLargeError):
            check_boxes(source, FilmConfig())


@pytest.mark.parametrize("kind", [b"encv", b"drmi"])
def test_encrypted_pictures_are_refused_before_they_are_opened(kind):
    with pytest.raises(UnsupportedFormatError, match="the pictures are encrypted"):
        check(film_bytes("mp4").replace(b"avc1\0\0\0\0", kind + bytes(4)))
