"""Batches as jobs, in real processes: one machine or several, failures, cancellation, uploads, kills."""

import contextlib
import hashlib
import json

import pytest

from mememime_proxy.urls import UrlBuilder
from tests.support.batch_process import end_batch, run_batch, start_batch
from tests.support.batch_trials import WIDTHS, run_trial
from tests.support.commands import invoke
from tests.support.job_process import JobWorkerProcess
from tests.support.postgres_server import PostgresServer
from tests.support.proxy_process import KEY, SALT, ProxyProcess
from tests.support.resource_process import ADMIN_KEY, ResourceProcess
from tests.support.waiting import wait_until

NAMES = ("astronaut.jpg", "coffee.jpg", "clear.png", "drawing.svg")
FORMATS = ("--format", "webp", "--format", "jpg")


@pytest.fixture
def originals(pictures, tmp_path):
    folder = tmp_path / "originals"
    folder.mkdir()
    for name in NAMES:
        (folder / name).write_bytes((pictures / name).read_bytes())
    return folder


def digests(place):
    return {
        path.relative_to(place).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in place.rglob("*.*")
        if path.is_file() and not {"manifests", ".tmp"} & set(path.relative_to(place).parts)
    }


def worker(folder, url, **settings):
    return JobWorkerProcess(folder, url, "mememime_proxy", graceful_stop_timeout="1", workers="1", **settings)


def command(*words, **settings):
    """Run a command in this process, and return its lines of JSON."""
    result = invoke("batch", *words, **{f"MEMEMIME_{name.upper()}": value for name, value in settings.items()})
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


async def test_one_command_with_sqlite_writes_the_bytes_of_two_workers_on_postgresql(originals, tmp_path):
    words = ("render", "--from", str(originals), "--options", "rs:fit:60", *FORMATS)
    alone = run_batch(tmp_path, *words, "--to", str(tmp_path / "local"))
    assert (alone.status, alone.counts) == (0, (8, 0, 0)), alone.output
    sqlite = run_batch(
        tmp_path, *words, "--to", str(tmp_path / "sqlite"), "--engine", "queue",
        database_url=f"sqlite:///{tmp_path}/jobs.sqlite",
    )  # fmt: skip
    assert (sqlite.status, sqlite.counts) == (0, (8, 0, 0)), sqlite.output
    with PostgresServer() as server, contextlib.ExitStack() as stack:
        settings = {"local_filesystem_root": str(originals)}
        url = server.create()
        report, log = tmp_path / "report.jsonl", tmp_path / "queue.log"
        place = ("--to", str(tmp_path / "postgres"), "--engine", "queue", "--report", str(report))
        process = start_batch(log, (*words, *place), database_url=url, **settings)
        await wait_until(lambda: '"left": 8' in log.read_text("utf-8"), 60)
        for name in ("a", "b"):
            stack.enter_context(worker(tmp_path / name, url, **settings))
        ended = end_batch(process, log)
        assert (ended.status, ended.counts) == (0, (8, 0, 0)), ended.output
    assert digests(tmp_path / "local") == digests(tmp_path / "sqlite") == digests(tmp_path / "postgres")
    files = {line["file"]: line["sha256"] for line in map(json.loads, report.read_text("utf-8").splitlines())}
    assert files == digests(tmp_path / "local")


def test_failed_variants_are_reported_and_tried_again(originals, pictures, tmp_path):
    (originals / "broken.jpg").write_bytes((pictures / "broken.jpg").read_bytes())
    settings = {"database_url": f"sqlite:///{tmp_path}/jobs.sqlite", "local_filesystem_root": str(originals)}
    words = ("render", "--from", str(originals), "--options", "w:9", "--format", "jpg", "--to", str(tmp_path / "out"),
             "--engine", "queue", "--job", "mine")  # fmt: skip
    ended = run_batch(tmp_path, *words, **settings)
    assert (ended.status, ended.counts) == (1, (4, 0, 1)), ended.output
    assert ended.failures == {("local:///broken.jpg", "w-9@jpg"): "image.corrupt"}
    (found,) = command("status", "mine", **settings)
    assert (found["state"], found["error"]["type"].rpartition("/")[2]) == ("failed", "image.corrupt")
    lines = command("report", "mine", **settings)
    assert [line["source"] for line in lines if line.get("error") == "image.corrupt"] == ["local:///broken.jpg"]
    assert sum("sha256" in line for line in lines) == 4
    (originals / "broken.jpg").write_bytes((pictures / "coffee.jpg").read_bytes())
    assert command("retry", found["id"], **settings)[0]["state"] == "queued"
    # The same command goes on with the job, and runs its chunks, since the database is SQLite.
    assert run_batch(tmp_path, *words, **settings).status == 0
    (found,) = command("status", **settings)
    assert (found["state"], found["items"]["done"] + found["items"]["skipped"]) == ("done", 5)
    assert not [line for line in command("report", "mine", **settings) if "error" in line]


def test_cancelled_batch_stops_and_unknown_ones_are_refused(originals, tmp_path):
    settings = {"database_url": f"sqlite:///{tmp_path}/jobs.sqlite", "local_filesystem_root": str(originals)}
    words = ("render", "--from", str(originals), "--format", "jpg", "--to", "out", "--engine", "none", "--job", "x")
    assert command(*words, **settings)[0]["new"] is True
    assert command(*words, **settings)[0]["new"] is False
    assert command("cancel", "x", **settings)[0]["state"] == "cancelled"
    assert command(*words, **settings)[0]["new"] is True
    unknown = invoke("batch", "cancel", "y", MEMEMIME_DATABASE_URL=settings["database_url"])
    assert (unknown.exit_code, "no job y" in unknown.output) == (1, True), unknown.output


async def test_presets_are_rendered_right_after_an_upload(client, pictures, tmp_path):
    store, url = tmp_path / "store", f"sqlite:///{tmp_path}/jobs.sqlite"
    common = {"presets": "card=rs:fill:50:40,thumb=w:20", "cache_use": "fs", "cache_fs_root": str(store),
              "assets_storage": str(tmp_path / "assets"), "resources_api_key": ADMIN_KEY}  # fmt: skip
    folder = tmp_path / "resources"
    with ResourceProcess(folder, database_url=url, **common, prerender="card,thumb") as service:
        common["resources_url"] = service.base
        with (
            worker(tmp_path / "a", url, **common, auto_webp="1"),
            ProxyProcess(tmp_path / "p", key=KEY, salt=SALT, **common, auto_webp="1") as proxy,
        ):
            body = (pictures / "coffee.jpg").read_bytes()
            answer = service.request("PUT", "/assets?alias=shop/cup", body)
            assert answer.status in {200, 201}, answer.body

            def states():
                return [job["state"] for job in service.request("GET", "/jobs?kind=batch").json["jobs"]]

            await wait_until(lambda: states() == ["done"])
            for preset in ("card", "thumb"):
                for accept in ("*/*", "image/webp,*/*"):
                    address = UrlBuilder(proxy.base, key=KEY, salt=SALT).preset(preset).build("alias://shop/cup")
                    async with client.get(address, headers={"Accept": accept}) as response:
                        assert response.status == 200
            assert proxy.renders() == 0


@pytest.mark.slow
async def test_kills_lose_nothing_and_make_nothing_twice(tmp_path):
    result = await run_trial(tmp_path, originals=50, kills=3, seed=7, chunk=0.5)
    total = 50 * len(WIDTHS)
    assert (result.state, result.missing, result.different, result.items_left) == ("done", 0, 0, 0), result
    assert result.kills.total() == 3
    assert result.repeated <= total / 100, result
    assert result.again == (0, total, 0), result
