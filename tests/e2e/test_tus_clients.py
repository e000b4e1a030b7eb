"""Resumable uploads by clients of other projects: tus-js-client, aiotus and tuspy, with a real service."""

import asyncio
import hashlib
import io
import itertools
import json
import os
import random
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import aiotus
import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed

from tests.support.node_packages import node, node_modules
from tests.support.numbered_png import numbered_png
from tests.support.resource_process import ADMIN_KEY, ResourceProcess

TUS_JS = "tus-js-client@4.3.1"
SCRIPT = Path(__file__).with_name("tus_client.cjs")
AUTHORIZED = {"Authorization": f"Bearer {ADMIN_KEY}"}
MIB = 1 << 20
CHUNK = 700_000
_NUMBERS = itertools.count(90_000)


@pytest.fixture(scope="module")
def resources(tmp_path_factory):
    with ResourceProcess(tmp_path_factory.mktemp("tus"), workers="1", upload_piece_size="1") as service:
        yield service


@pytest.fixture
def endpoint(resources):
    return f"{resources.base}/uploads"


@pytest.fixture
def photo(tmp_path):
    """A picture of some MiB that nobody else has."""
    path = tmp_path / "photo.png"
    path.write_bytes(numbered_png(next(_NUMBERS), 3 * MIB))
    return path


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def is_asset(resources, path, url):
    """The upload has become an asset of just these bytes."""
    status = resources.request("GET", urlsplit(str(url)).path).json
    assert (status["state"], status["asset"]) == ("done", digest(path))
    assert resources.request("GET", f"/assets/{digest(path)}/content").body == path.read_bytes()


def is_gone(resources, url):
    assert resources.request("HEAD", urlsplit(str(url)).path, headers={"Tus-Resumable": "1.0.0"}).status == 410


# --- tus-js-client


@pytest.fixture
def tus_js(endpoint, photo, tmp_path):
    """Return a function that runs tus-js-client once and returns its events."""
    environ = os.environ | {"NODE_PATH": str(node_modules(TUS_JS))}

    def run(options=None, **more):
        order = {
            "endpoint": endpoint,
            "key": ADMIN_KEY,
            "path": str(photo),
            "memory": str(tmp_path / "memory"),
            "options": options or {},
            **more,
        }
        result = subprocess.run([node(), str(SCRIPT), json.dumps(order)], env=environ, capture_output=True,
                                text=True, timeout=120, check=False)  # fmt: skip
        assert not result.stderr
        return [json.loads(line) for line in result.stdout.splitlines()]

    return run


@pytest.mark.promise("G19")
@pytest.mark.parametrize(
    "options",
    [{}, {"chunkSize": 700_000}, {"uploadDataDuringCreation": True}, {"uploadLengthDeferred": True, "chunkSize": MIB},
     {"parallelUploads": 3}, {"overridePatchMethod": True}],
    ids=["one request", "chunks", "with creation", "deferred length", "parallel", "by POST"],
)  # fmt: skip
def test_tus_js_client_uploads(resources, photo, tus_js, options):
    name = f"tusjs/{next(_NUMBERS)}"
    events = tus_js(
        options, metadata={"sha256": digest(photo), "alias": name}, stream="uploadLengthDeferred" in options
    )
    assert events[-1]["event"] == "success", events
    is_asset(resources, photo, events[-1]["url"])
    assert resources.request("GET", f"/aliases/{name}").json["sha256"] == digest(photo)


def test_tus_js_client_pauses_and_resumes(resources, photo, tus_js):
    events = tus_js({"chunkSize": 500_000}, pauseAt=1_000_000)
    assert events[-1]["event"] == "paused"
    events = tus_js({"chunkSize": 500_000})
    assert events[0]["event"] == "resumed"
    assert events[1]["accepted"] > 1_000_000, "it does not send again what is there"
    assert events[-1]["event"] == "success"
    is_asset(resources, photo, events[-1]["url"])


def test_tus_js_client_resumes_at_restarted_service(resources, photo, tus_js, tmp_path):
    (tmp_path / "other").mkdir()
    with ResourceProcess(tmp_path / "other", workers="1") as first:
        events = tus_js({"chunkSize": 500_000}, pauseAt=500_000, endpoint=f"{first.base}/uploads")
        assert events[-1]["event"] == "paused"
        first.process.kill()
        first.process.wait()
        address = f"127.0.0.1:{first.port}"
    with ResourceProcess(tmp_path / "other", workers="1", resources_bind=address) as again:
        events = tus_js({"chunkSize": 500_000}, endpoint=f"{again.base}/uploads")
        assert [events[0]["event"], events[-1]["event"]] == ["resumed", "success"]
        is_asset(again, photo, events[-1]["url"])


