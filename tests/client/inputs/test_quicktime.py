"""The date of a film in its movie header."""

import io
import struct
from datetime import UTC, datetime

import pytest

from mememime_proxy.client.inputs.quicktime import read_date_made

MADE = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
SECONDS = int((MADE - datetime(1904, 1, 1, tzinfo=UTC)).total_seconds())


def box(name, content, *, wide=False):
    if wide:
        return struct.pack(">I4sQ", 1, name, 16 + len(content)) + content
    return struct.pack(">I4s", 8 + len(content), name) + content


def film(header, *, before=b"", wide=False):
    return box(b"ftyp", b"qt  ") + before + box(b"moov", box(b"free", b"") + box(b"mvhd", header), wide=wide)


def date(content):
    return read_date_made(io.BytesIO(content))


@pytest.mark.parametrize(
    "header", [struct.pack(">III", 0, SECONDS, SECONDS), struct.pack(">IQQ", 1 << 24, SECONDS, SECONDS)]
)
@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("before", [b"", box(b"mdat", bytes(99)), box(b"mdat", bytes(9), wide=True)])
def test_date_is_that_of_the_movie_header(header, wide, before):
    assert date(film(header, before=before, wide=wide)) == MADE


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xd8\xff" + bytes(100),
        film(struct.pack(">III", 0, 0, 0)),
        film(struct.pack(">IQQ", 1 << 24, 1 << 63, 0)),
        film(b"\0\0"),
        box(b"ftyp", b"qt  ") + struct.pack(">I4s", 4, b"free"),
        box(b"ftyp", b"qt  ") + box(b"free", b"") * 2000,
        box(b"moov", box(b"mvhd", struct.pack(">III", 0, SECONDS, 0))),
    ],
)
def test_file_without_a_date_has_none(content):
    assert date(content) is None


def test_every_beginning_of_a_film_is_read_without_an_error():
    content = film(struct.pack(">III", 0, SECONDS, SECONDS))
    for length in range(len(content)):
        date(content[:length])
