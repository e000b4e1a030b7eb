import errno
import io
import os
import socket

import pytest

from mememime_proxy.client.errors import FileError
from mememime_proxy.client.inputs.name_filter import Filter
from mememime_proxy.client.inputs.scan import files, read_list, scan

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
    assert paths(files(str(tree), Filter())) == ["a/1.jpeg", "a/2.PNG", "a/deep/x.webp", "b.jpg"]
    assert paths(files(str(tree), Filter(hidden=True)))[0] == "a/.hidden.jpg"
    assert len(paths(files(str(tree), ALL))) == 5


def test_files_included_and_excluded_patterns_filter(tree):
    assert paths(files(str(tree), Filter(["*.JPG", "a/deep/*"]))) == ["a/deep/x.webp", "b.jpg"]
    assert paths(files(str(tree), Filter(["*"], ["a/*", ".*"], hidden=True))) == ["b.jpg", "notes.txt"]


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
    (tree / ".hidden").symlink_to(tree)
    (tree / "link.jpg").symlink_to(tree / "b.jpg")
    (tree / "dead.jpg").symlink_to(tree / "nothing")
    assert paths(files(str(tree), Filter(exclude=["a/*"]))) == ["b.jpg", "link.jpg"]
    reasons = {entry.path: entry.left_out for entry in scan(str(tree), Filter(exclude=["a/*"]))}
    assert reasons["loop"] == reasons[".hidden"] == "a link to a folder, which is not followed"
    assert reasons["dead.jpg"] == "a link to nothing"


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


def entries(tree, name_filter=None):
    """Path → what comes of it: '' for a file that is uploaded, else why not."""
    found = {}
    for entry in scan(str(tree), name_filter or Filter()):
        found[entry.path] = entry.left_out
        if not entry.left_out:
            try:
                entry.open()
            except FileError as error:
                found[entry.path] = f"fails: {error}"
    return found


def test_f2_entries_that_cannot_be_looked_at_are_named_and_the_scan_goes_on(tree, monkeypatch):
    """F2: a link to itself, a link to nothing, what is no file, a folder that nobody may read."""
    (tree / "a" / "loop.jpg").symlink_to("loop.jpg")
    (tree / "a" / "dead.jpg").symlink_to("nothing.jpg")
    os.mkfifo(tree / "a" / "pipe.jpg")
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(tree / "a")
        server.bind("socket.jpg")
    (tree / "a" / "closed").mkdir()
    (tree / "zero.jpg").symlink_to("/dev/zero")
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("closed"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = entries(tree)
    assert found["a/loop.jpg"] == "fails: Too many levels of symbolic links"
    assert found["a/dead.jpg"] == "a link to nothing"
    assert found["a/pipe.jpg"] == "a FIFO, not a file"
    assert found["a/socket.jpg"] == "a socket, not a file"
    assert found["zero.jpg"] == "a device, not a file"
    assert found["a/closed/"] == "fails: cannot be read: Permission denied"
    assert [path for path, outcome in found.items() if not outcome] == ["a/1.jpeg", "a/2.PNG", "a/deep/x.webp", "b.jpg"]


def test_f2_file_that_vanishes_or_becomes_a_fifo_fails_alone(tree):
    """F2: what happens between the scan and the upload."""
    taken = iter(scan(str(tree / "a"), Filter(["*.jpeg", "*.PNG"])))
    gone = next(entry for entry in taken if not entry.left_out)
    content = gone.open()
    (tree / "a" / "1.jpeg").unlink()
    with pytest.raises(FileError, match="No such file"):
        gone.open()
    os.mkfifo(tree / "a" / "1.jpeg")
    with pytest.raises(FileError, match="changed"):  # and does not wait for a writer
        content._digest()
    assert [entry.path for entry in taken if not entry.left_out] == ["2.PNG"]


def test_f2_pattern_names_folders_that_cannot_be_read(tree, monkeypatch):
    """F2: the same for patterns, which do not follow links to folders in a circle either."""
    (tree / "a" / "circle").symlink_to(tree)
    assert paths(scan(f"{tree}/**/*.webp", Filter())) == ["a/deep/x.webp"]
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("deep"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    (entry,) = scan(f"{tree}/**/*.webp", Filter())
    with pytest.raises(FileError, match="Permission denied"):
        entry.open()


def test_scan_names_what_is_left_out_and_why(tree):
    for name in (
        "@eaDir/b.jpg",
        "__MACOSX/b.jpg",
        "a/.thumbnails/x.png",
        "a/._1.jpeg",
        "clip.mov",
        "raw.DNG",
        "old.jfif",
    ):
        (tree / name).parent.mkdir(exist_ok=True)
        (tree / name).write_text(name)
    found = entries(tree, Filter(exclude=["2.*"]))
    programs = "made by a program beside photographs"
    assert {path: reason for path, reason in found.items() if reason} == {
        "@eaDir/": f"{programs}, with all that is in it",
        "__MACOSX/": f"{programs}, with all that is in it",
        "a/.thumbnails/": f"{programs}, with all that is in it",
        "a/._1.jpeg": programs,
        "a/.hidden.jpg": "hidden (--hidden includes it)",
        ".DS_Store": programs,
        "a/2.PNG": "excluded by --exclude",
        "clip.mov": "no format of pictures that is taken (.mov)",
        "raw.DNG": "no format of pictures that is taken (.dng)",
        "notes.txt": "no format of pictures that is taken (.txt)",
    }
    assert found["old.jfif"] == ""
    assert entries(tree, Filter(["*.txt"]))["b.jpg"] == "not among --include"
    hidden = entries(tree, Filter(hidden=True))
    assert (hidden["a/.hidden.jpg"], hidden["a/._1.jpeg"]) == ("", programs)
