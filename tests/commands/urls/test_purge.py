"""``mememime purge`` and a service that is down, is another one, or refuses; tests/e2e/test_purges.py has the rest."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from click.testing import CliRunner

from mememime_proxy.commands.group import main
from tests.support.ports import reserve_port


def run(*words):
    return CliRunner().invoke(main, ["purge", "local:///x", *words], env={"MEMEMIME_PURGE_KEY": "ab" * 32})


@pytest.fixture
def other_server():
    """A web server that gives each POST the answer of a test."""
    answers = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            status, headers, body, wait = answers[0]
            wait()
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    def answer(status, body=b"", wait=lambda: None, **headers):
        answers[:] = [(status, headers, body, wait)]
        return f"http://127.0.0.1:{server.server_port}"

    yield answer
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "headers", "text"),
    [
        (
            301,
            b"",
            {"Location": "https://img.example/purge"},
            "a redirect to https://img.example/purge: name",
        ),
        (200, b"<html>hello", {}, "answered 200, which is no answer of a purge: <html>hello"),
        (403, b"Forbidden", {}, "Compare MEMEMIME_PURGE_KEY"),
        (404, b"Invalid URL", {}, "MEMEMIME_PURGE_KEY of the proxy enables purges"),
    ],
)
def test_purge_answer_of_another_server_is_explained(other_server, status, body, headers, text):
    result = run("--url", other_server(status, body, **headers))
    assert result.exit_code == 1
    assert text in result.stderr


def test_purge_service_that_is_down_is_an_error_with_an_advice():
    with reserve_port() as port:
        result = run("--url", f"http://127.0.0.1:{port}")
    assert result.exit_code == 1
    assert "cannot be reached" in result.stderr
    assert "--url names another address" in result.stderr


def test_purge_service_that_waits_is_told_meanwhile(other_server, monkeypatch):
    monkeypatch.setattr("mememime_proxy.commands.next_steps._FIRST_WORD", 0.01)
    told = threading.Event()
    monkeypatch.setattr("mememime_proxy.commands.next_steps.click.echo", lambda *_, **__: told.set())
    result = run("--url", other_server(200, b"{}", wait=lambda: told.wait(30)))
    assert result.exit_code == 0
    assert told.is_set()


@pytest.mark.parametrize("url", ["localhost", "ftp://localhost", "http://"])
def test_purge_address_that_is_none_is_an_error(url):
    result = run("--url", url)
    assert (result.exit_code, "expected http://" in result.stderr) == (1, True)
