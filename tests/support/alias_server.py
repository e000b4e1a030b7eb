"""A server of aliases and assets in the resource service's protocol, and a storage with their bytes."""

import asyncio
import hashlib
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from mememime_proxy.errors import ObjectNotFoundError
from mememime_proxy.sources.config import ResourcesConfig
from mememime_proxy.sources.resources import alias_client
from mememime_proxy.storage.asset_keys import asset_key
from mememime_proxy.storage.protocol import ObjectInfo


def digest(content):
    return hashlib.sha256(content).hexdigest()


class AliasServer:
    """What a test says of names. ``status`` other than 200 is the answer to everything."""

    def __init__(self):
        self.answers, self.stored, self.asked = {}, {}, []
        self.status = 200
        self.gate = asyncio.Event()
        self.gate.set()
        self.waiting = 0

    def keep(self, content, state="ready", packed=None, media_type="image/png"):
        """An asset, and its bytes in the storage; ``packed``: what is stored for it."""
        sha256, stored = digest(content), content if packed is None else packed
        self.stored[asset_key(sha256)] = stored
        self.answers[f"/assets/{sha256}"] = {
            "sha256": sha256, "state": state, "reason": "", "size": len(content), "media_type": media_type,
            "stored_sha256": digest(stored), "stored_size": len(stored), "facts": {}, "changed": "2026-01-01T00:00:00Z",
        }  # fmt: skip
        return sha256

    def point(self, name, sha256, version=1, **more):
        asset = {key: value for key, value in self.answers[f"/assets/{sha256}"].items() if key != "facts"}
        self.answers[f"/aliases/{name}"] = {
            "name": name, "sha256": sha256, "version": version, "focal": None, "preset": "", "tags": [],
            "tenant": "default", "asset": asset, **more,
        }  # fmt: skip

    def drop(self, name):
        del self.answers[f"/aliases/{name}"]

    async def answer(self, request):
        self.asked.append((request.path, request.headers.get("Authorization", "")))
        body, status = self.answers.get(request.path), self.status
        self.waiting += 1
        try:
            await self.gate.wait()
        finally:
            self.waiting -= 1
        if status == 0:
            request.transport.abort()
        if status != 200 or body is None:
            return web.json_response({"status": status}, status=404 if status == 200 else status)
        return web.json_response(body)

    # --- the storage

    async def open(self, key, **_conditions):
        if key not in self.stored:
            raise ObjectNotFoundError(key)
        return Body(key, self.stored[key])


class Body:
    def __init__(self, key, content):
        self.content = content
        self.info = ObjectInfo(key=key, size=len(content))
        self.start, self.end = 0, len(content)

    async def __aiter__(self):
        middle = len(self.content) // 2
        for part in (self.content[:middle], self.content[middle:]):
            yield part

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        return None


@asynccontextmanager
async def alias_server(**settings):
    """A register that listens, and the configuration that leads to it; whoever asks has patience."""
    it = AliasServer()
    application = web.Application()
    application.router.add_get("/{path:.*}", it.answer)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alias_client, "_TIMEOUT", 60.0)
        async with TestServer(application) as server:
            url = str(server.make_url("/")).rstrip("/")
            yield it, ResourcesConfig(**({"url": url, "api_key": "a-key", "freshness": 1.0, "stale": 60.0} | settings))
            it.gate.set()
