"""Manifests, folders and access logs as inputs."""

import json
import os

import pytest

from mememime_proxy.batch.inputs.local import LocalInput, read_access_log, read_folder, read_manifest
from mememime_proxy.batch.inputs.opening import open_input
from mememime_proxy.batch.model import BatchItem
from mememime_proxy.errors import BatchInputError, BatchUsageError
from mememime_proxy.settings.settings import load


def settings(**variables):
    return load({f"MEMEMIME_{name.upper()}": value for name, value in variables.items()}, keys_needed=False)


def test_csv_manifest(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text("source,options,name\nalias://a,,\nlocal:///b.jpg,rs:fit:9/q:50,b\n", "utf-8")
    assert list(read_manifest(path)) == [BatchItem("alias://a"), BatchItem("local:///b.jpg", "rs:fit:9/q:50", "b")]


def test_json_lines_manifest(tmp_path):
    path = tmp_path / "m.jsonl"
    path.write_text('{"source": "alias://a", "more": 1}\n\n{"source": "alias://b", "alias": "b"}\n', "utf-8")
    assert list(read_manifest(path)) == [BatchItem("alias://a"), BatchItem("alias://b", "", "b")]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("m.csv", "file\na.jpg\n", "no column source"),
        ("m.csv", "source\n\"\"\n", "row 2: source: found nothing"),
        ("m.jsonl", '{"source": 1}\n', "row 1: source: found 1, expected text"),
        ("m.jsonl", '{"source": "a"}\n[]\n', "line 2: found list"),
        ("m.jsonl", "no\n", "line 1: no JSON"),
    ],
)  # fmt: skip
def test_wrong_row_is_named(tmp_path, name, text, message):
    path = tmp_path / name
    path.write_text(text, "utf-8")
    with pytest.raises(BatchInputError, match=message):
        list(read_manifest(path))


def test_manifest_that_cannot_be_read_is_named(tmp_path):
    path = tmp_path / "m.jsonl"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(BatchInputError, match=r"m\.jsonl: cannot be read"):
        list(read_manifest(path))


def test_parquet_without_pyarrow_says_what_to_install(tmp_path):
    try:
        from pyarrow import Table, parquet
    except ModuleNotFoundError:
        with pytest.raises(BatchInputError, match="pyarrow"):
            list(read_manifest(tmp_path / "m.parquet"))
        return
    parquet.write_table(Table.from_pydict({"source": ["alias://a"], "more": [1]}), tmp_path / "m.parquet")
    assert list(read_manifest(tmp_path / "m.parquet")) == [BatchItem("alias://a")]


def test_folder_has_pictures_by_name_without_links_and_hidden_files(tmp_path):
    (tmp_path / "b/c").mkdir(parents=True)
    for name in ("b/c/x.webp", "b/ä %20b.JPG", "a.png", ".hidden.png", "b/notes.txt"):
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, (5, 5))
    (tmp_path / "link.png").symlink_to(tmp_path / "a.png")
    assert list(read_folder(tmp_path / "b", tmp_path)) == [
        BatchItem("local:///b/ä %20b.JPG", name="ä %20b", changed=5.0, size=1),
        BatchItem("local:///b/c/x.webp", name="c/x", changed=5.0, size=1),
    ]
    assert [item.source for item in read_folder(tmp_path, tmp_path)] == [
        "local:///a.png", "local:///b/ä %20b.JPG", "local:///b/c/x.webp",
    ]  # fmt: skip


def test_access_log_gives_the_most_frequent_first(tmp_path):
    path = tmp_path / "log.jsonl"
    lines = [
        {"event": "request.answered", "status": 200, "source": "alias://a", "options": "preset:card"},
        *[{"event": "request.answered", "status": 304, "source": "alias://b", "options": ""}] * 2,
        {"event": "request.answered", "status": 404, "source": "alias://c", "options": ""},
        {"event": "service.started"},
        7,
    ]
    path.write_text("no JSON\n" + "".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    assert list(read_access_log(path)) == [BatchItem("alias://b"), BatchItem("alias://a", "preset:card")]


def test_log_without_pictures_is_refused(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text("text\n", "utf-8")
    with pytest.raises(BatchInputError, match="LOG_FORMAT=json"):
        list(read_access_log(path))


async def test_items_are_read_in_threads_and_digest_is_of_the_content(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text("source\n" + "".join(f"alias://{number}\n" for number in range(1200)), "utf-8")
    source = LocalInput(lambda: read_manifest(path), path)
    assert [item.source async for item in source.items()] == [f"alias://{number}" for number in range(1200)]
    before = source.digest()
    path.write_text("source\nalias://a\n", "utf-8")
    assert source.digest() != before


def test_folder_without_a_root_is_its_own(tmp_path):
    _, found = open_input(str(tmp_path), settings())
    assert found.local_filesystem_root == str(tmp_path)


def test_folder_outside_of_the_root_is_refused(tmp_path):
    (tmp_path / "root").mkdir()
    with pytest.raises(BatchUsageError, match="LOCAL_FILESYSTEM_ROOT"):
        open_input(str(tmp_path), settings(local_filesystem_root=str(tmp_path / "root")))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nothing.csv", "expected a manifest"),
        ("alias:shop/", "MEMEMIME_RESOURCES_URL"),
        ("assets", "MEMEMIME_RESOURCES_API_KEY"),
    ],
)
def test_input_that_is_none_is_refused(text, message):
    with pytest.raises(BatchUsageError, match=message):
        open_input(text, settings())


def test_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "list.txt").write_text("a", "utf-8")
    with pytest.raises(BatchUsageError, match="expected the extension"):
        open_input(str(tmp_path / "list.txt"), settings())
