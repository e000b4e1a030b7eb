"""The client against a server of a few lines: order, statuses, connections that close, moments."""

import asyncio
import threading

import pytest
from aiohttp import web

from benchmarks.load import requester


@pytest.fixture
async def server(aiohttp_server):
    async def handler(request):
        status = int(request.match_info["status"])
        headers = {"Retry-After": "1"} if status == 503 else {}
        answer = web.Response(body=b"x" * 300_000, status=status, headers=headers)
        if "close" in request.query:
            answer.force_close()
        return answer

    app = web.Application()
    app.router.add_get("/{status}", handler)
    return await aiohttp_server(app)


async def test_open_loop_answers_are_counted_by_status(server):
    plan = [(0.0, "/200"), (0.01, "/503"), (0.02, "/200?close"), (0.05, "/422"), (0.2, "/200")]
    answers = await asyncio.to_thread(requester.collect, requester.open_loop(server.port, plan))
    found = dict(zip(answers.number, zip(answers.status, answers.retry_after, strict=True), strict=True))
    assert found == {0: (200, False), 1: (503, True), 2: (200, False), 3: (422, False), 4: (200, False)}
    assert answers.wall >= 0.2
    assert answers.cpu > 0
    assert min(answers.seconds) > 0


async def test_closed_loop_ends_with_its_paths(server):
    process = requester.closed_loop(server.port, ["/200"] * 20, 4, 60)
    answers = await asyncio.to_thread(requester.collect, process)
    assert answers.status == [200] * 20
    assert sorted(answers.number) == list(range(20))


async def test_closed_loop_ends_with_its_time(server):
    process = requester.closed_loop(server.port, ["/200"] * 10_000, 2, 0.3, pause=0.05)
    answers = await asyncio.to_thread(requester.collect, process)
    assert 2 <= len(answers.status) <= 14


def test_connection_closed_without_an_answer_is_a_failure():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            for _ in range(2):
                connection = listener.accept()[0]
                connection.recv(4096)
                connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        answers = requester.collect(requester.open_loop(listener.getsockname()[1], [(0, "/a"), (0.05, "/b")]))
        thread.join(10)
    assert answers.status == [0, 0]
