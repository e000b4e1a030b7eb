"""The configuration that benchmarks give their NGINX."""

import re
from pathlib import Path

import pytest

from benchmarks import edge
from mememime_proxy.cdn import nginx
from mememime_proxy.cdn.config import EdgeConfig


def test_the_file_server_logs_and_says_the_same():
    said = {
        "Cache-Control": "max-age=1",
        "Content-Disposition": 'inline; filename="a"',
        "X-Request-ID": "7",
        "Date": "now",
    }
    made = edge.with_static(
        nginx.standalone(EdgeConfig(upstreams=("a:80",))), 8123, Path("/srv/static"), "sendfile on;", {"/sig/a": said}
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


def test_files_are_served_in_both_ways_of_the_cache():
    text = nginx.http(EdgeConfig(upstreams=("a:80",)))
    written = " ".join(re.findall(r"^    ((?:sendfile|tcp_nopush|output_buffers) .*;)$", text, re.MULTILINE))
    assert "        sendfile on;\n" in text
    assert {written, "sendfile on; tcp_nopush off;"} <= set(edge._TRANSPORTS.values())


def test_another_configuration_is_refused():
    with pytest.raises(RuntimeError, match="no log"):
        edge.with_static("events {}\nhttp {}\n", 1, Path("/srv"), "", {})
