"""Batches in real processes: the bytes of requests, skipping, shards, files, errors."""

import hashlib
import json
import os

import pyvips

from mememime_proxy.urls import UrlBuilder
from tests.support.batch_process import end_batch, report_lines, run_batch, start_batch
from tests.support.proxy_process import KEY, SALT, ProxyProcess

PRESETS = "card=rs:fill:120:90/q:70,thumb=rs:fit:40:40"
NAMES = ("astronaut.jpg", "coffee.jpg", "clear.png", "drawing.svg")


def settings(store, pictures, **more):
    return {
        "cache_use": "fs", "cache_fs_root": str(store), "local_filesystem_root": str(pictures), "presets": PRESETS,
        "auto_webp": "1", "auto_avif": "1", **more,
    }  # fmt: skip


def manifest(folder, names=NAMES):
    path = folder / "input.csv"
    path.write_text("source\n" + "".join(f"local:///{name}\n" for name in names), "utf-8")
    return str(path)


def render(folder, *words, of=("card", "thumb"), **variables):
    arguments = [word for preset in of for word in ("--preset", preset)]
    return run_batch(folder, "render", *arguments, *words, **variables)


async def responses(client, proxy, extension=""):
    """Return the bytes of all variants as a browser with AVIF, one with WebP and one with neither gets them."""
    found = {}
    for name in NAMES:
        for preset in ("card", "thumb"):
            url = UrlBuilder(proxy.base, key=KEY, salt=SALT).preset(preset).build(f"local:///{name}", extension)
            for accept in ("image/avif,image/webp,*/*", "image/webp,*/*", "*/*"):
                async with client.get(url, headers={"Accept": accept}) as response:
                    assert response.status == 200
                    found[name, preset, accept] = await response.read()
    return found


async def test_variants_of_a_batch_are_those_of_requests(client, pictures, tmp_path):
    store = tmp_path / "store"
    variables = settings(store, pictures)
    ended = render(tmp_path, "--from", manifest(tmp_path), **variables)
    assert (ended.status, ended.counts) == (0, (24, 0, 0)), ended.output
    with ProxyProcess(tmp_path / "a", key=KEY, salt=SALT, **variables) as proxy:
        of_batch = await responses(client, proxy)
        assert proxy.renders() == 0
    with ProxyProcess(tmp_path / "b", key=KEY, salt=SALT, **{**variables, "cache_use": ""}) as proxy:
        assert await responses(client, proxy) == of_batch
        assert proxy.renders() == 24


def test_second_run_makes_what_is_missing_or_older_than_its_original(pictures, tmp_path):
    store, folder = tmp_path / "store", tmp_path / "originals"
    folder.mkdir()
    variables = settings(store, folder)
    for name in ("coffee.jpg", "clear.png", "cut.webp"):
        (folder / name).write_bytes((pictures / name).read_bytes())
        os.utime(folder / name, (5, 5))
    words = ("--from", str(folder), "--format", "webp")
    assert render(tmp_path, *words, **variables).counts == (6, 0, 0)
    records = [path for path in store.rglob("*") if len(path.name) == 32 and path.is_file()]
    by_source = {path.parent: path for path in records}
    next(iter(by_source.values())).unlink()
    for path in records:
        if path.exists():
            os.utime(path, (7, 7))
    (folder / "cut.webp").write_bytes((pictures / "coffee.jpg").read_bytes())
    counts = render(tmp_path, *words, **variables).counts
    assert counts in ((3, 3, 0), (2, 4, 0)), "one record was missing, two were of the former picture"
    assert render(tmp_path, *words, "--revalidate", **variables).counts == (0, 6, 0)


def test_shards_have_every_item_once_without_a_database(pictures, tmp_path):
    variables = settings(tmp_path / "store", pictures, workers="1")
    (tmp_path / "input.csv").write_text("source,options\n" + "".join(
        f"local:///cut.png,w:{width}\n" if width % 2 else f"local:///coffee.jpg?{width},w:9\n" for width in range(1, 41)
    ), "utf-8")  # fmt: skip
    processes = []
    for shard in range(4):
        log = tmp_path / f"{shard}.log"
        words = ("--from", "input.csv", "--format", "jpg", "--shard", f"{shard}/4", "--report", f"{shard}.jsonl")
        processes.append((start_batch(log, ("render", *words), **variables), log))
    assert [end_batch(*each).status for each in processes] == [0] * 4
    parts = [
        {(line["source"], line["unit"]) for line in report_lines(tmp_path / f"{shard}.jsonl")} for shard in range(4)
    ]
    assert sum(map(len, parts)) == len(set().union(*parts)) == 40
    assert sum(map(bool, parts)) == 4


