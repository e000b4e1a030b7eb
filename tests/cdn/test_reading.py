"""A configuration that was printed is read again: its options, and how it differs from what the settings give now."""

from pathlib import Path

import pytest

from mememime_proxy.cdn import nginx
from mememime_proxy.cdn.config import EdgeConfig, shared_fields
from mememime_proxy.cdn.reading import differences, read_edge
from mememime_proxy.errors import SettingsError
from mememime_proxy.settings.settings import Settings

ROOT = Path(__file__).parents[2]
SETTINGS = Settings(allow_unsigned=True, auto_webp=True, secret="open+sesame")
EDGES = [
    {"upstreams": ("127.0.0.1:8080",)},
    {"upstreams": ("a:1", "unix:/run/b.sock", "[::1]:3"), "listen": "[::]:81", "cache_size": "7g", "slices": False,
     "lan": ("10.0.0.0/8", "::1/128"), "trusted": ("192.0.2.0/24",), "state": "/run/x", "cache_path": "/srv/edge"},
    {"upstreams": ("a:1",), "certificate": "/etc/c.pem", "certificate_key": "/etc/k.pem", "listen": "443"},
    {"upstreams": ("a:1",), "miss_rate": 0},
]  # fmt: skip


@pytest.mark.parametrize("options", EDGES)
@pytest.mark.parametrize("render", [nginx.http, nginx.standalone])
def test_read_edge_returns_the_options_that_were_printed(options, render):
    edge = EdgeConfig(**options, **shared_fields(SETTINGS))
    text = render(edge)
    assert read_edge(text, SETTINGS) == edge
    assert differences(text, edge) == []


def test_differences_name_what_other_settings_give():
    text = nginx.http(EdgeConfig(upstreams=("a:1",), **shared_fields(SETTINGS)))
    changed = SETTINGS.model_copy(update={"auto_webp": False, "timeout": 99})
    found = differences(text, read_edge(text, changed))
    assert any(line.startswith("- ") and "webp" in line for line in found)
    assert "+ proxy_read_timeout 104s;" in found


def test_comments_and_the_log_file_are_no_difference():
    text = nginx.http(EdgeConfig(upstreams=("a:1",), **shared_fields(SETTINGS)), "/elsewhere/log")
    assert differences("# mine\n" + text, read_edge(text, SETTINGS)) == []


@pytest.mark.parametrize("text", ["", "server { listen 80; }", "proxy_cache_path /a levels=1 max_size=1g;"])
def test_file_of_another_origin_is_refused(text):
    with pytest.raises(SettingsError, match="not printed"):
        read_edge(text, SETTINGS)


@pytest.mark.parametrize("name", ["one-host.conf", "pair.conf"])
def test_shipped_files_can_be_read(name):
    text = (ROOT / "nginx" / name).read_text("utf-8")
    settings = Settings(allow_unsigned=True, auto_webp=True, auto_avif=True)
    assert differences(text, read_edge(text, settings)) == []
