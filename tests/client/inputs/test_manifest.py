import csv
import json

import pytest

from mememime_proxy.client.errors import FileError
from mememime_proxy.client.inputs.manifest import ManifestWriter, VariantUrls, read_manifest
from mememime_proxy.client.results import Outcome
from mememime_proxy.errors import OptionError
from mememime_proxy.urls import UrlBuilder, UrlConfig, UrlParser

KEY, SALT = "6b" * 32, "73" * 32


def test_manifest_in_csv_and_json_has_the_same_entries(tmp_path):
    (tmp_path / "in.csv").write_text(
        "\ufefffile,alias,tags,focal_x,focal_y,preset\n"
        'a.jpg,products/1,"red; shoe",0.25,1,hero\n'
        "sub/b.jpg,,,,,\n"
    )  # fmt: skip
    (tmp_path / "in.jsonl").write_text(
        '{"file": "a.jpg", "alias": "products/1", "tags": ["red", "shoe"], "focal_x": 0.25, "focal_y": 1,'
        ' "preset": "hero"}\n\n{"file": "sub/b.jpg"}\n'
    )
    first, second = (list(read_manifest(tmp_path / name)) for name in ("in.csv", "in.jsonl"))
    assert first == second
    assert (first[0].alias, first[0].tags, first[0].focal, first[0].preset) == (
        "products/1", ("red", "shoe"), (0.25, 1.0), "hero",
    )  # fmt: skip
    assert first[1].place == str(tmp_path / "sub" / "b.jpg")
    assert first[1].path == "sub/b.jpg"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "file,alias\nx.jpg\n", "line 2: found another number"),
        ("a.csv", "file,color\nx.jpg,red\n", "line 2: found 'color'"),
        ("a.csv", "file,focal_x\nx.jpg,0.5\n", "line 2: found one of focal_x and focal_y"),
        ("a.csv", "file,focal_x,focal_y\nx.jpg,0.5,2\n", "line 2: found the focal point"),
        ("a.csv", "file,focal_x,focal_y\nx.jpg,nan,0\n", "line 2: found the focal point"),
        ("a.csv", 'file\n"x', "line"),
        ("a.jsonl", "{}\n", "line 1: file: found nothing"),
        ("a.jsonl", "{\n", "line 1: not JSON"),
        ("a.jsonl", '\n["x"]\n', "line 2: found list"),
        ("a.jsonl", '{"file": 7}', "line 1: file: found 7"),
        ("a.jsonl", '{"file": "x", "tags": [1]}', "line 1: tags"),
    ],
)
def test_manifest_invalid_line_is_named_in_the_error(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    (entry,) = read_manifest(tmp_path / name)
    assert message in f"{entry.place}: {refusal(entry)}"


def refusal(entry):
    with pytest.raises(FileError) as error:
        entry.open()
    return error.value


def test_f1_manifest_invalid_line_stops_no_other(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"file": "a.jpg"}\n{"file": 7}\nnonsense\n{"file": "b.jpg"}\n')
    (tmp_path / "a.csv").write_text("file,focal_x,focal_y\na.jpg,,\nb.jpg,9,9\nc.jpg,,,,\nd.jpg,1,1\n")
    assert [entry.path for entry in read_manifest(tmp_path / "a.jsonl")] == ["a.jpg", "", "", "b.jpg"]
    assert [entry.path for entry in read_manifest(tmp_path / "a.csv")] == ["a.jpg", "", "", "d.jpg"]


def test_manifest_that_is_missing_raises_file_error(tmp_path):
    (tmp_path / "x.jsonl").write_bytes(b"\xff\xfe")
    for name in ("none.csv", "x.jsonl"):
        with pytest.raises(FileError, match="cannot be read"):
            list(read_manifest(tmp_path / name))


OUTCOMES = [
    Outcome(path="a.jpg", place="/x/a.jpg", state="uploaded", sha256="ab" * 32, size=7, alias="products/1", version=2),
    Outcome(path="b.jpg", place="/x/b.jpg", state="present", sha256="cd" * 32, size=8),
    Outcome(path="c.jpg", place="/x/c\udce9.jpg", state="failed", reason="broken, by the way"),
]


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl"])
def test_manifest_writer_writes_a_row_for_each_outcome(tmp_path, name):
    urls = VariantUrls(UrlBuilder("https://i.example", KEY, SALT), ("rs:fit:640",), "webp")
    with ManifestWriter(tmp_path / name, urls) as writer:
        for outcome in OUTCOMES:
            writer.write(outcome)
    text = (tmp_path / name).read_text()
    rows = list(csv.DictReader(text.splitlines())) if name.endswith("csv") else list(map(json.loads, text.splitlines()))
    assert [row["state"] for row in rows] == ["uploaded", "present", "failed"]
    assert [row["reason"] for row in rows] == ["", "", "broken, by the way"]
    assert [str(row["version"]) for row in rows] == ["2", "0", "0"]
    parser = UrlParser(UrlConfig(key_pairs=((bytes.fromhex(KEY), bytes.fromhex(SALT)),)))
    plans = [parser.parse(row["url"].removeprefix("https://i.example")) for row in rows[:2]]
    assert [plan.source for plan in plans] == ["alias://products/1", f"asset://{'cd' * 32}"]
    assert plans[0].width == 640
    assert rows[2]["url"] == ""


def test_variant_urls_invalid_option_raises_at_construction():
    with pytest.raises(OptionError):
        VariantUrls(UrlBuilder("https://i.example", unsigned=True), ("rs:wrong",))
