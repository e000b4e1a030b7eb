import asyncio
import logging

import pytest
import structlog
from aiohttp.test_utils import make_mocked_request
from structlog.testing import capture_logs

from mememime_proxy.proxy.http.access_log import AccessLog, RefusalLimit
from mememime_proxy.proxy.http.clients import Clients
from mememime_proxy.proxy.http.exchange import Exchange
from mememime_proxy.service import logs
from tests.support.clock import Clock


def exchange(number=0):
    request = make_mocked_request("GET", "/x", headers={"X-Forwarded-For": "192.0.2.7, 10.0.0.1"})
    return Exchange(request, f"id-{number}", 0.0, Clients(lambda: 0))


@pytest.fixture
def configured():
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def test_refusals_under_overload_have_twenty_lines_a_second_and_the_rest_is_counted():
    clock = Clock()
    limit = RefusalLimit(clock)
    assert [limit.admit() for _ in range(25)] == [0] * 20 + [None] * 5
    clock.now += 1
    assert [limit.admit(), limit.admit()] == [5, 0]


async def test_lines_are_written_in_batches_in_the_order_of_responses(configured):
    with capture_logs() as lines:
        log = AccessLog()
        for number in range(1000):
            log.add(exchange(number), 200, 0.01)
        assert lines == []
        while len(lines) < 1000:
            before = len(lines)
            await asyncio.sleep(0.001)
            assert len(lines) - before <= 300, "the event loop had its turn"
        assert [line["request_id"] for line in lines] == [f"id-{number}" for number in range(1000)]
        assert lines[0] == {
            "event": "request.answered", "log_level": "info", "timestamp": lines[0]["timestamp"], "request_id": "id-0",
            "status": 200, "method": "GET", "ms": 10.0, "client": "192.0.2.7", "path": "/x",
        }  # fmt: skip
        log.add(exchange(), 304, 0)
        log.close()
        assert lines[-1]["status"] == 304


async def test_log_above_level_info_writes_no_lines(monkeypatch):
    monkeypatch.setattr(logs._Threshold, "level", logging.WARNING)
    with capture_logs() as lines:
        log = AccessLog()
        log.add(exchange(), 200, 0)
        log.close()
    assert lines == []


@pytest.mark.parametrize(
    ("prefix", "path", "logged"),
    [
        ("", "/c2ln/rs:fit:1/plain/x", "/*/rs:fit:1/plain/x"),
        ("/images/", "/images/c2ln/rs:fit:1/plain/x", "/images/*/rs:fit:1/plain/x"),
        ("images", "/images//c2ln/rs:fit:1/plain/x", "/images/*/rs:fit:1/plain/x"),
        ("images", "/c2ln/plain/x", "/*/plain/x"),
        ("images", "/images/unsafe/plain/x", "/images/unsafe/plain/x"),
    ],
)
async def test_path_of_a_refused_request_has_no_signature(prefix, path, logged):
    refused = Exchange(make_mocked_request("GET", path), "id", 0.0, Clients(lambda: 0))
    assert AccessLog(prefix).fields(refused, 403, 0.0)["path"] == logged
