"""A bucket whose server is slow, refuses, breaks off, or is gone: through a proxy that does these things on purpose."""

import asyncio
import logging
import os
import socket

import psutil
import pytest
from botocore.auth import S3SigV4Auth

from mememime_proxy.errors import StorageDeniedError, StorageError, StorageTimeoutError, StorageUnavailableError
from mememime_proxy.service.ranges import ByteRange
from mememime_proxy.storage.resilience.attempts import ATTEMPTS
from mememime_proxy.storage.resilience.breaker import BreakerState
from mememime_proxy.storage.s3.accounts import S3Account
from mememime_proxy.storage.s3.bucket import S3Bucket
from mememime_proxy.storage.s3.client import S3Client
from tests.support.clock import Clock
from tests.support.fault_proxy import SLOW_DOWN, Fault, every, first, on, sometimes
from tests.support.s3_fixtures import account
from tests.support.s3_server import ADMIN


async def read(bucket, key, **how):
    async with await bucket.open(key, **how) as body:
        return b"".join([chunk async for chunk in body])


@pytest.fixture
async def small(bucket):
    """A bucket with a small object, and what it took forgotten."""
    await bucket.put("k", b"picture")
    bucket.client.stats.requests = 0
    bucket.client.stats.calls.clear()
    return bucket


@pytest.fixture
def quick(s3_server, fault_proxy):
    """Clients whose pauses take no time."""
    opened = []

    async def make(clock=None, **how):
        clock = clock or Clock()
        client = S3Client(account(fault_proxy.endpoint), connect_timeout=30, clock=clock, sleep=clock.sleep, **how)
        await client.start()
        opened.append(client)
        return S3Bucket(client, s3_server.create_bucket(k=b"picture"))

    return make


async def test_requests_to_a_healthy_server_are_sent_once(small, fault_proxy):
    before = len(fault_proxy.requests)
    for _ in range(200):
        assert await read(small, "k") == b"picture"
    sent, calls = len(fault_proxy.requests) - before, small.client.stats.calls.total()
    assert sent <= small.client.stats.requests <= 1.1 * calls


@pytest.mark.parametrize("plan", [every(10, SLOW_DOWN), sometimes(0.1, SLOW_DOWN)], ids=["regular", "random"])
async def test_requests_with_one_in_ten_refused_all_succeed(small, fault_proxy, plan):
    fault_proxy.plan = plan
    gate = asyncio.Semaphore(8)

    async def one():
        async with gate:
            return await read(small, "k")

    assert set(await asyncio.gather(*(one() for _ in range(400)))) == {b"picture"}
    stats = small.client.stats
    assert stats.retries >= 30
    # The put is not counted any more; a hedge that lost may never have left.
    assert stats.requests - stats.hedges <= len(fault_proxy.requests) - 1 <= stats.requests
    assert not stats.errors


@pytest.mark.parametrize(
    "fault",
    [SLOW_DOWN, Fault(status=500), Fault(status=502, body=b"<html>Bad Gateway</html>"), Fault(reset=True),
     Fault(status=429), Fault(truncate=0), Fault(status=500, body=b"")],
    ids=["503", "500", "502", "reset", "429", "empty", "nothing"],
)  # fmt: skip
async def test_request_that_fails_once_is_retried(small, fault_proxy, fault):
    fault_proxy.plan = on("GET", "/k", fault)
    assert await read(small, "k") == b"picture"
    assert small.client.stats.retries == 1
    fault_proxy.plan = on("PUT", "/k", fault)
    await small.put("k", b"new")
    fault_proxy.plan = on("HEAD", "/k", fault)
    assert (await small.head("k")).size == 3
    fault_proxy.plan = on("DELETE", "/k", fault)
    await small.delete("k")
    assert [info async for info in small.list()] == []


async def test_list_and_multipart_requests_that_fail_are_retried(small, fault_proxy):
    fault_proxy.plan = every(3, SLOW_DOWN)
    data = os.urandom(9 << 20)
    await small.put("large", data)
    assert [info.key async for info in small.list()] == ["k", "large"]
    assert await read(small, "large") == data


async def test_open_refused_on_each_attempt_raises_unavailable(quick, fault_proxy):
    bucket = await quick()
    fault_proxy.plan = first(99, SLOW_DOWN)
    with pytest.raises(StorageUnavailableError, match="SlowDown, status 503"):
        await bucket.open("k")
    assert len(fault_proxy.requests) == ATTEMPTS
    await bucket.client.close()


async def test_open_on_a_silent_server_times_out(small, fault_proxy):
    gate = asyncio.Event()
    fault_proxy.plan = lambda _: Fault(hold=gate)
    with pytest.raises(StorageTimeoutError):
        await small.open("k", timeout=0.2)
    gate.set()
    fault_proxy.plan = lambda _: None
    assert await read(small, "k") == b"picture"


async def test_read_of_a_slow_response_is_not_retried(small, fault_proxy):
    fault_proxy.plan = lambda _: Fault(latency=0.2, piece=1, pause=0.01)
    assert await read(small, "k") == b"picture"
    assert small.client.stats.retries == 0


