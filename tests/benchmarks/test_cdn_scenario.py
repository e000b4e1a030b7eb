"""The parts of the scenario that need no other process."""

import socket
import threading
from pathlib import Path

import pytest

from benchmarks import cdn
from mememime_proxy.cdn import nginx
from mememime_proxy.cdn.config import Edge


def test_the_file_server_logs_and_says_the_same():
    said = {
        "Cache-Control": "max-age=1",
        "Content-Disposition": 'inline; filename="a"',
        "X-Request-ID": "7",
        "Date": "now",
    }
    made = cdn.with_static(
        nginx.standalone(Edge(upstreams=("a:80",))), 8123, Path("/srv/static"), "sendfile on;", {"/sig/a": said}
    )
    inside = made[made.rindex("server {") :]
    assert "listen 127.0.0.1:8123;" in inside
    assert "root /srv/static;" in inside
    assert "sendfile on;" in inside
    assert inside.count("access_log ") == 1
    everywhere, picture = inside.split('location = "/sig/a" {')
    assert everywhere.count("add_header ") == made.partition("location / {")[0].count("add_header ") - 1  # X-Cache
    assert picture.count("add_header ") == everywhere.count("add_header ") + 2
    assert 'add_header Content-Disposition "inline; filename=\\"a\\"";' in picture
    assert made.count("{") == made.count("}")


def test_another_configuration_is_refused():
    with pytest.raises(RuntimeError, match="no log"):
        cdn.with_static("events {}\nhttp {}\n", 1, Path("/srv"), "", {})


def test_a_crowd_is_answered(monkeypatch):
    monkeypatch.setattr(cdn, "_CROWD", 20)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            for _ in range(20):
                connection = server.accept()[0]
                with connection:
                    assert connection.recv(4096).startswith(b"GET /a HTTP/1.1\r\n")
                    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nbody")

        thread = threading.Thread(target=serve)
        thread.start()
        ends, statuses = cdn.crowd(f"http://127.0.0.1:{server.getsockname()[1]}/a")
        thread.join(10)
    assert (len(ends), statuses) == (20, {b"HTTP/1.1 200"})
    assert min(ends) > 0
