"""A resource service in memory, which fails on demand, and an observer of the client's progress."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

KEY = "mk_test_secret"
Fault = Callable[[web.Request], Awaitable[web.StreamResponse | None]]


class FakeResourceService:
    """``faults``: asked in order before each request; the first one with an answer gives it."""

    def __init__(self) -> None:
        self.assets: dict[str, bytes] = {}
        self.aliases: dict[str, dict[str, Any]] = {}
        self.uploads: dict[str, dict[str, Any]] = {}
        self.multipart: dict[str, dict[int, bytes]] = {}
        self.lengths: dict[str, tuple[int, str]] = {}
        self.faults: list[Fault] = []
        self.requests: Counter[str] = Counter()
        self.received = 0
        self.part_size = 1000
        self.takes_batches = False
        self.refused: dict[str, web.Response] = {}
        """Responses for files of a batch, by digest."""
        self._changed = asyncio.Event()
        self.at_once = self.most_at_once = 0
        self.app = web.Application(client_max_size=1 << 30, middlewares=[self._middleware])
        add = self.app.router.add_route
        add("GET", "/assets", self.list_assets)
        add("POST", "/assets/exists", self.exists)
        add("PUT", "/assets", self.put)
        add("OPTIONS", "/assets/batch", self.batch_options)
        add("POST", "/assets/batch", self.batch)
        add("GET", "/aliases/{name:.+}", self.get_alias)
        add("PUT", "/aliases/{name:.+}", self.put_alias)
        add("POST", "/uploads", self.create)
        add("HEAD", "/uploads/{id}", self.offset)
        add("PATCH", "/uploads/{id}", self.patch)
        add("GET", "/uploads/{id}", self.status)
        add("POST", "/multipart", self.begin)
        add("POST", "/multipart/{id}/parts", self.sign)
        add("POST", "/multipart/{id}/complete", self.complete)
        add("PUT", "/bucket/{id}/{number}", self.part)

    @web.middleware
    async def _middleware(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.requests[f"{request.method} /{request.path.split('/')[1]}"] += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self._changed.set()
        try:
            for fault in self.faults:
                if (response := await fault(request)) is not None:
                    return response
            if request.path.startswith("/bucket"):
                assert "Authorization" not in request.headers
            elif request.headers.get("Authorization") != f"Bearer {KEY}":
                return problem(401, "Not authenticated")
            return await handler(request)
        finally:
            self.at_once -= 1
            self._changed.set()

    async def until(self, condition: Callable[[], object]) -> None:
        """Returns when it holds; looked at when requests come and end."""
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    async def _read(self, request: web.Request) -> bytes:
        body = await request.read()
        self.received += len(body)
        return body

    async def list_assets(self, _: web.Request) -> web.Response:
        return web.json_response({"assets": []})

    async def exists(self, request: web.Request) -> web.Response:
        digests = (await request.json())["sha256"]
        assert len(digests) <= 1000
        here = [digest for digest in digests if digest in self.assets]
        return web.json_response({"present": here, "missing": [each for each in digests if each not in here]})

    async def put(self, request: web.Request) -> web.Response:
        body = await self._read(request)
        declared = base64.b64decode(request.headers["Repr-Digest"].removeprefix("sha-256=:").removesuffix(":"))
        if hashlib.sha256(body).digest() != declared:
            return problem(422, "Digest mismatch")
        alias = request.query.get("alias")
        if alias and request.headers.get("If-None-Match") == "*" and alias.lower() in self.aliases:
            return problem(412, "Precondition failed")
        return self._keep(body, alias)

    async def batch_options(self, _: web.Request) -> web.Response:
        return web.Response(status=204, headers={"Allow": "OPTIONS, POST"}) if self.takes_batches else problem(404, "-")

    async def batch(self, request: web.Request) -> web.Response:
        head, _, body = (await self._read(request)).partition(b"\n")
        self.received -= len(head) + 1
        results = []
        for row in json.loads(head)["files"]:
            data, body = body[: row["size"]], body[row["size"] :]
            assert hashlib.sha256(data).hexdigest() == row["sha256"]
            response = self.refused.pop(row["sha256"], None)
            if response is None and row.get("alias", "").lower() in self.aliases:
                response = problem(412, "Precondition failed")
            result = json.loads((response or self._keep(data, row.get("alias"))).body)
            results.append({"error": result} if response else {"asset": result})
        assert not body
        return web.json_response({"assets": results})

    def _keep(self, body: bytes, alias: str | None = None) -> web.Response:
        digest = hashlib.sha256(body).hexdigest()
        new = digest not in self.assets
        self.assets[digest] = body
        asset = {"sha256": digest, "state": "ready", "size": len(body)}
        if alias:
            asset |= {"alias": alias.lower(), "alias_version": self._set_alias(alias.lower(), {"sha256": digest})}
        return web.json_response(asset, status=201 if new else 200)

    async def get_alias(self, request: web.Request) -> web.Response:
        alias = self.aliases.get(request.match_info["name"].lower())
        return web.json_response(alias) if alias else problem(404, "Alias not found")

    async def put_alias(self, request: web.Request) -> web.Response:
        name = request.match_info["name"].lower()
        alias, attributes = self.aliases.get(name), await request.json()
        if request.headers.get("If-None-Match") == "*" and alias:
            return problem(412, "Precondition failed")
        condition = request.headers.get("If-Match")
        if condition and (not alias or condition != f'"{alias["version"]}"'):
            return problem(412, "Precondition failed")
        if attributes["sha256"] not in self.assets:
            return problem(404, "Asset not found")
        self._set_alias(name, attributes)
        return web.json_response(self.aliases[name], status=200 if alias else 201)

    def _set_alias(self, name: str, attributes: dict[str, Any]) -> int:
        version = int(self.aliases[name]["version"]) + 1 if name in self.aliases else 1
        self.aliases[name] = {"name": name, "version": version, "focal": None, "preset": "", "tags": [], **attributes}
        return version

    async def create(self, request: web.Request) -> web.Response:
        assert request.headers["Tus-Resumable"] == "1.0.0"
        name = f"{len(self.uploads):032x}"
        concat = request.headers.get("Upload-Concat", "")
        upload = {"state": "receiving", "data": b"", "partial": concat == "partial", "metadata": _metadata(request)}
        if concat.startswith("final;"):
            parts = [self.uploads.get(url.rpartition("/")[2]) for url in concat.removeprefix("final;").split()]
            if None in parts:
                return problem(404, "Upload not found")
            upload["data"] = b"".join(part["data"] for part in parts)
            upload["length"] = len(upload["data"])
        else:
            upload["length"] = int(request.headers["Upload-Length"])
        self.uploads[name] = upload
        self._finish(upload)
        return web.Response(status=201, headers={"Location": f"https://elsewhere.example/uploads/{name}"})

    def _finish(self, upload: dict[str, Any]) -> None:
        if len(upload["data"]) == upload["length"] and not upload["partial"]:
            good = hashlib.sha256(upload["data"]).hexdigest() == upload["metadata"]["sha256"]
            upload["state"] = "done" if good else "failed"
            upload["problem"] = "" if good else "Digest mismatch"
            if good:
                self._keep(upload["data"])

    async def offset(self, request: web.Request) -> web.Response:
        upload = self.uploads.get(request.match_info["id"])
        if upload is None:
            return web.Response(status=404)
        return web.Response(headers={"Upload-Offset": str(len(upload["data"])), "Cache-Control": "no-store"})

    async def patch(self, request: web.Request) -> web.Response:
        upload = self.uploads.get(request.match_info["id"])
        if upload is None:
            return problem(404, "Upload not found")
        if int(request.headers["Upload-Offset"]) != len(upload["data"]):
            return problem(409, "Wrong offset")
        try:
            async for chunk in request.content.iter_any():
                upload["data"] += chunk
                self.received += len(chunk)
        except (ConnectionError, asyncio.IncompleteReadError):
            return web.Response(status=204)
        self._finish(upload)
        return web.Response(status=204, headers={"Upload-Offset": str(len(upload["data"]))})

    async def status(self, request: web.Request) -> web.Response:
        upload = self.uploads[request.match_info["id"]]
        return web.json_response({"state": upload["state"], "problem": upload.get("problem", "")})

    async def begin(self, request: web.Request) -> web.Response:
        body = await request.json()
        name = f"{len(self.multipart):032x}"
        self.multipart[name], self.lengths[name] = {}, (body["size"], body["sha256"])
        return web.json_response({"id": name, "part_size": self.part_size, "parts": []}, status=201)

    async def sign(self, request: web.Request) -> web.Response:
        name = request.match_info["id"]
        if name not in self.multipart:
            return problem(404, "Upload not found")
        base = f"http://{request.host}/bucket/{name}"
        numbers = (await request.json())["numbers"]
        return web.json_response({"parts": [{"number": n, "url": f"{base}/{n}", "headers": {}} for n in numbers]})

    async def part(self, request: web.Request) -> web.Response:
        body = await self._read(request)
        self.multipart[request.match_info["id"]][int(request.match_info["number"])] = body
        return web.Response(headers={"ETag": f'"{hashlib.md5(body).hexdigest()}"'})

    async def complete(self, request: web.Request) -> web.Response:
        name = request.match_info["id"]
        parts, manifest = self.multipart[name], (await request.json())["parts"]
        assert [(part["number"], part["etag"]) for part in manifest] == [
            (number, f'"{hashlib.md5(parts[number]).hexdigest()}"') for number in sorted(parts)
        ]
        body = b"".join(parts[number] for number in sorted(parts))
        assert (len(body), hashlib.sha256(body).hexdigest()) == self.lengths[name]
        return self._keep(body)


class RecordedProgress:
    """A progress that remembers."""

    def __init__(self):
        self.outcomes, self.bytes = [], 0

    def file_found(self, size):
        pass

    def add_sent(self, size):
        self.bytes += size

    def add_resumed(self, size):
        pass

    def file_finished(self, outcome):
        self.outcomes.append(outcome)

    @property
    def states(self):
        return {outcome.path: outcome.state for outcome in self.outcomes}

    def reason(self, path):
        return next(outcome.reason for outcome in self.outcomes if outcome.path == path)


def problem(status: int, title: str, **headers: str) -> web.Response:
    return web.json_response(
        {
            "type": "https://mememime.dev/errors/request.invalid",
            "title": title,
            "status": status,
            "detail": "",
            "instance": "urn:x",
        },
        status=status,
        content_type="application/problem+json",
        headers={name.replace("_", "-"): text for name, text in headers.items()},
    )


def times(count: int, fault: Fault, method: str = "", path: str = "/") -> Fault:
    """``fault`` for the first ``count`` requests of that kind."""
    left = iter(range(count))

    async def limited(request: web.Request) -> web.StreamResponse | None:
        if (method and request.method != method) or not request.path.startswith(path) or next(left, None) is None:
            return None
        return await fault(request)

    return limited


async def hang_up(request: web.Request) -> web.Response:
    """The connection breaks before the request is read."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def _metadata(request: web.Request) -> dict[str, str]:
    pairs = (pair.split(" ") for pair in request.headers.get("Upload-Metadata", "").split(",") if pair)
    return {name: base64.b64decode(value).decode() for name, value in pairs}
