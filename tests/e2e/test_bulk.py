"""``mememime upload`` and ``mememime verify`` as their own processes, against a running resource service."""

import contextlib
import hashlib
import json
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.support.child_process import WITHOUT_SETTINGS, clean_environment
from tests.support.numbered_png import numbered_png
from tests.support.proxy_process import KEY, SALT, ProxyProcess
from tests.support.resource_process import ADMIN_KEY, ResourceProcess

SMALL, LARGE = 60, 1
SAMPLES = Path(__file__).parents[2] / "config" / "samples"


class Client:
    """The command with its own state folder."""

    def __init__(self, folder, base, **environ):
        self.state = folder / "state"
        self.environ = clean_environment(
            XDG_STATE_HOME=str(self.state), MEMEMIME_RESOURCES_URL=base, MEMEMIME_RESOURCES_API_KEY=ADMIN_KEY, **environ
        )

    @contextlib.contextmanager
    def started(self, *words):
        """The running command; killed at the end of the block if it still runs."""
        process = subprocess.Popen(
            [sys.executable, "-m", "mememime_proxy", *words],
            env=self.environ, cwd=WITHOUT_SETTINGS, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            # Whoever runs the tests in the background may have it ignored, and that is inherited.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
        )  # fmt: skip
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def run(self, *words):
        """Exit code, and the JSON lines of standard output."""
        with self.started(*words, "--json") as process:
            out, log = process.communicate(timeout=120)
        assert process.returncode in {0, 1}, log
        return process.returncode, [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def resources(tmp_path):
    with ResourceProcess(tmp_path, upload_piece_size="1") as service:
        yield service


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """Many small pictures and some that go in parts."""
    folder = tmp_path_factory.mktemp("photographs")
    for number in range(SMALL):
        path = folder / f"{number % 8}" / f"{number:04}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(numbered_png(number))
    for number in range(LARGE):
        (folder / f"large-{number}.png").write_bytes(numbered_png(100_000 + number, 6_000_000))
    return folder


PARTS = ("--large", "1M", "--part-size", "1M")


def test_upload_of_many_files_repeated_sends_nothing(resources, photographs, tmp_path):
    client = Client(tmp_path, resources.base)
    command = ("upload", str(photographs), "--alias", "p/{path}", *PARTS)
    code, lines = client.run(*command)
    *files, last = lines
    assert code == 0, [each for each in files if each["state"] != "uploaded"]
    assert last["states"] == {"uploaded": SMALL + LARGE}
    assert last["sent"] == last["bytes"] == sum(path.stat().st_size for path in photographs.rglob("*.png"))
    for each in (files[0], next(each for each in files if "large" in each["path"])):
        reply = resources.request("GET", f"/assets/{each['sha256']}/content")
        assert reply.body == Path(each["place"]).read_bytes()

    code, lines = client.run(*command)
    assert (code, lines[-1]["states"], lines[-1]["sent"]) == (0, {"present": SMALL + LARGE}, 0)
    code, lines = Client(tmp_path / "elsewhere", resources.base).run(*command, "--no-journal")
    assert (code, lines[-1]["states"], lines[-1]["sent"]) == (0, {"present": SMALL + LARGE}, 0)
    assert {each["version"] for each in lines[:-1]} == {1}

    code, lines = client.run("verify", str(photographs), "--alias", "p/{path}")
    assert (code, lines[-1]["states"]) == (0, {"same": SMALL + LARGE})


def test_upload_killed_and_repeated_sends_the_rest(resources, photographs, tmp_path):
    client = Client(tmp_path, resources.base)
    command = ("upload", str(photographs), "--alias", "p/{path}", *PARTS)
    chance = random.Random(4)
    acknowledged = 0
    for _ in range(3):
        # Slow enough to be killed in the middle; each time behind some files more.
        target = chance.randrange(8, 25)
        with client.started(*command, "--json", "--bandwidth", "6M", "--parallel", "4") as process:
            for number, line in enumerate(process.stdout):
                event = json.loads(line)["event"]
                assert event in {"file", "summary"}
                # The summary comes where it was so much faster than whoever reads this that all was done before.
                if event == "summary" or number >= acknowledged + target:
                    break
        here = resources.request("GET", "/assets?limit=1000").json["assets"]
        acknowledged = len(here)
    sent_before = sum(asset["size"] for asset in here)
    code, lines = client.run(*command)
    assert code == 0
    last = lines[-1]
    assert last["states"].get("present", 0) >= acknowledged
    assert last["sent"] <= last["bytes"] - sent_before
    assert client.run("verify", str(photographs), "--alias", "p/{path}")[0] == 0


def test_upload_of_large_file_killed_is_resumed_inside_the_file(resources, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.png").write_bytes(data := numbered_png(1, 24_000_000))
    client = Client(tmp_path, resources.base)
    end = time.monotonic() + 60
    with client.started("upload", str(folder), *PARTS, "--bandwidth", "2M") as process:
        while (acknowledged := _acknowledged(resources, client)) < 6_000_000:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < end
            time.sleep(0.05)
    code, lines = client.run("upload", str(folder), *PARTS)
    assert (code, lines[0]["state"], lines[0]["sha256"]) == (0, "uploaded", hashlib.sha256(data).hexdigest())
    assert lines[-1]["sent"] <= len(data) - acknowledged
    assert resources.request("GET", f"/assets/{lines[0]['sha256']}/content").body == data


def _acknowledged(resources, client):
    """Bytes that the service says it has, of all parts that the client's journal knows."""
    journal = client.state / "mememime" / "uploads.db"
    if not journal.exists():
        return 0
    urls = []
    with (
        contextlib.closing(sqlite3.connect(journal, timeout=10)) as database,
        contextlib.suppress(sqlite3.OperationalError),  # its tables are still to be made
    ):
        urls = [url for (url,) in database.execute("SELECT url FROM parts") if url.count("/") == 2]
    replies = [resources.request("HEAD", url, headers={"Tus-Resumable": "1.0.0"}) for url in urls]
    return sum(int(reply.headers["Upload-Offset"]) for reply in replies if reply.status == 200)


def test_output_table_has_urls_that_open(resources, tmp_path):
    client = Client(tmp_path, resources.base, MEMEMIME_KEY=KEY, MEMEMIME_SALT=SALT)
    (tmp_path / "proxy").mkdir()
    with ProxyProcess(tmp_path / "proxy", key=KEY, salt=SALT, **resources.proxy_settings()) as proxy:
        out = tmp_path / "out.jsonl"
        attributes = ("--alias", "s/{stem}", "--include", "*.jpg", "--url-option", "rs:fit:64", "-f", "png")
        code, _ = client.run("upload", str(SAMPLES), *attributes, "--output", str(out), "--base-url", proxy.base)
        assert code == 0
        rows = [json.loads(line) for line in out.read_text().splitlines()]
        uploaded = [row for row in rows if row["state"] == "uploaded"]
        assert len(uploaded) == 4
        assert {(row["state"], row["url"]) for row in rows if row not in uploaded} == {("left_out", "")}
        for row in uploaded:
            with urlopen(row["url"], timeout=30) as answer:
                assert answer.headers["Content-Type"] == "image/png"
                assert answer.read(8) == b"\x89PNG\r\n\x1a\n"


def test_upload_from_bucket_sends_objects(resources, s3_server, tmp_path):
    names = {f"in/{number}.png": numbered_png(number) for number in range(20)}
    bucket = s3_server.create_bucket(**names, **{"in/notes.txt": b"no picture", "out.png": numbered_png(99)})
    client = Client(
        tmp_path, resources.base, MEMEMIME_USE_S3="true", MEMEMIME_S3_ENDPOINT=s3_server.endpoint,
        MEMEMIME_S3_REGION=s3_server.region, AWS_ACCESS_KEY_ID=s3_server.access_key,
        AWS_SECRET_ACCESS_KEY=s3_server.secret_key,
    )  # fmt: skip
    command = ("upload", f"s3://{bucket}/in/", "--alias", "b/{path}")
    code, lines = client.run(*command)
    assert (code, lines[-1]["states"]) == (0, {"uploaded": 20, "left_out": 1})
    sent = [each for each in lines[:-1] if each["state"] == "uploaded"]
    assert {each["alias"] for each in sent} == {f"b/{number}" for number in range(20)}
    assert {each["sha256"] for each in sent} == {hashlib.sha256(data).hexdigest() for data in names.values()}
    code, lines = client.run(*command)
    assert (code, lines[-1]["states"], lines[-1]["sent"]) == (0, {"present": 20, "left_out": 1}, 0)


def test_upload_presigned_sends_large_files_to_the_storage(s3_server, tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_server.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.secret_key)
    bucket = s3_server.create_bucket()
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.png").write_bytes(data := numbered_png(1, 12_000_000))
    with ResourceProcess(
        tmp_path, assets_storage=f"s3://{bucket}/kept", s3_endpoint=s3_server.endpoint, s3_region=s3_server.region
    ) as resources:
        client = Client(tmp_path, resources.base)
        code, lines = client.run("upload", str(folder), "--via", "presigned", "--alias", "{stem}")
        assert (code, lines[0]["state"], lines[0]["alias"]) == (0, "uploaded", "a")
        assert lines[-1]["sent"] == len(data)
        assert not [line for line in resources.lines() if "/uploads" in str(line)]
        assert resources.request("GET", f"/assets/{lines[0]['sha256']}/content").body == data
    # The object that the parts went to is gone again.
    objects = s3_server.client().list_objects_v2(Bucket=bucket)["Contents"]
    assert [each["Key"].split("/")[1] for each in objects] == ["assets"]


def test_upload_interrupted_exits_with_130(resources, photographs, tmp_path):
    command = ("upload", str(photographs), "--bandwidth", "100k", "--json")
    with Client(tmp_path, resources.base).started(*command) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, log = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "run the same command again to resume" in log
    assert "Traceback" not in log
