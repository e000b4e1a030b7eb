from __future__ import annotations

import os
from pathlib import Path

import pytest

from mememime_proxy.memfd import close_all, fixed, memfd, read_all, read_only, seal, view


@pytest.mark.parametrize("size", [0, 1, 100_000])
def test_a_sealed_file_holds_its_bytes_for_ever(size: int) -> None:
    content = os.urandom(size)
    descriptor = memfd("result", content)
    seal(descriptor)
    assert read_all(descriptor, size) == content
    for change in (lambda: os.write(descriptor, b"x"), lambda: os.ftruncate(descriptor, size + 1)):
        with pytest.raises(PermissionError):
            change()
    os.close(descriptor)


def test_a_file_of_fixed_size_holds_as_much_and_no_more() -> None:
    descriptor = fixed("notes", 100)
    assert os.write(descriptor, b"x" * 100) == 100
    for change in (lambda: os.write(descriptor, b"x"), lambda: os.ftruncate(descriptor, 99)):
        with pytest.raises(PermissionError):
            change()
    assert os.pwrite(descriptor, b"y", 0) == 1
    assert os.pread(descriptor, 200, 0) == b"y" + b"x" * 99
    os.close(descriptor)


def test_f5_a_file_that_is_shared_for_reading_cannot_be_changed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"an original")
    anonymous = memfd("original", b"an original")
    spooled, local = os.open(path, os.O_RDWR), os.open(path, os.O_RDONLY)
    path.unlink()
    for descriptor in (anonymous, spooled, local):
        shared = read_only(descriptor)
        assert (shared == descriptor) is (descriptor != spooled)
        assert read_only(shared) == shared
        with pytest.raises(OSError, match=r"not permitted|Bad file descriptor"):
            os.pwrite(shared, b"x", 0)
        assert read_all(shared, 11) == b"an original"
        close_all([shared, descriptor])


def test_a_file_that_ends_early_is_an_error() -> None:
    descriptor = memfd("original", b"an original")
    with pytest.raises(EOFError):
        read_all(descriptor, 12)
    os.close(descriptor)


@pytest.mark.parametrize("size", [0, 10, 1 << 16, (1 << 16) + 1, 1 << 20])
def test_a_view_shows_all_bytes(size: int) -> None:
    content = os.urandom(size)
    descriptor = memfd("original", content)
    shown = view(descriptor)
    os.close(descriptor)
    assert bytes(shown) == content


def test_nothing_stays_open_where_the_content_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def full(descriptor: int, _content: bytes) -> int:
        made.append(descriptor)
        raise OSError

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError):  # noqa: PT011 - any
        memfd("original", b"x")
    (descriptor,) = made
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_closing_goes_on_behind_one_that_is_closed() -> None:
    first, second = memfd("a"), memfd("b")
    os.close(first)
    close_all([first, second])
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(second)
