"""The last PATCH of a tus upload with an alias, traced: ``python -m tests.support.call_trace upload``."""

from __future__ import annotations

import base64
import tempfile
from pathlib import Path
from unittest import mock

import aiohttp

from mememime_proxy.resources.app import Resources
from mememime_proxy.resources.uploads import lease, scheduler
from mememime_proxy.resources.uploads.assembly import Assembly
from mememime_proxy.resources.uploads.model import Upload
from mememime_proxy.settings.settings import load
from tests.support.call_trace import CallTrace
from tests.support.numbered_png import numbered_png

_KEY = "trace-" + "k" * 40
_HEADERS = {"Authorization": f"Bearer {_KEY}", "Tus-Resumable": "1.0.0"}
_HOUR = 3600
_FIRST = 100
"""Bytes of the first PATCH."""


async def trace() -> CallTrace:
    """Record the last of two PATCH requests until its response, on SQLite and a folder.

    An upload before has made all that is cached. What goes on beside the request is left out, so that the figures do
    not depend on the timing: the deletion of the chunks, renewals of the lease, rounds of the scheduler.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.object(Assembly, "discard", _discard_nothing),
        mock.patch.object(lease, "LEASE", _HOUR * 1000),
        mock.patch.object(scheduler, "_INTERVAL", _HOUR),
    ):
        service = Resources(_settings(Path(folder)))
        await service.start()
        try:
            async with aiohttp.ClientSession(f"http://{service.addresses[0]}", headers=_HEADERS) as session:
                await _upload(session, 1, CallTrace())
                calls = CallTrace()
                await _upload(session, 2, calls)
                return calls
        finally:
            await service.stop()


async def _discard_nothing(_assembly: Assembly, _upload: Upload) -> None:
    """Stand for ``Assembly.discard``."""


def _settings(folder: Path) -> object:
    values = {
        "RESOURCES_BIND": "127.0.0.1:0",
        "DATABASE_URL": f"sqlite:///{folder}/resources.db",
        "ASSETS_STORAGE": str(folder / "assets"),
        "ADMIN_API_KEY": _KEY,
        "WORKERS": "1",
        "JANITOR_INTERVAL": "0",
        "SCRUB_CYCLE": "0",
        "LOG_LEVEL": "error",
    }
    return load({f"MEMEMIME_{name}": value for name, value in values.items()}, keys_needed=False)


async def _upload(session: aiohttp.ClientSession, number: int, calls: CallTrace) -> None:
    body = numbered_png(number)
    alias = base64.b64encode(b"trace/%d" % number).decode()
    create = {"Upload-Length": str(len(body)), "Upload-Metadata": f"alias {alias}"}
    async with session.post("/uploads", headers=create) as response:
        assert response.status == 201, await response.text()
        url = response.headers["Location"]
    await _patch(session, url, 0, body[:_FIRST])
    with calls:
        assert await _patch(session, url, _FIRST, body[_FIRST:]) == "ready"


async def _patch(session: aiohttp.ClientSession, url: str, offset: int, body: bytes) -> str:
    headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
    async with session.patch(url, data=body, headers=headers) as response:
        assert response.status == 204, await response.text()
        return response.headers.get("Mememime-State", "")
