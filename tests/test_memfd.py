from __future__ import annotations

import os

import pytest

from mememime_proxy.memfd import close_all, memfd, read_all, sealed, view


@pytest.mark.parametrize("size", [0, 1, 100_000])
def test_a_sealed_file_holds_its_bytes_for_ever(size: int) -> None:
    content = os.urandom(size)
    descriptor = sealed("result", content)
    assert read_all(descriptor, size) == content
    for change in (lambda: os.write(descriptor, b"x"), lambda: os.ftruncate(descriptor, size + 1)):
        with pytest.raises(PermissionError):
            change()
    os.close(descriptor)


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
