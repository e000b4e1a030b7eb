"""Jobs in real processes: workers that are killed, cancelled and stopped, events, webhooks, purges of many."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import signal
from collections import Counter

import aiohttp
import pytest
from aiohttp import web

from mememime_proxy.jobs.queue import JobQueue
from mememime_proxy.jobs.repository import Jobs
from mememime_proxy.jobs.retries import MAX_LOSSES
from mememime_proxy.resources.database.engine import Database, now
from mememime_proxy.service.tokens import Tokens
from tests.support.fragile_batch import FATAL, fragile_job, notes
from tests.support.job_process import JobWorkerProcess, noted, steps
from tests.support.job_trials import SLOTS, run_trial
from tests.support.postgres_server import PostgresServer
from tests.support.resource_process import ADMIN_KEY, ResourceProcess
from tests.support.waiting import wait_until

PURGE_KEY, WEBHOOK_KEY = "cd" * 32, "ef" * 32
LISTENERS = 3


class Receiver:
    """An HTTP server that a test looks into: it answers as ``statuses`` say, then 200."""

    def __init__(self):
        self.requests, self.statuses = [], []

    async def handle(self, request):
        self.requests.append((request.path, dict(request.headers), await request.read()))
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)


@pytest.fixture
async def receiver():
    receiver = Receiver()
    runner = web.ServerRunner(web.Server(receiver.handle))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.base = "http://127.0.0.1:{}".format(*runner.addresses[0][1:2])
    yield receiver
    await runner.cleanup()


@pytest.fixture(scope="module")
def postgres_server():
    with PostgresServer(durable=True) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/jobs.sqlite"
    return request.getfixturevalue("postgres_server").create()


@contextlib.contextmanager
def resources(folder, url, **settings):
    defaults = {"job_listeners": str(LISTENERS), "webhook_key": WEBHOOK_KEY, "allow_loopback_source_addresses": "1"}
    with ResourceProcess(folder / "resources", database_url=url, **defaults, **settings) as service:
        yield service


def worker(folder, url, name="worker", **settings):
    defaults = {"webhook_key": WEBHOOK_KEY, "allow_loopback_source_addresses": "1", "graceful_stop_timeout": "1"}
    return JobWorkerProcess(folder / name, url, **defaults, **settings)


async def create(url, new):
    """Create a job as another process would: in a transaction of its own."""
    database = Database(url)
    await database.start()
    queue = JobQueue(database)
    await queue.start()
    async with database.write() as tx:
        job_id = await Jobs(database, queue, now).create(tx, new)
    await database.close()
    return job_id


def job(service, job_id, key=ADMIN_KEY):
    answer = service.request("GET", f"/jobs/{job_id}", key=key)
    assert answer.status == 200, answer.body
    return answer.json


async def wait_for(service, job_id, state):
    await wait_until(lambda: job(service, job_id)["state"] == state, 60)
    return job(service, job_id)


@pytest.mark.promise("G20")
async def test_worker_killed_in_a_chunk_loses_nothing(tmp_path, url):
    with resources(tmp_path, url) as service, worker(tmp_path, url, "a") as first, worker(tmp_path, url, "b"):
        job_id = await create(url, steps(tmp_path, chunks=6, items=20))
        await wait_until(lambda: len(noted(tmp_path)) > 20)
        first.kill()
        found = await wait_for(service, job_id, "done")
    assert 1 <= found["losses"] <= 2
    assert found["chunks"] == {"total": 6, "done": 6, "failed": 0, "cancelled": 0, "left": 0}
    assert found["items"] == {"total": 120, "done": 120, "skipped": 0, "failed": 0, "left": 0}
    repeated = {line: count for line, count in Counter(noted(tmp_path)).items() if count > 1}
    assert {f"{chunk}/{item}" for chunk in range(6) for item in range(20)} == set(noted(tmp_path))
    # What was done since the last renewal of the lease is done once more, and no more than that.
    assert all(count == 2 for count in repeated.values())
    assert len({line.partition("/")[0] for line in repeated}) <= 2


@pytest.mark.promise("G20")
@pytest.mark.slow
@pytest.mark.parametrize("postgres", [False, True], ids=["sqlite", "postgresql"])
async def test_random_kills_lose_nothing(tmp_path, postgres):
    result = await run_trial(tmp_path, kills=3, seed=7, postgres=postgres)
    assert (result.state, result.missing, result.items_done) == ("done", 0, 0), result
    # Of each chunk that ran, what was done since the last renewal of its lease, in 1.7 seconds of 0.1 for each item.
    assert result.repeated <= 18 * SLOTS * result.kills.total(), result


@pytest.mark.promise("G20")
async def test_job_that_kills_its_worker_three_times_fails(tmp_path, url):
    with resources(tmp_path, url) as service, worker(tmp_path, url, job_concurrency="1") as poisoned:
        job_id = await create(url, steps(tmp_path, chunks=1, items=1, kind="poison", webhook=""))
        for _ in range(3):
            await wait_until(lambda: poisoned.process.poll() is not None, 60)
            poisoned.start()
        found = await wait_for(service, job_id, "failed")
        assert poisoned.process.poll() is None
        after = await create(url, steps(tmp_path, chunks=1, items=1))
        await wait_for(service, after, "done")
    assert found["error"]["type"].endswith("/job.worker_lost")
    assert noted(tmp_path).count("0/killed") == 3


@pytest.mark.promise("G20")
async def test_item_that_kills_its_worker_fails_alone(tmp_path):
    url = f"sqlite:///{tmp_path}/jobs.sqlite"
    names = (["a", "b", FATAL, "c", "d"], ["e", "f", "g"])
    program = "tests.support.fragile_batch"
    with (
        resources(tmp_path, url) as service,
        JobWorkerProcess(tmp_path / "worker", url, program, graceful_stop_timeout="1") as killed,
    ):
        job_id = await create(url, fragile_job(tmp_path, names))
        for _ in range(MAX_LOSSES + 1):  # the first loss is charged to no item
            await wait_until(lambda: killed.process.poll() is not None, 60)
            killed.start()
        found = await wait_for(service, job_id, "failed")
        assert killed.process.poll() is None
    items = found["items"]
    assert (items["done"], items["failed"], found["chunks"]["failed"]) == (7, 1, 1), found
    assert found["error"]["type"].endswith("/job.worker_lost")
    assert notes(tmp_path).count(FATAL) == MAX_LOSSES + 1
    assert set(notes(tmp_path)) == {name for chunk in names for name in chunk}


@pytest.mark.promise("G20")
async def test_resource_service_killed_does_not_stop_a_job(tmp_path, url):
    with resources(tmp_path, url) as service, worker(tmp_path, url):
        job_id = await create(url, steps(tmp_path, chunks=2, items=20))
        await wait_until(lambda: noted(tmp_path))
        service.kill()
        await wait_until(lambda: len(noted(tmp_path)) == 40, 60)
        service.start()
        found = await wait_for(service, job_id, "done")
    assert (found["losses"], found["retries"]) == (0, 0)


@pytest.mark.promise("G20")
async def test_postgresql_killed_in_a_chunk_loses_nothing(tmp_path):
    with PostgresServer(durable=True) as server:
        url = server.create()
        with resources(tmp_path, url) as service, worker(tmp_path, url):
            job_id = await create(url, steps(tmp_path, chunks=4, items=20))
            await wait_until(lambda: noted(tmp_path))
            server.stop(signal.SIGQUIT)
            await wait_until(lambda: len(noted(tmp_path)) >= 40)
            server.start()
            found = await wait_for(service, job_id, "done")
    assert found["items"]["done"] == 80
    assert {f"{chunk}/{item}" for chunk in range(4) for item in range(20)} == set(noted(tmp_path))


async def test_cancelled_job_stops_its_handlers(tmp_path, url):
    with resources(tmp_path, url) as service, worker(tmp_path, url):
        job_id = await create(url, steps(tmp_path, chunks=3, items=1000))
        await wait_until(lambda: len({line.partition("/")[0] for line in noted(tmp_path)}) == 2)
        answer = service.request("POST", f"/jobs/{job_id}/cancel")
        assert (answer.status, answer.json["state"]) == (200, "cancelling")
        found = await wait_for(service, job_id, "cancelled")
        assert found["chunks"]["cancelled"] == 3
        assert sum(line.endswith("cancelled") for line in noted(tmp_path)) == 2
        again = service.request("POST", f"/jobs/{job_id}/cancel")
        assert (again.status, again.json["type"].rpartition("/")[2]) == (409, "job.state_conflict")
        assert service.request("POST", f"/jobs/{job_id}/retry").json["state"] == "queued"
        await wait_for(service, job_id, "running")


async def test_worker_stopped_by_a_signal_gives_its_chunks_back(tmp_path, url):
    with resources(tmp_path, url) as service, worker(tmp_path, url) as first:
        job_id = await create(url, steps(tmp_path, chunks=2, items=30))
        await wait_until(lambda: len(noted(tmp_path)) > 10)
        assert first.stop() == 0
        with worker(tmp_path, url, "b"):
            found = await wait_for(service, job_id, "done")
    assert (found["losses"], found["retries"], found["items"]["done"]) == (0, 0, 60)
    assert Counter(line for line in noted(tmp_path) if "cancelled" not in line).most_common(1)[0][1] == 1


def events(text):
    """The events of a stream, as fields, without its comments."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.partition(": ")[::2] for line in block.splitlines() if not line.startswith(":"))
        if "data" in fields:
            found.append(fields)
    return found


