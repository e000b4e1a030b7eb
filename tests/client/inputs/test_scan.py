import io
import os

import pytest

from mememime_proxy.client.errors import FileError
from mememime_proxy.client.inputs.scan import Filter, files, listed

ALL = Filter(["*"])


@pytest.fixture
def tree(tmp_path):
    for name in ("b.jpg", "a/2.PNG", "a/1.jpeg", "a/deep/x.webp", "notes.txt", "a/.hidden.jpg", ".DS_Store"):
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "tree"


def paths(entries):
    return [entry.path for entry in entries]


def test_a_folder_gives_its_pictures_in_order(tree):
    assert paths(files(str(tree), Filter())) == ["a/.hidden.jpg", "a/1.jpeg", "a/2.PNG", "a/deep/x.webp", "b.jpg"]
    assert len(paths(files(str(tree), ALL))) == 7


def test_include_and_exclude(tree):
    assert paths(files(str(tree), Filter(["*.JPG", "a/deep/*"]))) == ["a/.hidden.jpg", "a/deep/x.webp", "b.jpg"]
    assert paths(files(str(tree), Filter(["*"], ["a/*", ".*"]))) == ["b.jpg", "notes.txt"]


def test_a_file_that_is_named_is_taken_whatever_it_is(tree):
    (entry,) = files(str(tree / "notes.txt"), Filter())
    assert (entry.path, entry.place) == ("notes.txt", str(tree / "notes.txt"))
    assert entry.open().size == len("notes.txt")


def test_patterns_keep_the_path_behind_the_first_wildcard(tree, monkeypatch):
    assert paths(files(f"{tree}/a/*.PNG", ALL)) == ["2.PNG"]
    assert paths(files(f"{tree}/**/*.webp", ALL)) == ["a/deep/x.webp"]
    monkeypatch.chdir(tree)
    assert paths(files("*.jpg", ALL)) == ["b.jpg"]
    assert paths(files("a/d*/x.webp", ALL)) == ["deep/x.webp"]


def test_what_is_not_there(tree):
    with pytest.raises(FileError, match="no such file"):
        list(files(f"{tree}/none", ALL))
    assert list(files(f"{tree}/none*", ALL)) == []


def test_links_to_folders_are_not_followed_those_to_files_are(tree):
    (tree / "loop").symlink_to(tree)
    (tree / "link.jpg").symlink_to(tree / "b.jpg")
    (tree / "dead.jpg").symlink_to(tree / "nothing")
    assert paths(files(str(tree), Filter(exclude=["a/*"]))) == ["b.jpg", "link.jpg"]


def test_names_that_are_no_text_survive(tmp_path):
    raw = os.fsencode(tmp_path) + b"/caf\xe9.jpg"
    with open(raw, "wb") as file:  # noqa: PTH123
        file.write(b"x")
    (entry,) = files(str(tmp_path), ALL)
    assert os.fsencode(entry.place) == raw
    assert entry.open().size == 1


def test_lists_by_lines_and_by_nul(tree, monkeypatch):
    monkeypatch.chdir(tree)
    assert paths(listed(io.BytesIO(b"b.jpg\r\n./a/1.jpeg\n\n" + os.fsencode(tree) + b"/a/2.PNG"))) == [
        "b.jpg", "a/1.jpeg", "2.PNG",
    ]  # fmt: skip
    assert paths(listed(io.BytesIO(b"b.jpg\0a\nb.jpg\0"), b"\0")) == ["b.jpg", "a\nb.jpg"]
    long = b"\n".join(b"%d.jpg" % number for number in range(30_000))
    assert sum(1 for _ in listed(io.BytesIO(long))) == 30_000
    with pytest.raises(FileError, match="longer"):
        list(listed(io.BytesIO(b"x" * 200_000)))
