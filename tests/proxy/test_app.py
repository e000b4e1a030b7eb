"""The complete proxy in this process, for parts without a test of their own."""

import hashlib
import json
import shutil
from pathlib import Path

import aiohttp
import pytest

from mememime_proxy.proxy import generation
from mememime_proxy.proxy.app import Proxy
from mememime_proxy.settings.settings import load
from mememime_proxy.sources.model import SourceState
from mememime_proxy.sources.registry import Sources

STORE = Path(__file__).parent.parent / "data/variant_store"
RESPONSES = json.loads((STORE / "responses.json").read_text())
VERSION = "0.1.0"
"""Of the program that wrote the store."""
DATE = "Sun, 06 Nov 1994 08:49:37 GMT"


@pytest.fixture
async def proxy(tmp_path, monkeypatch):
    """A proxy on a copy of the store, whose sources answer that nothing has changed."""

    async def fetch_if_changed(self, url, validator, **_):
        assert validator, f"{url} is not in the store"
        return SourceState(validator, DATE)

    monkeypatch.setattr(Sources, "fetch_if_changed", fetch_if_changed)
    monkeypatch.setattr(generation, "__version__", VERSION)  # part of every key
    shutil.copytree(STORE, tmp_path / "store")
    variables = {
        "BIND": f"{tmp_path}/socket",
        "NETWORK": "unix",
        "KEY": "6b" * 32,
        "SALT": "73" * 32,
        "CACHE_USE": "fs",
        "CACHE_FS_ROOT": str(tmp_path / "store"),
        "WORKERS": "1",
    }
    service = Proxy(load({f"MEMEMIME_{name}": value for name, value in variables.items()}))
    await service.start()
    yield service
    await service.stop()


async def test_store_of_an_earlier_version_is_served_without_a_render(proxy):
    connector = aiohttp.UnixConnector(proxy.addresses[0])
    async with aiohttp.ClientSession(connector=connector) as client:
        for expected in RESPONSES:
            async with client.get(f"http://proxy{expected['path']}") as response:
                body = await response.read()
            assert response.status == 200
            assert hashlib.sha256(body).hexdigest() == expected["sha256"]
            assert response.headers["ETag"] == expected["etag"]
            assert response.headers["Last-Modified"] == expected["last_modified"]
            assert response.headers["Content-Type"] == expected["content_type"]
            condition = {"If-None-Match": expected["etag"]}
            async with client.get(f"http://proxy{expected['path']}", headers=condition) as response:
                assert response.status == 304
    samples = proxy.metrics.registry
    assert samples.get_sample_value("cache_hits_total", {"cache": "store"}) == len(RESPONSES)
    assert samples.get_sample_value("result_bytes_total") == 0