async def test_events_follow_a_job_to_its_end(tmp_path, url):
    with resources(tmp_path, url) as service, worker(tmp_path, url, job_concurrency="1"):
        job_id = await create(url, steps(tmp_path, chunks=2, items=20))
        address = f"{service.base}/jobs/{job_id}/events"
        headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
        async with aiohttp.ClientSession(headers=headers) as client:
            async with client.get(address) as answer:
                assert answer.status == 200
                assert answer.content_type == "text/event-stream"
                found = events(await answer.text())
            states = [event["event"] for event in found]
            done = [json.loads(event["data"])["items"]["done"] for event in found]
            versions = [int(event["id"]) for event in found]
            assert states[-1] == "done"
            assert set(states) <= {"queued", "running", "done"}
            assert done == sorted(done)
            assert done[-1] == 40
            assert len(set(done)) > 2  # also in the midst of a chunk
            assert versions == sorted(set(versions))
            async with client.get(address, headers={"Last-Event-ID": str(versions[0])}) as answer:
                assert [event["event"] for event in events(await answer.text())] == ["done"]
            async with client.get(address, headers={"Last-Event-ID": str(versions[-1])}) as answer:
                assert answer.status == 204
            async with client.get(address, headers={"Last-Event-ID": "x"}) as answer:
                assert answer.status == 400


