import io
import os

import pytest

from mememime_proxy.client.errors import FileError
from mememime_proxy.client.inputs.scan import Filter, files, read_list

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


def test_files_of_a_folder_are_its_images_in_order(tree):
    assert paths(files(str(tree), Filter())) == ["a/.hidden.jpg", "a/1.jpeg", "a/2.PNG", "a/deep/x.webp", "b.jpg"]
    assert len(paths(files(str(tree), ALL))) == 7


def test_files_included_and_excluded_patterns_filter(tree):
    assert paths(files(str(tree), Filter(["*.JPG", "a/deep/*"]))) == ["a/.hidden.jpg", "a/deep/x.webp", "b.jpg"]
    assert paths(files(str(tree), Filter(["*"], ["a/*", ".*"]))) == ["b.jpg", "notes.txt"]


def test_files_single_file_is_not_filtered(tree):
    (entry,) = files(str(tree / "notes.txt"), Filter())
    assert (entry.path, entry.place) == ("notes.txt", str(tree / "notes.txt"))
    assert entry.open().size == len("notes.txt")


def test_files_of_a_pattern_have_paths_after_the_first_wildcard(tree, monkeypatch):
    assert paths(files(f"{tree}/a/*.PNG", ALL)) == ["2.PNG"]
    assert paths(files(f"{tree}/**/*.webp", ALL)) == ["a/deep/x.webp"]
    monkeypatch.chdir(tree)
    assert paths(files("*.jpg", ALL)) == ["b.jpg"]
    assert paths(files("a/d*/x.webp", ALL)) == ["deep/x.webp"]


def test_files_missing_origin_raises_file_error(tree):
    with pytest.raises(FileError, match="no such file"):
        list(files(f"{tree}/none", ALL))
    assert list(files(f"{tree}/none*", ALL)) == []


def test_files_links_to_folders_are_not_followed(tree):
    (tree / "loop").symlink_to(tree)
    (tree / "link.jpg").symlink_to(tree / "b.jpg")
    (tree / "dead.jpg").symlink_to(tree / "nothing")
    assert paths(files(str(tree), Filter(exclude=["a/*"]))) == ["b.jpg", "link.jpg"]


def test_files_names_outside_utf8_are_scanned(tmp_path):
    raw = os.fsencode(tmp_path) + b"/caf\xe9.jpg"
    with open(raw, "wb") as file:  # noqa: PTH123
        file.write(b"x")
    (entry,) = files(str(tmp_path), ALL)
    assert os.fsencode(entry.place) == raw
    assert entry.open().size == 1


def test_list_separated_by_lines_or_nul_is_read(tree, monkeypatch):
    monkeypatch.chdir(tree)
    assert paths(read_list(io.BytesIO(b"b.jpg\r\n./a/1.jpeg\n\n" + os.fsencode(tree) + b"/a/2.PNG"))) == [
        "b.jpg", "a/1.jpeg", "2.PNG",
    ]  # fmt: skip
    assert paths(read_list(io.BytesIO(b"b.jpg\0a\nb.jpg\0"), b"\0")) == ["b.jpg", "a\nb.jpg"]
    long = b"\n".join(b"%d.jpg" % number for number in range(30_000))
    assert sum(1 for _ in read_list(io.BytesIO(long))) == 30_000
    with pytest.raises(FileError, match="longer"):
        list(read_list(io.BytesIO(b"x" * 200_000)))
