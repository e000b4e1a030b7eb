import asyncio

import aiohttp
import pytest
from aiohttp import web

from mememime_proxy.proxy.http.image_response import ImageResponse, serialize

HEAD = serialize(200, {"Content-Type": "image/x", "Content-Length": "100000", "X-Text": "ü"})


@pytest.fixture
async def served():
    """Asks over one connection; each answer is made by ``make``."""
    answers = []

    async def handle(_request):
        return answers[-1]()

    runner = web.ServerRunner(web.Server(handle))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    async with aiohttp.ClientSession() as session:

        async def ask(make, method="GET"):
            answers.append(make)
            async with session.request(method, f"http://127.0.0.1:{port}/") as answer:
                return answer, await answer.read()

        ask.port = port
        yield ask
    await runner.cleanup()


@pytest.mark.parametrize("size", [0, 10, 100_000, 5_000_000])
async def test_responses_follow_each_other_on_one_connection(served, size):
    head = serialize(404, {"Content-Length": str(size)})
    for _ in range(3):
        answer, body = await served(lambda: ImageResponse(404, head, "X-Own: 1\r\n", b"x" * size))
        assert (answer.status, answer.reason, body) == (404, "Not Found", b"x" * size)
        assert answer.headers["X-Own"] == "1"
        assert "GMT" in answer.headers["Date"]
        assert "Connection" not in answer.headers


async def test_response_to_head_has_no_body(served):
    answer, body = await served(lambda: ImageResponse(200, HEAD, "", b"x" * 100_000), "HEAD")
    assert (answer.headers["Content-Length"], body) == ("100000", b"")
    answer, body = await served(lambda: ImageResponse(200, HEAD, "", b"x" * 100_000))
    assert (len(body), answer.headers["X-Text"]) == (100_000, "ü")


async def test_response_announces_that_the_connection_is_closed(served):
    def make():
        response = ImageResponse(200, HEAD, "", b"x" * 100_000)
        response.force_close()
        return response

    answer, body = await served(make)
    assert (answer.headers["Connection"], len(body)) == ("close", 100_000)


async def test_client_that_does_not_read_gets_no_further_response(served):
    made = []

    def make():
        made.append(1)
        return ImageResponse(200, serialize(200, {"Content-Length": "20000000"}), "", bytes(20_000_000))

    await served(make)
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n" * 4)
    await reader.readuntil(b"\r\n\r\n")
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(made) == 2
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: b", "a\nb", "a\0", "\x7f", "a\r", "\r", "\n", "\r\n"])
def test_serialize_refuses_line_breaks_and_control_characters(value):
    for headers in ({"X": value}, {f"X{value}": "a"}, {"X": value, "Y": "b"}):
        with pytest.raises(ValueError, match="header"):
            serialize(200, headers)


def test_serialize_allows_a_status_without_a_phrase():
    assert serialize(599, {}) == b"HTTP/1.1 599 \r\n"


async def test_h5_large_body_is_in_use_until_the_kernel_has_taken_all_of_it(served):
    left = []

    class Measured(ImageResponse):
        async def prepare(self, request):
            request.transport.set_write_buffer_limits(50_000_000)
            await super().prepare(request)
            left.append(request.transport.get_write_buffer_size())

    head = serialize(200, {"Content-Length": "20000000"})
    _, body = await served(lambda: Measured(200, head, "", bytes(20_000_000)))
    assert (len(body), left) == (20_000_000, [0])
