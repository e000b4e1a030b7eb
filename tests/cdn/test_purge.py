"""Purges of files in the form of NGINX's cache; tests/e2e/test_cdn.py purges a real one."""

import os

import pytest

from mememime_proxy.cdn.purge import CacheFolder
from mememime_proxy.errors import SettingsError

TAG, OTHER = "ab" * 16, "cd" * 16


def put(root, number, tag, *, header="Cache-Tag", key=b"/sig/plain/local:///a.jpg|"):
    name = f"{number:032x}"
    folder = root / name[-1] / name[-3:-1]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    head = b"\x05\x00" * 168 + b"\nKEY: " + key + b"\nHTTP/1.1 200 OK\r\nContent-Type: image/png\r\n"
    path.write_bytes(
        head + f'{header}: {tag}\r\nETag: "x"\r\n\r\n'.encode() + b"\r\nCache-Tag: " + TAG.encode() + b"\r\n"
    )
    return path


def test_purge_removes_the_files_with_the_tag_only(tmp_path):
    ours = [put(tmp_path, n, TAG) for n in range(40)] + [put(tmp_path, 90, TAG, header="surrogate-key")]
    ours.append(put(tmp_path, 92, TAG, header="X-Amz-Meta-Cache-Tag"))
    ours.append(put(tmp_path, 91, f"tenant, {TAG}"))
    others = [put(tmp_path, n, OTHER) for n in range(50, 80)]
    assert CacheFolder(str(tmp_path)).purge([TAG]) == len(ours)
    assert not any(path.exists() for path in ours)
    assert all(path.exists() for path in others)
    assert CacheFolder(str(tmp_path)).purge([TAG]) == 0


def test_purge_ignores_a_tag_in_the_key(tmp_path):
    path = put(tmp_path, 1, OTHER, key=f"/x/\r\nCache-Tag: {OTHER}|".encode())
    assert CacheFolder(str(tmp_path)).purge([TAG]) == 0
    assert path.exists()


def test_purge_of_the_longest_path_reads_the_headers(tmp_path):
    path = put(tmp_path, 1, TAG, key=b"/s/" + b"x" * 16384 + b"|")
    assert CacheFolder(str(tmp_path)).purge([TAG]) == 1
    assert not path.exists()


def test_purge_leaves_links_and_other_files(tmp_path):
    root, outside = tmp_path / "cache", tmp_path / "outside"
    root.mkdir()
    target = put(outside, 1, TAG)
    (root / "a").symlink_to(target.parent.parent)
    folder = put(root, 2, OTHER).parent
    (folder / f"{9:032x}").symlink_to(target)
    os.mkfifo(folder / f"{10:032x}")
    notes = [folder / f"{11:032x}.tmp", root / "notes.txt"]
    for note in notes:
        note.write_bytes(target.read_bytes())
    assert CacheFolder(str(root)).purge([TAG]) == 0
    assert target.exists()
    assert all(note.exists() for note in notes)


def test_cache_folder_that_is_missing_raises(tmp_path):
    with pytest.raises(SettingsError, match="NGINX_CACHE_PATH"):
        CacheFolder(str(tmp_path / "missing"))


def test_purge_of_an_open_file_invalidates_its_header_only(tmp_path):
    path = put(tmp_path, 1, TAG)
    before = path.read_bytes()
    with path.open("rb") as held:
        assert CacheFolder(str(tmp_path)).purge([TAG]) == 1
        after = held.read()
    assert after[:8] == bytes(8) != before[:8]
    assert after[8:] == before[8:]