async def test_open_without_a_connection_uses_the_connect_timeout(s3_server):
    """A full backlog: the connection is never made. What is waited for is the connect timeout, not the request's."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        with socket.socket() as filler:
            filler.connect(deaf.getsockname())
            client = S3Client(account("http://127.0.0.1:{}".format(*deaf.getsockname()[1:])), connect_timeout=0.1)
            await client.start()
            with pytest.raises(StorageTimeoutError):
                await S3Bucket(client, "bucket").open("k", timeout=20)
            assert client.stats.requests == ATTEMPTS
            await client.close()


@pytest.mark.parametrize("where", [1, 100_000, (4 << 20) - 1])
async def test_body_that_breaks_off_is_resumed(bucket, fault_proxy, where):
    data = os.urandom(4 << 20)
    await bucket.put("k", data)
    fault_proxy.plan = on("GET", "/k", Fault(truncate=where))
    assert await read(bucket, "k") == data
    assert fault_proxy.requests[-1].headers["range"] == f"bytes={where}-{len(data) - 1}"
    assert bucket.client.stats.retries == 1
    assert bucket.client.stats.bytes_read == len(data)


async def test_range_that_breaks_off_is_resumed(bucket, fault_proxy):
    data = os.urandom(4 << 20)
    await bucket.put("k", data)
    fault_proxy.plan = on("GET", "/k", Fault(truncate=300_000), times=3)
    assert await read(bucket, "k", byte_range=ByteRange(1000, 3_000_000)) == data[1000:3_000_001]
    assert fault_proxy.requests[-1].headers["range"] == "bytes=901000-3000000"


async def test_body_that_breaks_off_again_raises(bucket, fault_proxy):
    await bucket.put("k", bytes(4 << 20))
    fault_proxy.plan = lambda _: Fault(truncate=1)
    with pytest.raises(StorageUnavailableError, match="ClientPayloadError"):
        await read(bucket, "k")
    assert bucket.client.stats.retries == 1
    fault_proxy.plan = lambda _: None
    assert await read(bucket, "k") == bytes(4 << 20)


async def test_body_resumed_after_a_replacement_raises(bucket, fault_proxy):
    await bucket.put("k", bytes(4 << 20))
    fault_proxy.plan = on("GET", "/k", Fault(truncate=1 << 20))
    async with await bucket.open("k") as body:
        await bucket.put("k", b"x" * (4 << 20))
        with pytest.raises(StorageError):
            async for _ in body:
                pass


async def test_body_that_stalls_is_resumed_once(quick, fault_proxy):
    bucket = await quick(read_timeout=3)
    await bucket.put("k", bytes(1 << 20))
    fault_proxy.plan = on("GET", "/k", Fault(stall=300_000))
    assert await read(bucket, "k") == bytes(1 << 20)
    fault_proxy.plan = lambda request: Fault(stall=100) if request.method == "GET" else None
    with pytest.raises(StorageTimeoutError):
        await read(bucket, "k")
    await bucket.client.close()
    await fault_proxy.drained()


async def test_body_with_a_wrong_checksum_raises(bucket, fault_proxy):
    await bucket.put("k", bytes(1 << 20))
    fault_proxy.plan = on("GET", "/k", Fault(corrupt=500_000))
    with pytest.raises(StorageError, match="checksum"):
        await read(bucket, "k")
    assert await read(bucket, "k") == bytes(1 << 20)
    fault_proxy.plan = lambda _: None
    assert await read(bucket, "k", byte_range=ByteRange(5, 9)) == bytes(5)


async def test_body_left_early_closes_the_connection(bucket, fault_proxy):
    size = 64 << 20
    await bucket.put("k", bytes(size))
    fault_proxy.sent = 0
    async with await bucket.open("k") as body:
        async for _ in body:
            break
    assert bucket.client.stats.bytes_read < 1 << 20
    await fault_proxy.drained()  # its only connection was cut
    assert fault_proxy.sent < 24 << 20  # what fits into the buffers of two sockets


async def test_body_read_slowly_is_not_buffered(bucket, fault_proxy):
    size = 64 << 20
    await bucket.put("k", bytes(size))
    fault_proxy.sent = 0
    async with await bucket.open("k") as body:
        before = -1
        while fault_proxy.sent != before:  # nobody reads: the flow comes to rest
            before = fault_proxy.sent
            await asyncio.sleep(0.1)
        assert before < 24 << 20
        assert sum([len(chunk) async for chunk in body]) == size


async def test_reads_one_after_another_share_a_connection(small, fault_proxy):
    for _ in range(20):
        await read(small, "k")
    assert fault_proxy.connections == 1


async def test_breaker_during_an_outage_opens_and_closes_after_it(quick, fault_proxy):
    clock = Clock()
    bucket = await quick(clock)
    stats = bucket.client.stats
    assert await read(bucket, "k") == b"picture"
    await fault_proxy.down()
    before = stats.requests
    for _ in range(60 * 20):
        clock.now += 0.05
        with pytest.raises(StorageUnavailableError):
            await bucket.open("k")
    assert stats.breaker_states() == {bucket.bucket: BreakerState.OPEN}
    assert stats.requests - before < 100
    await fault_proxy.up()
    back = clock.now
    while clock.now < back + 10:
        clock.now += 0.05
        try:
            assert await read(bucket, "k") == b"picture"
            break
        except StorageUnavailableError:
            continue
    assert clock.now - back < 5
    assert stats.breaker_states() == {bucket.bucket: BreakerState.CLOSED}
    for _ in range(20):
        assert await read(bucket, "k") == b"picture"
    await bucket.client.close()


async def test_breaker_of_one_bucket_leaves_others_closed(quick, s3_server, fault_proxy):
    good = await quick()
    bad = S3Bucket(good.client, s3_server.create_bucket())
    fault_proxy.plan = lambda request: SLOW_DOWN if bad.bucket in request.target else None
    for _ in range(20):
        with pytest.raises(StorageUnavailableError):
            await bad.open("k")
    assert good.client.stats.breaker_states()[bad.bucket] == BreakerState.OPEN
    assert await read(good, "k") == b"picture"
    await good.client.close()


async def test_slow_read_is_hedged(small, fault_proxy):
    stats = small.client.stats
    while small.client.attempts(small.bucket).latency.p95 is None:
        await read(small, "k")
    gate = asyncio.Event()
    fault_proxy.plan = on("GET", "/k", Fault(hold=gate))
    before = stats.hedges, stats.hedges_won
    assert await read(small, "k", timeout=60) == b"picture"
    assert (stats.hedges, stats.hedges_won) == (before[0] + 1, before[1] + 1)
    gate.set()


async def test_open_in_another_region_follows_the_redirect(fault_proxy, s3_server):
    """As AWS does it: the bucket is elsewhere, and the answer says where."""
    name = s3_server.create_bucket(k=b"picture")
    malformed = (
        b"<Error><Code>AuthorizationHeaderMalformed</Code><Message>The region is wrong</Message>"
        b"<Region>eu-west-3</Region></Error>"
    )

    def plan(request):
        if "/us-east-1/s3" not in request.headers["authorization"]:
            return None
        return Fault(status=400, body=malformed, headers=(("x-amz-bucket-region", "eu-west-3"),))

    fault_proxy.plan = plan
    client = S3Client(account(fault_proxy.endpoint))
    await client.start()
    assert await read(S3Bucket(client, name), "k") == b"picture"
    assert "/eu-west-3/s3" in fault_proxy.requests[-1].headers["authorization"]
    await client.close()


async def test_errors_and_logs_contain_no_secret(small, fault_proxy, caplog, monkeypatch):
    """Not in errors, not in logs at their lowest level, not in what represents an object."""
    caplog.set_level(logging.DEBUG)
    signed = []
    add = S3SigV4Auth.add_auth
    monkeypatch.setattr(S3SigV4Auth, "add_auth", lambda self, request: (signed.append(1), add(self, request))[1])
    canaries = {ADMIN.secret_key, "canary-session-token"}
    settings = S3Account(
        endpoint=fault_proxy.endpoint,
        access_key_id=ADMIN.access_key,
        secret_access_key=ADMIN.secret_key,
        session_token="canary-session-token",
    )
    clock = Clock()
    client = S3Client(settings, clock=clock, sleep=clock.sleep)
    await client.start()
    bucket = S3Bucket(client, small.bucket)
    texts = [repr(settings), repr(client), repr(bucket), repr(client.stats)]
    echo = f"<Error><Code>InvalidToken</Code><Message>{ADMIN.secret_key} canary-session-token</Message></Error>"
    for fault in (Fault(status=400, body=echo.encode()), Fault(status=503, body=echo.encode()), Fault(reset=True)):
        fault_proxy.plan = lambda _, fault=fault: fault
        with pytest.raises((StorageDeniedError, StorageUnavailableError)) as caught:
            await bucket.open("k")
        texts.append("".join(map(str, (repr(caught.value), caught.value.__cause__, caught.value.detail))))
    await client.close()
    assert signed
    assert "canary" in fault_proxy.requests[-1].headers["x-amz-security-token"]
    for text in (*texts, caplog.text, repr(caplog.records)):
        assert not any(canary in text for canary in canaries)


async def test_failed_reads_leak_no_descriptor(s3_server, fault_proxy):
    name = s3_server.create_bucket(k=bytes(1 << 20))
    before, gate, clock = psutil.Process().num_fds(), asyncio.Event(), Clock()
    client = S3Client(account(fault_proxy.endpoint), read_timeout=1, clock=clock, sleep=clock.sleep)
    await client.start()
    bucket = S3Bucket(client, name)
    assert await read(bucket, "k") == bytes(1 << 20)
    broken = [Fault(hold=gate), Fault(reset=True), Fault(truncate=10), Fault(stall=10), SLOW_DOWN]
    for fault in broken:
        fault_proxy.plan = lambda _, fault=fault: fault
        with pytest.raises(StorageError):
            await read(bucket, "k", timeout=0.1)
    gate.set()
    await client.close()
    await fault_proxy.drained()
    assert psutil.Process().num_fds() <= before