def test_files_have_names_and_a_manifest_and_are_written_once(pictures, tmp_path):
    place = tmp_path / "out"
    words = ("render", "--from", manifest(tmp_path), "--options", "rs:fit:50", "--format", "webp", "--format", "jpg",
             "--to", str(place), "--template", "{path}.{ext}")  # fmt: skip
    ended = run_batch(tmp_path, *words, local_filesystem_root=str(pictures))
    assert (ended.status, ended.counts) == (0, (8, 0, 0)), ended.output
    (path,) = place.glob("manifests/*/*.jsonl")
    lines = {line["file"]: line for line in map(json.loads, path.read_text("utf-8").splitlines())}
    assert set(lines) == {f"{name.partition('.')[0]}.{ext}" for name in NAMES for ext in ("webp", "jpg")}
    for name, line in lines.items():
        assert hashlib.sha256((place / name).read_bytes()).hexdigest() == line["sha256"]
    written = {name: (place / name).stat().st_mtime_ns for name in lines}
    (place / "coffee.jpg").unlink()
    assert run_batch(tmp_path, *words, local_filesystem_root=str(pictures)).counts == (1, 7, 0)
    path.unlink()  # the manifest is lost: all is rendered, and no file is replaced by its own bytes
    again = run_batch(tmp_path, *words, local_filesystem_root=str(pictures))
    assert again.counts == (0, 8, 0)
    assert {name for name, time in written.items() if (place / name).stat().st_mtime_ns != time} == {"coffee.jpg"}


def test_two_variants_with_one_name_are_an_error(pictures, tmp_path):
    source = manifest(tmp_path, ("cut.png", "cut.webp"))
    ended = run_batch(
        tmp_path, "render", "--from", source, "--options", "w:9", "--format", "jpg", "--to", "out",
        local_filesystem_root=str(pictures),
    )  # fmt: skip
    assert (ended.status, ended.counts) == (1, (1, 0, 1))
    assert set(ended.failures.values()) == {"batch.input_invalid"}


def test_errors_are_by_item_with_their_codes(pictures, tmp_path):
    source = manifest(tmp_path, ("coffee.jpg", "broken.jpg", "none.jpg", "text.txt"))
    report = tmp_path / "report.jsonl"
    ended = render(
        tmp_path, "--from", source, "--format", "png", "--report", str(report), of=("card",),
        **settings(tmp_path / "store", pictures),
    )  # fmt: skip
    assert (ended.status, ended.counts) == (1, (1, 0, 3))
    assert ended.failures == {
        ("local:///broken.jpg", "card@png"): "image.corrupt",
        ("local:///none.jpg", "card@png"): "source.not_found",
        ("local:///text.txt", "card@png"): "image.format_unknown",
    }
    assert {line["source"]: line["state"] for line in report_lines(report)} == {
        "local:///coffee.jpg": "done", "local:///broken.jpg": "failed", "local:///none.jpg": "failed",
        "local:///text.txt": "failed",
    }  # fmt: skip


def test_originals_are_recoded_whole_and_packed_again_without_loss(pictures, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("coffee.jpg", "cut.png", "cut.webp"):
        (folder / name).write_bytes((pictures / name).read_bytes())
    variables = {"local_filesystem_root": str(folder), "presets": "default=w:9"}

    def recode(*words):
        ended = run_batch(tmp_path, "recode", "--from", str(folder), *words, **variables)
        assert ended.status == 0, ended.output
        return ended.counts

    words = ("--format", "webp", "--quality", "50", "--to", "webp", "--template", "{path}-{stem}.{preset}")
    (folder / "cut.webp").rename(folder / "other.webp")
    assert recode(*words) == (3, 0, 0)
    for name in ("coffee.jpg", "cut.png", "other.webp"):
        stem = name.partition(".")[0]
        made = pyvips.Image.new_from_file(str(tmp_path / "webp" / f"{stem}-{stem}.webp"))
        original = pyvips.Image.new_from_file(str(folder / name))
        assert (made.get("vips-loader"), made.width, made.height) == ("webpload", original.width, original.height)
    assert recode(*words) == (0, 3, 0)
    assert recode("--format", "repack", "--to", "packed") == (3, 0, 0)
    for name in ("coffee.jpg", "cut.png", "other.webp"):
        made, original = (pyvips.Image.new_from_file(str(place / name)) for place in (tmp_path / "packed", folder))
        assert (made - original).abs().max() == 0
    sizes = {
        name: ((tmp_path / "packed" / name).stat().st_size, (folder / name).stat().st_size)
        for name in ("coffee.jpg", "cut.png", "other.webp")
    }
    assert sizes["cut.png"][0] < sizes["cut.png"][1]
    assert sizes["other.webp"][0] == sizes["other.webp"][1]
