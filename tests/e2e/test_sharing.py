"""Caches in memory and in a shared store: hits, freshness, damage, restarts."""

import asyncio
import contextlib
import time
from pathlib import Path

import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from mememime_proxy.urls import UrlBuilder
from tests.support.proxy_process import KEY, SALT, ProxyProcess
from tests.support.waiting import wait_until


def builder(proxy):
    return UrlBuilder(proxy.base, key=KEY, salt=SALT)


async def ask(client, address, **headers):
    async with client.get(address, headers=headers) as answer:
        return answer.status, answer.headers, await answer.read()


def started(folder, pictures, **settings):
    folder.mkdir(exist_ok=True)
    defaults = {"key": KEY, "salt": SALT, "local_filesystem_root": str(pictures)}
    return ProxyProcess(folder, **defaults, allow_loopback_source_addresses="1", **settings)


def stored(store):
    return [path for path in store.rglob("*") if path.is_file() and len(path.name) == 32]


@pytest.fixture
def store(tmp_path):
    folder = tmp_path / "store"
    folder.mkdir()
    return folder


async def test_widths_of_a_srcset_cost_one_fetch(client, pictures, origin, tmp_path):
    with started(tmp_path / "a", pictures) as proxy:
        origin.gate.clear()
        addresses = [builder(proxy).resize("fit", 40 * n).build(f"{origin.base}/coffee.jpg") for n in range(1, 9)]
        asking = [asyncio.create_task(ask(client, address)) for address in addresses]
        await wait_until(lambda: proxy.metric("requests_in_progress") == 8)
        origin.gate.set()
        answers = await asyncio.gather(*asking)
        assert {status for status, *_ in answers} == {200}
        assert len({body for *_, body in answers}) == 8
        assert (origin.hits, proxy.renders()) == (1, 8)
        assert proxy.metric('cache_bytes{cache="originals"}') > 0
        again = await asyncio.gather(*(ask(client, address) for address in addresses))
        assert [body for *_, body in again] == [body for *_, body in answers]
        assert (origin.hits, proxy.renders()) == (1, 8)
        assert proxy.metric('cache_hits_total{cache="variants"}') == 8


async def test_changed_source_is_noticed(client, pictures, origin, tmp_path):
    with started(tmp_path / "a", pictures, source_freshness="0") as proxy:
        address = builder(proxy).resize("fit", 50).build(f"{origin.base}/coffee.jpg")
        origin.headers = {"ETag": '"1"'}
        _, headers, _ = await ask(client, address)
        _, same, _ = await ask(client, address)
        assert same["ETag"] == headers["ETag"]
        assert (origin.hits, origin.conditional, proxy.renders()) == (2, 1, 1)
        origin.headers = {"ETag": '"2"'}
        _, other, _ = await ask(client, address)
        assert other["ETag"] != headers["ETag"]
        assert proxy.renders() == 2


async def test_changed_file_is_noticed_at_once(client, pictures, tmp_path):
    file = pictures / "changing.jpg"
    file.write_bytes((pictures / "coffee.jpg").read_bytes())
    with started(tmp_path / "a", pictures) as proxy:
        address = builder(proxy).resize("fit", 50).build("local:///changing.jpg")
        _, _, first = await ask(client, address)
        file.write_bytes((pictures / "dandelion.jpg").read_bytes())
        _, _, second = await ask(client, address)
        assert first != second
        file.unlink()
        assert (await ask(client, address))[0] == 404


async def test_source_without_validators_is_rendered_again_if_its_bytes_differ(client, pictures, origin, tmp_path):
    with started(tmp_path / "a", pictures, source_freshness="0") as proxy:
        address = builder(proxy).resize("fit", 50).build(f"{origin.base}/coffee.jpg")
        _, headers, body = await ask(client, address)
        _, again, same = await ask(client, address)
        assert (same, again["ETag"]) == (body, headers["ETag"])
        assert proxy.renders() == 1
        assert origin.hits == 2


async def test_two_processes_render_a_cold_variant_once(client, pictures, origin, tmp_path, store):
    with (
        started(tmp_path / "a", pictures, cache_use="fs", cache_fs_root=str(store)) as a,
        started(tmp_path / "b", pictures, cache_use="fs", cache_fs_root=str(store)) as b,
    ):
        origin.gate.clear()
        path = builder(a).resize("fit", 70).build(f"{origin.base}/dandelion.jpg", "webp").removeprefix(a.base)
        asking = [asyncio.create_task(ask(client, proxy.base + path)) for proxy in (a, b) for _ in range(50)]
        await wait_until(lambda: a.metric("requests_in_progress") == b.metric("requests_in_progress") == 50)
        origin.gate.set()
        answers = await asyncio.gather(*asking)
        assert {status for status, *_ in answers} == {200}
        assert len({body for *_, body in answers}) == 1
        assert len({headers["ETag"] for _, headers, _ in answers}) == 1
        assert a.renders() + b.renders() == 1
        assert origin.hits == 1


