"""What is no HTTP request: answered 400, one line in the log, nothing of it repeated anywhere."""

import json
import socket

import pytest

from tests.support.proxy_process import KEY, SALT, ProxyProcess
from tests.support.resource_process import ADMIN_KEY, ResourceProcess
from tests.support.waiting import wait_until

SECRET = b"c2lnbmF0dXJl"
AUTHORIZED = b"Host: a\r\nAuthorization: Bearer " + ADMIN_KEY.encode() + b"\r\n"
MALFORMED = {
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
    "control characters in a header": b"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: " + SECRET + b"\x1b[31m\r\n\r\n",
    "control characters in the path": b"GET /" + SECRET + b"/\x1b[31m\x07 HTTP/1.1\r\nHost: a\r\n\r\n",
    "bytes above 127 in the path": b"GET /" + SECRET + b"/plain/\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
    "a line that is too long": b"GET /" + SECRET + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "a header that is too long": b"GET /health HTTP/1.1\r\nHost: a\r\nCookie: " + SECRET + b"a" * 100_000 + b"\r\n\r\n",
    "two lengths": b"POST /purge HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "a length and chunks": b"PUT /assets HTTP/1.1\r\n" + AUTHORIZED
    + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a chunk without a size": b"PUT /assets HTTP/1.1\r\n" + AUTHORIZED
    + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\nabc\r\n0\r\n\r\n",
    "no host": b"GET /health HTTP/1.1\r\n\r\n",
    "an authority that is none": b"GET http://[::1/" + SECRET + b" HTTP/1.1\r\nHost: a\r\n\r\n",
}  # fmt: skip


@pytest.fixture(scope="module", params=["proxy", "resources"])
def service(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("malformed")
    process = ProxyProcess(folder, key=KEY, salt=SALT, workers="1") if request.param == "proxy" else ResourceProcess(
        folder
    )  # fmt: skip
    with process:
        yield process


def exchange(port, message):
    """Return all that the service sends until it closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(message)
        parts = []
        try:
            while part := connection.recv(1 << 16):
                parts.append(part)
        except ConnectionResetError:
            pass  # the rest of a long message was not read
        return b"".join(parts)


@pytest.mark.parametrize("name", MALFORMED)
@pytest.mark.parametrize("port", ["port", "metrics_port"])
async def test_d9_malformed_request_is_one_line_without_traceback_and_without_what_was_sent(service, port, name):
    before = service.log_path.stat().st_size
    response = exchange(getattr(service, port), MALFORMED[name])
    await wait_until(lambda: service.log_path.stat().st_size > before)
    written = service.log_path.read_bytes()[before:]
    (line,) = written.splitlines()
    event = json.loads(line)
    assert (event["event"], event["level"], event["error"]) == ("request.malformed", "info", "request.malformed")
    assert event["client"] == "127.0.0.1"
    assert all(32 <= byte != 127 for byte in line)
    for secret in (SECRET, ADMIN_KEY.encode()):
        assert secret not in line
        assert secret not in response
    if response:  # it may be lost with the reset of a connection whose rest was not read
        head, _, body = response.partition(b"\r\n\r\n")
        assert head.split(b" ")[1] == b"400"
        assert b"\r\nX-Content-Type-Options: nosniff\r\n" in head + b"\r\n"
        assert b"\r\nServer: mememime\r\n" in head + b"\r\n"
        assert body == b"Bad request\n"


async def test_d9_request_that_a_client_leaves_unfinished_is_one_line(service):
    before = service.log_path.stat().st_size
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as connection:
        connection.sendall(b"PUT /assets HTTP/1.1\r\n" + AUTHORIZED + b"Content-Length: 1000\r\n\r\nabc")
    await wait_until(lambda: service.log_path.stat().st_size > before)
    (line,) = service.log_path.read_bytes()[before:].splitlines()
    assert json.loads(line)["event"] == "request.refused"


def test_d9_malformed_requests_are_counted(service):
    name = "errors_total" if service.command == "proxy" else "resource_errors_total"
    labels = 'code="request.malformed"' + (',type="path_parsing"' if service.command == "proxy" else "")
    before = service.metric(f"{name}{{{labels}}}")
    exchange(service.port, MALFORMED["no host"])
    assert service.metric(f"{name}{{{labels}}}") == before + 1
