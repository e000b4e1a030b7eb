"""Webhooks: signed, repeated, given up, and never into the own network."""

import base64
import hashlib
import hmac
import json

import pytest
from aiohttp import web

from mememime_proxy.jobs.model import ChunkOutcome, Items
from mememime_proxy.jobs.webhooks import MAX_ATTEMPTS, WebhookSender, sign
from mememime_proxy.sources.config import SourcesConfig

KEYS = (b"k" * 32, b"l" * 32)


@pytest.fixture
async def receiver():
    """An HTTP server that answers as the test says."""

    class State:
        def __init__(self):
            self.requests, self.statuses = [], []

    state = State()

    async def handle(request):
        state.requests.append((dict(request.headers), await request.read()))
        return web.Response(status=state.statuses.pop(0) if state.statuses else 200, headers={"Location": "/other"})

    runner = web.ServerRunner(web.Server(handle))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    state.url = "http://127.0.0.1:{}/hook".format(*runner.addresses[0][1:2])
    yield state
    await runner.cleanup()


@pytest.fixture
async def sender(backend):
    """A sender that may use loopback addresses, and does nothing by itself."""
    sender = WebhookSender(backend.database, backend.clock, KEYS, SourcesConfig(allow_loopback=True), backend.metrics)
    await sender.start()
    sender._task.cancel()
    yield sender
    await sender.close()


async def ended(backend, url):
    job_id = await backend.create(webhook=url)
    claims = backend.claims()
    await claims.finish(await backend.claim(job_id, claims=claims), ChunkOutcome(counts=Items(done=1)))
    return job_id


def counted(backend, result):
    return backend.metrics.registry.get_sample_value("job_webhooks_total", {"result": result}) or 0


def test_signature_is_that_of_the_standard():
    # The example of https://www.standardwebhooks.com: secret, id, timestamp and payload of its reference libraries.
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signature = sign([key], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_webhook_is_signed_with_each_key(backend, sender, receiver):
    job_id = await ended(backend, receiver.url)
    assert await sender.round() == 1
    ((headers, body),) = receiver.requests
    text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    assert headers["webhook-signature"].split() == [
        "v1," + base64.b64encode(hmac.digest(key, text, hashlib.sha256)).decode() for key in KEYS
    ]
    message = json.loads(body)
    assert (message["type"], message["data"]["id"], message["data"]["items"]["done"]) == ("job.done", job_id, 1)
    job = await backend.job(job_id)
    assert (job.webhook_state, job.webhook_attempts, counted(backend, "delivered")) == ("delivered", 1, 1)
    assert await sender.round() == 0


@pytest.mark.parametrize("status", [302, 404, 500])
async def test_webhook_is_repeated_later_until_it_is_given_up(backend, sender, receiver, status):
    receiver.statuses = [status] * MAX_ATTEMPTS
    job_id = await ended(backend, receiver.url)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert await sender.round() == 1
        assert await sender.round() == 0
        assert (await backend.job(job_id)).webhook_attempts == attempt
        backend.ahead += 1000 * min(1024, 2 ** (attempt - 1)) + 1
    assert (await backend.job(job_id)).webhook_state == "failed"
    assert (counted(backend, "refused"), counted(backend, "expired")) == (MAX_ATTEMPTS, 1)
    assert len({headers["webhook-id"] for headers, _ in receiver.requests}) == 1
    assert len({headers["webhook-timestamp"] for headers, _ in receiver.requests}) > 5


async def test_receiver_that_is_gone_is_not_asked_again(backend, sender, receiver):
    receiver.statuses = [410]
    job_id = await ended(backend, receiver.url)
    await sender.round()
    assert ((await backend.job(job_id)).webhook_state, counted(backend, "expired")) == ("failed", 1)


async def test_webhook_to_a_closed_port_is_repeated(backend, sender):
    job_id = await ended(backend, "http://127.0.0.1:9/")
    await sender.round()
    job = await backend.job(job_id)
    assert (job.webhook_state, job.webhook_attempts, counted(backend, "unanswered")) == ("due", 1, 1)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "10.0.0.1", "169.254.169.254", "internal.example"])
async def test_webhook_into_the_own_network_is_not_sent(backend, receiver, host):
    def look_up(name, port, family):
        del name, family
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    sender = WebhookSender(backend.database, backend.clock, KEYS, SourcesConfig(), backend.metrics, look_up)
    await sender.start()
    sender._task.cancel()
    job_id = await ended(backend, receiver.url.replace("127.0.0.1", host))
    await sender.round()
    await sender.close()
    assert ((await backend.job(job_id)).webhook_state, counted(backend, "forbidden")) == ("due", 1)
    assert receiver.requests == []


async def test_two_senders_send_once(backend, sender, receiver):
    await ended(backend, receiver.url)
    other = WebhookSender(backend.database, backend.clock, KEYS, SourcesConfig(allow_loopback=True), backend.metrics)
    await other.start()
    for _ in range(3):
        await sender.round()
        await other.round()
    await other.close()
    assert len(receiver.requests) == 1


async def test_job_without_a_webhook_has_nothing_to_send(backend, sender):
    await ended(backend, "")
    assert await sender.round() == 0