async def test_render_of_killed_process_is_taken_over(client, pictures, origin, tmp_path, store):
    with started(tmp_path / "b", pictures, cache_use="fs", cache_fs_root=str(store)) as b:
        leader = started(tmp_path / "a", pictures, cache_use="fs", cache_fs_root=str(store))
        with leader as a:
            origin.gate.clear()
            path = builder(a).resize("fit", 70).build(f"{origin.base}/dandelion.jpg").removeprefix(a.base)
            lost = asyncio.create_task(ask(client, a.base + path))
            await wait_until(lambda: origin.hits == 1)
            asking = [asyncio.create_task(ask(client, b.base + path)) for _ in range(20)]
            await wait_until(lambda: b.metric("requests_in_progress") == 20)
            assert origin.hits == 1
            a.process.kill()
            origin.gate.set()
            answers = await asyncio.gather(*asking)
            await asyncio.gather(lost, return_exceptions=True)
        assert {status for status, *_ in answers} == {200}
        assert origin.hits == 2
        assert b.renders() == 1


async def test_stored_variant_survives_a_restart_and_damage_is_repaired(client, pictures, tmp_path, store):
    settings = {"cache_use": "fs", "cache_fs_root": str(store)}
    with started(tmp_path / "a", pictures, **settings) as proxy:
        path = builder(proxy).resize("fit", 80).build("local:///coffee.jpg").removeprefix(proxy.base)
        _, headers, body = await ask(client, proxy.base + path)
        await wait_until(lambda: len(stored(store)) == 1)
    with started(tmp_path / "b", pictures, **settings) as proxy:
        _, again, same = await ask(client, proxy.base + path)
        assert (same, again["ETag"], again["Last-Modified"]) == (body, headers["ETag"], headers["Last-Modified"])
        assert proxy.renders() == 0
        assert proxy.metric('cache_hits_total{cache="store"}') == 1
    (file,) = stored(store)
    content = file.read_bytes()
    for damaged in (content[:-1], content[:30], b"", content[:200] + bytes([content[200] ^ 1]) + content[201:]):
        file.write_bytes(damaged)
        with started(tmp_path / "c", pictures, **settings) as proxy:
            assert (await ask(client, proxy.base + path))[2] == body
            assert proxy.renders() == 1
        assert file.read_bytes() != damaged


async def test_source_that_is_down_gets_stale_variants(client, pictures, origin, tmp_path):
    with started(tmp_path / "a", pictures, source_freshness="0") as proxy:
        address = builder(proxy).resize("fit", 50).build(f"{origin.base}/coffee.jpg")
        origin.headers = {"ETag": '"1"'}
        _, _, body = await ask(client, address)
        origin.fails = 503
        status, headers, stale = await ask(client, address)
        assert (status, stale) == (200, body)
        assert headers["Cache-Control"] == "max-age=10, public"
        assert proxy.metric("stale_total") == 1
        origin.fails = 410
        assert (await ask(client, address))[0] == 410


async def test_store_that_cannot_be_written_fails_requests_only_if_set(client, pictures, tmp_path, store):
    settings = {"cache_use": "fs", "cache_fs_root": str(store)}
    for report, expected in (("0", 200), ("1", 502)):
        with started(tmp_path / report, pictures, cache_report_errors=report, **settings) as proxy:
            for number in range(256):
                folder = store / f"{number:02x}"
                if folder.is_dir():
                    folder.rename(store / f"was-{report}-{number}")
                folder.write_bytes(b"in the way")
            address = builder(proxy).resize("fit", 80).build("local:///coffee.jpg")
            status, _, _ = await ask(client, address)
            assert status == expected
            await wait_until(lambda proxy=proxy: proxy.find("cache.operation_failed"))
        for number in range(256):
            (store / f"{number:02x}").unlink()


async def test_server_timing_has_the_parts_of_a_response(client, pictures, tmp_path, store):
    settings = {"enable_debug_headers": "1", "cache_use": "fs", "cache_fs_root": str(store)}
    with started(tmp_path / "a", pictures, **settings) as proxy:
        address = builder(proxy).resize("fit", 81).build("local:///coffee.jpg")
        for expected in (["store", "lock", "store", "fetch", "queue", "render", "total"], ["total"]):
            _, headers, _ = await ask(client, address)
            parts = [part.strip() for part in headers["Server-Timing"].split(",")]
            assert [part.partition(";")[0] for part in parts] == expected
            assert all(float(part.partition("dur=")[2]) >= 0 for part in parts)


