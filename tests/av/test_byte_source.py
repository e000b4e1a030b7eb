"""What is asked of the source, and when."""

import io
import os

import pytest

from mememime_proxy.av import byte_source
from mememime_proxy.av.byte_source import BLOCK, ByteSource
from mememime_proxy.errors import LimitError, SourceStatusError, SourceTooLargeError
from mememime_proxy.memfd import memfd

CONTENT = os.urandom(1 << 20) * 4 + b"the end"


@pytest.fixture
def descriptor():
    number = memfd("film", CONTENT)
    yield number
    os.close(number)


@pytest.fixture
def requests():
    return []


@pytest.fixture
def source(descriptor, requests):
    return ByteSource(descriptor, len(CONTENT), lambda *need: requests.append(need), 3 << 20)


def test_file_with_all_bytes_is_read_as_any_file(descriptor):
    source, file = ByteSource(descriptor, len(CONTENT)), io.BytesIO(CONTENT)
    for offset, whence, size in [(0, 0, 10), (5, 1, 7), (-7, 2, 100), (0, 2, 1), (1 << 20, 0, -1)]:
        assert source.seek(offset, whence) == file.seek(offset, whence)
        assert source.read(size) == file.read(size)
        assert source.tell() == file.tell()
    with pytest.raises(ValueError, match="before the start"):
        source.seek(-1)


def test_blocks_are_requested_once(source, requests):
    assert source.read(100) == CONTENT[:100]
    source.seek(BLOCK - 1)
    source.read(1)
    assert requests == [(0, 2 * BLOCK)]
    source.seek(-3, io.SEEK_END)
    assert source.read(10) == b"end"
    assert requests[1:] == [(len(CONTENT) // BLOCK * BLOCK, len(CONTENT) % BLOCK)]


def test_sequential_reads_request_more_and_more_ahead(source, requests):
    for _ in range(2 << 20 >> 15):
        source.read(1 << 15)
    assert [length // BLOCK for _, length in requests] == [2, 4, 8, 16, 16]
    assert source.requested == sum(length for _, length in requests)


def test_read_over_several_blocks_is_one_request(source, requests):
    source.read(5 * BLOCK + 1)
    assert requests == [(0, 6 * BLOCK)]


def test_requests_past_the_limit_fail(source, requests):
    source.read(-1)
    assert isinstance(source.failure, SourceTooLargeError)
    assert requests == []


def test_failure_of_the_source_is_the_end_of_the_file(descriptor):
    def need(offset, length):
        raise SourceStatusError("gone", upstream=404)

    source = ByteSource(descriptor, len(CONTENT), need)
    assert source.read(10) == b""
    assert isinstance(source.failure, SourceStatusError)
    assert source.read(10) == b""


def test_opening_ends_where_it_takes_too_many_bytes(source, monkeypatch):
    monkeypatch.setattr(byte_source, "_OPENING_BYTES", 3000)
    with source.opening():
        assert len(source.read(2000)) == 2000
        assert source.failure is None
        assert source.read(2000) == b""
    assert isinstance(source.failure, LimitError)


def test_opening_ends_where_it_takes_too_much_cpu_time(source, monkeypatch):
    monkeypatch.setattr(byte_source, "_OPENING_CPU", 0.0)
    with source.opening():
        assert source.read(10) == b""
    assert isinstance(source.failure, LimitError)


def test_reading_after_opening_is_not_limited_by_it(source, monkeypatch):
    monkeypatch.setattr(byte_source, "_OPENING_CPU", 0.0)
    with source.opening():
        pass
    assert len(source.read(10)) == 10