async def test_listeners_are_limited_and_free_when_they_leave(tmp_path):
    url = f"sqlite:///{tmp_path}/jobs.sqlite"
    with resources(tmp_path, url) as service:
        job_id = await create(url, steps(tmp_path, chunks=1, items=1))
        address = f"{service.base}/jobs/{job_id}/events"
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {ADMIN_KEY}"}) as client:
            listening = [await client.get(address) for _ in range(LISTENERS)]
            assert {answer.status for answer in listening} == {200}
            async with client.get(address) as answer:
                assert answer.status == 503
                assert int(answer.headers["Retry-After"]) > 0
            listening.pop().close()

            async def answered():
                async with client.get(address) as answer:
                    return answer.status == 200

            await wait_until(answered)
            for answer in listening:
                answer.close()


async def test_stopping_service_ends_the_streams(tmp_path):
    url = f"sqlite:///{tmp_path}/jobs.sqlite"
    with resources(tmp_path, url) as service:
        job_id = await create(url, steps(tmp_path, chunks=1, items=1))
        async with (
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {ADMIN_KEY}"}) as client,
            client.get(f"{service.base}/jobs/{job_id}/events") as answer,
        ):
            await answer.content.readuntil(b"data: ")
            assert await asyncio.to_thread(service.stop) == 0
            await answer.content.read()


def verified(headers, body):
    """Check a webhook as docs/jobs.md says, and return its JSON."""
    text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.digest(bytes.fromhex(WEBHOOK_KEY), text, hashlib.sha256)).decode()
    assert expected in headers["webhook-signature"].split(" ")
    return json.loads(body)


async def test_webhook_is_sent_until_it_is_accepted(tmp_path, url, receiver):
    receiver.statuses = [500, 302]
    with resources(tmp_path, url) as service, worker(tmp_path, url) as running:
        job_id = await create(url, steps(tmp_path, chunks=1, items=2, webhook=f"{receiver.base}/hook?a=b"))
        await wait_until(lambda: job(service, job_id).get("webhook_state") == "delivered", 60)
        assert running.metric('job_webhooks_total{result="delivered"}') == 1
        assert running.metric('job_webhooks_total{result="refused"}') == 2
    messages = [verified(headers, body) for _, headers, body in receiver.requests]
    assert [(message["type"], message["data"]["id"]) for message in messages] == 3 * [("job.done", job_id)]
    assert len({headers["webhook-id"] for _, headers, _ in receiver.requests}) == 1