async def test_http_1_0_client_is_answered(client, pictures, tmp_path):
    with started(tmp_path / "a", pictures) as proxy:
        address = builder(proxy).resize("fit", 82).build("local:///coffee.jpg")
        _, _, body = await ask(client, address)
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(f"GET {address.removeprefix(proxy.base)} HTTP/1.0\r\n\r\n".encode())
        head, _, old = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        await writer.wait_closed()
        assert head.startswith(b"HTTP/1.0 200")
        assert b"X-Request-ID: " in head
        assert old == body


async def test_url_with_expires_ends_in_the_url_cache_too(client, pictures, tmp_path):
    with started(tmp_path / "a", pictures) as proxy:
        end = int(time.time()) + 4
        address = builder(proxy).resize("fit", 83).expires(end).build("local:///coffee.jpg")
        status, asked, seen = 200, 0.0, 0
        while True:
            asked = time.time()
            status, headers, _ = await ask(client, address)
            if status != 200:
                break
            seen += 1
            assert asked < end + 1
            left = headers["Cache-Control"]
            assert left == "no-cache" or int(left.partition("=")[2].partition(",")[0]) <= end - asked
            await asyncio.sleep(0.1)
        assert (status, seen > 5) == (404, True)
        assert time.time() >= end


async def test_thousand_requests_for_cold_variant_cost_one_fetch_and_one_render(client, pictures, origin, tmp_path):
    with started(tmp_path / "a", pictures) as proxy:
        address = builder(proxy).resize("fit", 85).build(f"{origin.base}/coffee.jpg")
        origin.gate.clear()
        asking = [asyncio.create_task(ask(client, address)) for _ in range(1000)]
        await wait_until(lambda: proxy.metric("requests_in_progress") == 1000)
        origin.gate.set()
        answers = await asyncio.gather(*asking)
        assert {status for status, *_ in answers} == {200}
        assert len({body for *_, body in answers}) == 1
        assert len({headers["X-Request-ID"] for _, headers, _ in answers}) == 1000
        assert (origin.hits, proxy.renders(), proxy.metric("requests_coalesced_total")) == (1, 1, 999)


async def test_clients_that_disconnect_leave_no_originals(client, pictures, origin, tmp_path):
    def originals(proxy):
        count = 0
        for path in Path(f"/proc/{proxy.process.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                count += "memfd:original" in str(path.readlink())
        return count

    with started(tmp_path / "a", pictures, originals_cache_size="0") as it:
        for width in range(90, 130):
            address = builder(it).resize("fit", width).build(f"{origin.base}/dandelion.jpg")
            asking = asyncio.create_task(ask(client, address))
            hits = origin.hits
            await wait_until(lambda hits=hits: origin.hits > hits)
            asking.cancel()
            await asyncio.wait([asking])
        await wait_until(lambda: it.metric("requests_in_progress") == 0)
        await wait_until(lambda: originals(it) == 0)


@pytest.fixture
async def collector():
    """Takes traces as an OpenTelemetry collector does."""
    spans = []

    async def collect(request):
        message = ExportTraceServiceRequest.FromString(await request.read())
        spans.extend(span for part in message.resource_spans for scope in part.scope_spans for span in scope.spans)
        return web.Response()

    runner = web.ServerRunner(web.Server(collect))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1/traces", spans
    await runner.cleanup()


async def test_trace_goes_to_the_collector_and_to_the_source(
    client, pictures, origin, tmp_path, collector, monkeypatch
):
    address, spans = collector
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", address)
    settings = {"open_telemetry_enable": "1", "open_telemetry_propagate_external": "1"}
    with started(tmp_path / "a", pictures, **settings) as proxy:
        picture = builder(proxy).resize("fit", 84).build(f"{origin.base}/coffee.jpg")
        status, _, body = await ask(client, picture, traceparent=f"00-{trace}-{parent}-01")
        assert (status, len(body) > 0) == (200, True)
        assert (await ask(client, proxy.base + "/health"))[0] == 200
        assert await asyncio.to_thread(proxy.stop) == 0
    by_name = {span.name: span for span in spans}
    assert sorted(by_name) == ["fetch", "queue", "render", "request", "respond"]
    assert {span.trace_id.hex() for span in spans} == {trace}
    request = by_name.pop("request")
    assert request.parent_span_id.hex() == parent
    assert {span.parent_span_id for span in by_name.values()} == {request.span_id}
    assert all(span.end_time_unix_nano >= span.start_time_unix_nano > 0 for span in spans)
    assert origin.seen["traceparent"] == f"00-{trace}-{by_name['fetch'].span_id.hex()}-01"