def test_tus_js_client_terminates(resources, tus_js):
    events = tus_js({"chunkSize": 500_000}, terminateAt=500_000)
    assert events[-1]["event"] == "terminated"
    is_gone(resources, events[-1]["url"])


def test_tus_js_client_gets_error_for_wrong_digest(tus_js):
    events = tus_js({}, metadata={"sha256": "0" * 64})
    assert events[-1]["event"] == "error"
    assert "422" in events[-1]["message"]


# --- aiotus


async def test_aiotus_uploads_and_reads_metadata(resources, endpoint, photo):
    metadata = {"filename": b"photo.png", "sha256": digest(photo).encode(), "note": b"\xff\x00 any bytes"}
    with photo.open("rb") as file:
        url = await aiotus.upload(endpoint, file, metadata, headers=AUTHORIZED, chunksize=CHUNK)
    is_asset(resources, photo, url)
    assert await aiotus.metadata(url, headers=AUTHORIZED) == metadata


@pytest.mark.promise("G19")
async def test_aiotus_uploads_in_parallel(resources, endpoint, photo):
    body = photo.read_bytes()
    edges = [0, 1000, MIB, len(body)]
    parts = [io.BytesIO(body[start:end]) for start, end in itertools.pairwise(edges)]
    url = await aiotus.upload_multiple(
        endpoint, parts, {"sha256": digest(photo).encode()}, headers=AUTHORIZED, chunksize=CHUNK
    )
    is_asset(resources, photo, url)


class Unsteady:
    """Stands between a client and the service, and hangs up when some of what the client sends has passed."""

    def __init__(self, port):
        self.port = port
        self.hung_up = 0
        self.dice = random.Random(2)
        self.connections = set()

    async def through(self, reader, writer):
        self.connections.add(asyncio.current_task())
        there = await asyncio.open_connection("127.0.0.1", self.port)
        sending = asyncio.create_task(self.pump(reader, there[1], self.dice.randrange(20_000, 900_000)))
        answering = asyncio.create_task(self.pump(there[0], writer, 1 << 40))
        try:
            await asyncio.wait({sending, answering}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, answering):
                task.cancel()
            outcomes = await asyncio.gather(sending, answering, return_exceptions=True)
            self.hung_up += outcomes[0] == "enough"
            for each in (writer, there[1]):
                each.close()
            await asyncio.gather(writer.wait_closed(), there[1].wait_closed(), return_exceptions=True)

    @staticmethod
    async def pump(source, target, most):
        while most > 0 and (chunk := await source.read(65536)):
            target.write(chunk[:most])
            most -= len(chunk)
            await target.drain()
        return "the end" if most > 0 else "enough"


async def test_aiotus_resumes_after_broken_connections(resources, photo):
    unsteady = Unsteady(resources.port)
    async with await asyncio.start_server(unsteady.through, "127.0.0.1", 0) as server:
        endpoint = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/uploads"
        config = aiotus.RetryConfiguration(retry_attempts=100, max_retry_period_seconds=0.05)
        with photo.open("rb") as file:
            metadata = {"sha256": digest(photo).encode()}
            url = await aiotus.upload(endpoint, file, metadata, config=config, headers=AUTHORIZED, chunksize=CHUNK)
        server.close()
        await asyncio.gather(*unsteady.connections, return_exceptions=True)
    assert unsteady.hung_up
    is_asset(resources, photo, url)


# --- tuspy


@pytest.fixture
def tuspy(endpoint):
    return TusClient(endpoint, headers=AUTHORIZED)


def test_tuspy_uploads_with_checksums(resources, tuspy, photo):
    with photo.open("rb") as file:
        uploader = tuspy.uploader(file_stream=file, chunk_size=700_000, upload_checksum=True,
                                  metadata={"sha256": digest(photo)})  # fmt: skip
        uploader.upload()
    is_asset(resources, photo, uploader.url)


@pytest.mark.promise("G19")
def test_tuspy_pauses_and_resumes(resources, tuspy, photo):
    with photo.open("rb") as file:
        first = tuspy.uploader(file_stream=file, chunk_size=500_000)
        first.upload(stop_at=1_000_000)
        again = tuspy.uploader(file_stream=file, chunk_size=500_000, url=first.url)
        assert again.offset == 1_000_000
        again.upload()
    is_asset(resources, photo, first.url)


def test_tuspy_gets_the_errors(endpoint, tuspy, photo):
    with photo.open("rb") as file:
        with pytest.raises(TusUploadFailed) as failed:
            tuspy.uploader(file_stream=file, metadata={"sha256": "0" * 64}).upload()
        assert failed.value.status_code == 422
        assert b"Digest mismatch" in failed.value.response_content
        with pytest.raises(TusCommunicationError) as refused:
            TusClient(endpoint).uploader(file_stream=file).upload()
        assert refused.value.status_code == 401
