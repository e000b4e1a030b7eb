"""The configuration that benchmarks give their NGINX."""

from pathlib import Path

import pytest

from benchmarks import edge
from mememime_proxy.cdn import nginx
from mememime_proxy.cdn.config import Edge


def test_the_file_server_logs_and_says_the_same():
    said = {
        "Cache-Control": "max-age=1",
        "Content-Disposition": 'inline; filename="a"',
        "X-Request-ID": "7",
        "Date": "now",
    }
    made = edge.with_static(
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
    like = edge.with_static(made, 8124, Path("/srv/static"), "", {})
    assert "sendfile off; tcp_nopush off; output_buffers 1 128k;" in like[like.rindex("server {") :]


def test_another_configuration_is_refused():
    with pytest.raises(RuntimeError, match="no log"):
        edge.with_static("events {}\nhttp {}\n", 1, Path("/srv"), "", {})