async def test_webhook_is_not_sent_into_the_own_network(tmp_path, receiver):
    url = f"sqlite:///{tmp_path}/jobs.sqlite"
    closed = {"allow_loopback_source_addresses": "0"}
    with ResourceProcess(
        tmp_path / "resources", database_url=url, purge_key=PURGE_KEY, purge_urls=receiver.base, webhook_key=WEBHOOK_KEY
    ) as service:
        for address in (receiver.base, "http://localhost/x", "http://[::1]/", "ftp://example.com/", "https://"):
            body = {"kind": "purge", "sources": ["local:///a"], "webhook": address}
            answer = service.request("POST", "/jobs", body)
            assert (answer.status, "webhook" in answer.json["detail"]) == (400, True), answer.body
        with JobWorkerProcess(tmp_path / "worker", url, webhook_key=WEBHOOK_KEY, **closed) as running:
            await create(url, steps(tmp_path, chunks=1, items=1, webhook=receiver.base))
            await wait_until(lambda: running.metric('job_webhooks_total{result="forbidden"}') >= 1, 60)
    assert receiver.requests == []


async def test_purge_of_many_reaches_each_proxy(tmp_path, url, receiver):
    sources = [f"https://example.com/{number}.jpg" for number in range(1200)]
    with resources(tmp_path, url, purge_key=PURGE_KEY, purge_urls=receiver.base) as service, worker(tmp_path, url):
        answer = service.request("POST", "/jobs", {"kind": "purge", "sources": [*sources, sources[0]]})
        assert answer.status == 201, answer.body
        assert answer.headers["Location"] == f"/jobs/{answer.json['id']}"
        assert answer.json["items"]["total"] == 1200
        found = await wait_for(service, answer.json["id"], "done")
        assert (found["items"]["done"], found["chunks"]["total"]) == (1200, 3)
        await wait_until(lambda: len(receiver.requests) >= 2400, 60)
    tokens = Tokens(bytes.fromhex(PURGE_KEY), "purge")
    purged = Counter(tokens.verify(body.decode())["source"] for _, _, body in receiver.requests)
    # Twice each: the second one is for responses that were under way at the first one.
    assert purged == Counter(dict.fromkeys(sources, 2))


def test_jobs_belong_to_tenants(tmp_path, receiver):
    with ResourceProcess(tmp_path, purge_key=PURGE_KEY, purge_urls=receiver.base) as service:
        keys = []
        for tenant in ("one", "two"):
            assert service.request("PUT", f"/tenants/{tenant}", {}).status == 200
            new_key = service.request("POST", "/keys", {"tenant": tenant, "role": "write", "prefix": f"{tenant}/"})
            keys.append(new_key.json["key"])

        def purge(key, *sources, **fields):
            return service.request("POST", "/jobs", {"kind": "purge", "sources": sources, **fields}, key=key)

        for source in ("https://example.com/a.jpg", "alias://two/a", "alias://one/missing", f"asset://{'0' * 64}"):
            assert purge(keys[0], source).json["type"].endswith("/credentials.role_insufficient"), source
        job_id = purge(ADMIN_KEY, "https://example.com/a.jpg", priority=5).json["id"]
        for key in keys:
            assert service.request("GET", f"/jobs/{job_id}", key=key).status == 404
            assert service.request("POST", f"/jobs/{job_id}/cancel", key=key).status == 404
            assert service.request("POST", f"/jobs/{job_id}/retry", key=key).status == 404
            assert service.request("GET", f"/jobs/{job_id}/events", key=key).status == 404
            assert service.request("GET", "/jobs", key=key).json == {"jobs": [], "cursor": None}
        ids = [job_id, *(purge(ADMIN_KEY, "local:///b").json["id"] for _ in range(2))]
        first = service.request("GET", "/jobs?limit=2").json
        assert [each["id"] for each in first["jobs"]] == ids[:0:-1]
        rest = service.request("GET", f"/jobs?limit=2&cursor={first['cursor']}").json
        assert ([each["id"] for each in rest["jobs"]], rest["cursor"]) == (ids[:1], None)
        assert service.request("POST", f"/jobs/{job_id}/cancel").json["state"] == "cancelled"
        for query, expected in (("state=queued", 2), ("state=cancelled", 1), ("kind=purge", 3), ("kind=other", 0)):
            assert len(service.request("GET", f"/jobs?{query}").json["jobs"]) == expected
        assert service.request("POST", "/jobs", {"kind": "other", "sources": ["a"]}).status == 400
        assert service.request("POST", "/jobs", {"kind": "purge", "sources": []}).status == 400
        assert "MEMEMIME_WEBHOOK_KEY" in purge(ADMIN_KEY, "local:///b", webhook="https://example.com/").json["detail"]
        assert service.request("POST", f"/jobs/{ids[1]}/retry").status == 409
        head = service.request("HEAD", f"/jobs/{ids[1]}/events")
        assert (head.status, head.headers["Content-Type"], head.body) == (200, "text/event-stream", b"")
        assert service.request("GET", f"/jobs/{'0' * 32}").json["type"].endswith("/job.not_found")
