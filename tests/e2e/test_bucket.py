"""A bucket as the store of results, for processes that share nothing else."""

import pytest

from mememime_proxy.proxy.cache.purge import PurgeTokens
from mememime_proxy.urls import UrlBuilder
from tests.support.proxy_process import KEY, SALT, ProxyProcess
from tests.support.s3_server import READER
from tests.support.waiting import wait_until

PURGE_KEY = "bb" * 32
PUT = 'store_duration_seconds_count{operation="put"}'
REQUESTS, RETRIES, HEDGES = (f'storage_{name}_total{{account="cache"}}' for name in ("requests", "retries", "hedges"))
LATE = 'store_errors_total{operation="get"}'


@pytest.fixture
def started(s3_server, pictures, tmp_path, monkeypatch):
    """Starts a service with a bucket as its store."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_server.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.secret_key)

    def start(name, bucket, **more):
        (tmp_path / name).mkdir()
        settings = {
            "key": KEY,
            "salt": SALT,
            "local_filesystem_root": str(pictures),
            "purge_key": PURGE_KEY,
            "source_freshness": "0",
            "allow_loopback_source_addresses": "1",
            "cache_use": "s3",
            "cache_bucket": bucket,
            "cache_path_prefix": "kept",
            "cache_s3_endpoint": s3_server.endpoint,
            "cache_s3_region": s3_server.region,
        }
        return ProxyProcess(tmp_path / name, **settings, **more)

    return start


async def ask(client, address):
    async with client.get(address) as answer:
        return answer.status, answer.headers.get("ETag"), await answer.read()


async def ask_in_time(client, service, path):
    """The answer; asked for again where the store took longer than a request waits for it."""
    for _ in range(20):
        late = service.metric(LATE)
        answer = await ask(client, service.base + path)
        if service.metric(LATE) == late:
            return answer
    pytest.fail("the store is slow each time")


async def test_results_in_bucket_are_shared_and_purged_for_all_processes(client, s3_server, started, origin):
    bucket = s3_server.create_bucket()
    origin.headers = {"ETag": '"never another"'}
    source = f"{origin.base}/coffee.jpg"
    # The second one says so where it cannot read the store: it does not make the result itself then.
    with started("a", bucket) as a, started("b", bucket, cache_report_errors="1") as b:
        path = UrlBuilder(a.base, key=KEY, salt=SALT).resize("fit", 90).build(source).removeprefix(a.base)
        first = await ask(client, a.base + path)
        assert first[0] == 200
        await wait_until(lambda: a.metric(PUT) == 1)
        assert await ask_in_time(client, b, path) == first
        assert (a.renders(), b.renders()) == (1, 0)
        assert b.metric('cache_hits_total{cache="store"}') == 1
        token = PurgeTokens(bytes.fromhex(PURGE_KEY)).issue(source)
        async with client.post(f"{a.base}/purge", data=token) as answer:
            assert (await answer.json())["dropped"]["stored"] == 1
        assert await ask_in_time(client, b, path) == first
        assert (a.renders(), b.renders()) == (1, 1)


async def test_cold_picture_costs_one_read_of_the_bucket(client, s3_server, started):
    """Two before: the purge mark was read beside each record, also where there was none."""
    with started("a", s3_server.create_bucket()) as proxy:
        for width in range(10, 20):
            address = UrlBuilder(proxy.base, key=KEY, salt=SALT).resize("fit", width).build("local:///coffee.jpg")
            assert (await ask(client, address))[0] == 200
        await wait_until(lambda: proxy.metric(PUT) == 10)
        assert proxy.metric('store_duration_seconds_count{operation="get"}') == 10
        assert proxy.metric(REQUESTS) == 20 + proxy.metric(RETRIES) + proxy.metric(HEDGES)


async def test_results_in_read_only_bucket_fail_no_request(client, s3_server, started, monkeypatch):
    bucket = s3_server.create_bucket()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", READER.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", READER.secret_key)
    with started("a", bucket) as proxy:
        address = UrlBuilder(proxy.base, key=KEY, salt=SALT).resize("fit", 91).build("local:///coffee.jpg")
        assert (await ask(client, address))[0] == 200
        await wait_until(lambda: proxy.metric('store_errors_total{operation="put"}') == 1)
        assert proxy.find("cache.operation_failed")
        assert READER.secret_key not in proxy.log_path.read_text()
