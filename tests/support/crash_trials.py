"""Crash trials: the service is killed during an operation and restarted, and its state is checked.

``python -m tests.support.crash_trials`` kills it before every durable write (``crashing_service``), then at random
moments; then clients disconnect. Each trial asserts:

- an operation with a successful response is complete; another one is complete or without effect;
- an acknowledged offset never decreases, and a resumed upload ends with the right bytes;
- a repeated operation has the same result;
- no incomplete object is visible, and a reconciliation finds no difference.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import itertools
import json
import random
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from mememime_proxy.resources.database.engine import Database, now
from mememime_proxy.resources.database.outbox import Outbox
from mememime_proxy.resources.maintenance.differences import Report
from mememime_proxy.resources.maintenance.reconcile import Reconciler
from mememime_proxy.settings import sections
from mememime_proxy.settings.settings import load
from mememime_proxy.storage.asset_keys import ASSETS, asset_of
from mememime_proxy.storage.registry import Storages
from tests.support.numbered_png import numbered_png
from tests.support.resource_process import ADMIN_KEY, NoResponseError, ResourceProcess, Response

MIB = 1 << 20
_DAY = 86_400_000
_NUMBERS = itertools.count(1)
TUS = {"Tus-Resumable": "1.0.0"}


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


class Trial:
    """One operation on its own assets, uploads and aliases."""

    size: ClassVar[int] = 0
    met = True
    """Whether the injected fault occurred."""

    def __init__(self, service: ResourceProcess) -> None:
        self.service = service
        number = next(_NUMBERS) * 1000 + random.randrange(1000)
        self.body = numbered_png(number, self.size)
        self.sha256 = digest(self.body)
        self.alias = f"trial/{number}"

    def prepare(self) -> None:
        """Create the state before the operation, without a fault."""

    def act(self, headers: Mapping[str, str]) -> Response:
        """Send the request of the trial."""
        raise NotImplementedError

    def settle(self, answer: Response | None) -> None:
        """Check the state after the fault, complete the operation, and check the final state."""
        raise NotImplementedError

    def request(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Response:
        return self.service.request(method, path, body, headers)

    def asset(self, sha256: str = "") -> str:
        """Return the asset's state; '' where there is none."""
        answer = self.request("GET", f"/assets/{sha256 or self.sha256}")
        assert answer.status in {200, 404}, answer
        return "" if answer.status == 404 else str(answer.json["state"])

    def is_whole(self) -> None:
        """Assert that the asset exists and its bytes are right."""
        assert self.asset() == "ready"
        answer = self.request("GET", f"/assets/{self.sha256}/content")
        assert (answer.status, digest(answer.body)) == (200, self.sha256)

    def pointed(self) -> tuple[int, str] | None:
        """Return version and target of the alias; None where there is none."""
        answer = self.request("GET", f"/aliases/{self.alias}")
        assert answer.status in {200, 404, 410}, answer
        return (answer.json["version"], answer.json["sha256"]) if answer.status == 200 else None

    def put(self, body: bytes, **headers: str) -> Response:
        return self.request("PUT", "/assets", body, {"Content-Type": "image/png", **headers})


class PutAsset(Trial):
    """A new asset with its alias, in one request."""

    size = 300_000

    def act(self, headers: Mapping[str, str]) -> Response:
        said = {"Content-Type": "image/png", "If-None-Match": "*", **headers}
        return self.request("PUT", f"/assets?alias={self.alias}", self.body, said)

    def settle(self, answer: Response | None) -> None:
        if answer is not None:
            assert answer.status == 201, answer
        there, named = self.asset() == "ready", self.pointed()
        assert there == (named is not None), "the asset and its alias came together"
        if answer is not None:
            assert there
        again = self.act({})
        assert again.status == (412 if there else 201), again
        self.is_whole()
        assert self.pointed() == (1, self.sha256)


class PutBatch(Trial):
    """New assets with their aliases, one that is stored already and one that is broken, in one request."""

    size = 30_000
    new = 3

    def __init__(self, service: ResourceProcess) -> None:
        super().__init__(service)
        numbers = [next(_NUMBERS) * 1000 + random.randrange(1000) for _ in range(self.new)]
        self.bodies = [*(numbered_png(number, self.size) for number in numbers), self.body, self.body[:-1000]]
        self.names = [f"{self.alias}/{number}" for number in range(len(self.bodies))]

    def prepare(self) -> None:
        assert self.put(self.body).status == 201

    def act(self, headers: Mapping[str, str]) -> Response:
        rows = [
            {"sha256": digest(body), "size": len(body), "alias": name}
            for body, name in zip(self.bodies, self.names, strict=True)
        ]
        body = json.dumps({"files": rows}).encode() + b"\n" + b"".join(self.bodies)
        return self.request(
            "POST", "/assets/batch", body, {"Content-Type": "application/vnd.mememime.batch", **headers}
        )

    def settle(self, answer: Response | None) -> None:
        results = [{}] * len(self.bodies)
        if answer is not None:
            assert answer.status == 200, answer
            results = answer.json["assets"]
        for (body, name), result in zip(zip(self.bodies, self.names, strict=True), results, strict=True):
            self.body, self.sha256, self.alias = body, digest(body), name
            there, named = self.asset() == "ready", self.pointed()
            if body is not self.bodies[self.new]:
                assert there == (named is not None), "the asset and its alias came together"
            if "asset" in result:
                self.is_whole()
                assert named == (1, self.sha256)
        answer = self.act({})
        assert answer.status == 200, answer
        again = answer.json["assets"]
        for (body, name), result in zip(list(zip(self.bodies, self.names, strict=True))[:-1], again, strict=False):
            self.body, self.sha256, self.alias = body, digest(body), name
            assert result["asset"]["alias_version"] == 1, result
            self.is_whole()
            assert self.pointed() == (1, self.sha256)
        assert again[-1]["error"]["status"] == 422, again[-1]
        assert self.asset(digest(self.bodies[-1])) == "quarantined"


class PutAgain(Trial):
    """An upload of bytes that are stored already."""

    def prepare(self) -> None:
        assert self.put(self.body).status == 201

    def act(self, headers: Mapping[str, str]) -> Response:
        return self.put(self.body, **headers)

    def settle(self, answer: Response | None) -> None:
        if answer is not None:
            assert answer.status == 200, answer
        self.is_whole()
        assert self.put(self.body).status == 200


class Tus(Trial):
    """Shared methods of trials of uploads."""

    size = 2 * MIB + 300_000
    path = ""

    def create(self, headers: Mapping[str, str] | None = None, first: bytes = b"") -> Response:
        pairs = {"sha256": self.sha256, "alias": self.alias, "filetype": "image/png"}
        metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in pairs.items())
        fields = {**TUS, "Upload-Length": str(len(self.body)), "Upload-Metadata": metadata, **(headers or {})}
        if first:
            fields["Content-Type"] = "application/offset+octet-stream"
        answer = self.request("POST", "/uploads", first or None, fields)
        if answer.status == 201:
            self.path = "/uploads/" + answer.headers["location"].rpartition("/")[2]
        return answer

    def patch(self, start: int, end: int, headers: Mapping[str, str] | None = None) -> Response:
        fields = {**TUS, "Upload-Offset": str(start), "Content-Type": "application/offset+octet-stream"}
        return self.request("PATCH", self.path, self.body[start:end], {**fields, **(headers or {})})

    def offset(self) -> int:
        answer = self.request("HEAD", self.path, None, TUS)
        assert answer.status == 200, answer
        assert answer.headers["cache-control"] == "no-store"
        return int(answer.headers["upload-offset"])

    def complete(self) -> None:
        """Resume at the offset, and finish twice."""
        while (offset := self.offset()) < len(self.body):
            answer = self.patch(offset, len(self.body))
            # What a sender who is gone has sent may come in behind the question for the offset.
            assert answer.status == 204 or (answer.status == 409 and self.offset() > offset), answer
        end = time.monotonic() + 60
        while (status := self.request("GET", self.path).json)["state"] not in {"done", "failed"}:
            assert time.monotonic() < end, f"it is not finished: {status}"
            time.sleep(0.05)
        assert (status["state"], status["sha256"]) == ("done", self.sha256), status
        self.is_whole()
        assert self.pointed() == (1, self.sha256)
        again = self.patch(len(self.body), len(self.body))
        assert (again.status, again.headers.get("mememime-asset")) == (204, self.sha256), again
        assert self.offset() == len(self.body)


class Create(Tus):
    """A resumable upload, with its first bytes."""

    def act(self, headers: Mapping[str, str]) -> Response:
        return self.create(headers, self.body[: MIB + 1000])

    def settle(self, answer: Response | None) -> None:
        assert self.asset() == ""
        assert self.pointed() is None
        if answer is None:
            assert self.create().status == 201
        else:
            assert answer.status == 201, answer
            assert int(answer.headers["upload-offset"]) == self.offset() == MIB + 1000
        self.complete()


class Patch(Tus):
    """Two chunks and a part of a third."""

    sent = 2 * MIB + 1000

    def prepare(self) -> None:
        assert self.create().status == 201

    def act(self, headers: Mapping[str, str]) -> Response:
        return self.patch(0, self.sent, headers)

    def settle(self, answer: Response | None) -> None:
        offset = self.offset()
        assert 0 <= offset <= self.sent
        if answer is not None:
            assert (answer.status, int(answer.headers["upload-offset"]), offset) == (204, self.sent, self.sent)
        assert self.asset() == ""
        self.complete()


class Finish(Tus):
    """The last bytes of an upload, which create an asset with an alias."""

    acknowledged = 2 * MIB

    def prepare(self) -> None:
        assert self.create().status == 201
        assert self.patch(0, self.acknowledged).status == 204

    def act(self, headers: Mapping[str, str]) -> Response:
        return self.patch(self.acknowledged, len(self.body), headers)

    def settle(self, answer: Response | None) -> None:
        assert self.offset() >= self.acknowledged
        if answer is not None:
            assert (answer.status, answer.headers["mememime-asset"]) == (204, self.sha256), answer
            assert answer.headers["mememime-state"] == "ready"
            self.is_whole()
        assert (self.asset() == "ready") >= (self.pointed() is not None)
        self.complete()


class Move(Trial):
    """An alias moves from one asset to another."""

    def prepare(self) -> None:
        self.before = digest(numbered_png(1))
        assert self.put(numbered_png(1)).status in {200, 201}
        assert self.put(self.body).status == 201
        assert self.request("PUT", f"/aliases/{self.alias}", {"sha256": self.before}).status == 201

    def act(self, headers: Mapping[str, str]) -> Response:
        said = {"If-Match": '"1"', **headers}
        return self.request("PUT", f"/aliases/{self.alias}", {"sha256": self.sha256}, said)

    def settle(self, answer: Response | None) -> None:
        old, new = (1, self.before), (2, self.sha256)
        found = self.pointed()
        assert found in {old, new}
        if answer is not None:
            assert (answer.status, found) == (200, new), answer
        assert self.act({}).status == (200 if found == old else 412)
        assert self.pointed() == new
        versions = self.request("GET", f"/versions/{self.alias}").json
        assert sorted(each["version"] for each in versions["versions"]) == [1, 2]


class Untie(Trial):
    """An alias is deleted, and its asset after it."""

    def prepare(self) -> None:
        assert self.put(self.body).status == 201
        assert self.request("PUT", f"/aliases/{self.alias}", {"sha256": self.sha256}).status == 201

    def act(self, headers: Mapping[str, str]) -> Response:
        return self.request("DELETE", f"/aliases/{self.alias}", None, {"If-Match": '"1"', **headers})

    def settle(self, answer: Response | None) -> None:
        found = self.pointed()
        assert found in {None, (1, self.sha256)}
        if answer is not None:
            assert (answer.status, found) == (204, None), answer
        elif found is not None:
            assert self.act({}).status == 204
        assert self.pointed() is None
        self.is_whole()


class Delete(Trial):
    """An asset is deleted and restored."""

    def prepare(self) -> None:
        assert self.put(self.body).status == 201

    def act(self, headers: Mapping[str, str]) -> Response:
        return self.request("DELETE", f"/assets/{self.sha256}", None, headers)

    def settle(self, answer: Response | None) -> None:
        state = self.asset()
        assert state in {"ready", "deleted"}
        if answer is not None:
            assert (answer.status, state) == (204, "deleted"), answer
        if state == "ready":
            assert self.act({}).status == 204
        answer = self.request("POST", f"/assets/{self.sha256}/restore")
        assert answer.status == 200, answer
        self.is_whole()


TRIALS: tuple[type[Trial], ...] = (PutAsset, PutBatch, PutAgain, Create, Patch, Finish, Move, Untie, Delete)


def hit(service: ResourceProcess, kind: type[Trial], blow: Callable[[Trial], Response | None]) -> tuple[bool, bool]:
    """Run one trial; return whether the service was killed, and whether it had responded."""
    return hit_one(kind(service), blow)


def hit_one(trial: Trial, blow: Callable[[Trial], Response | None]) -> tuple[bool, bool]:
    """See ``hit``."""
    service = trial.service
    trial.prepare()
    died, answer = False, None
    try:
        answer = blow(trial)
        service.request("GET", "/health")
    except NoResponseError:
        died = True
        service.restart()
    trial.settle(answer)
    return died, answer is not None


def before_thing(number: int) -> Callable[[Trial], Response | None]:
    """Kill the service before its ``number``-th durable write; the program must be ``crashing_service``."""
    return lambda trial: trial.act({"X-Crash": str(number)})


def on_bad_disk(error: str, number: int) -> Callable[[Trial], Response | None]:
    """Let the ``number``-th system call fail with EIO, or all from then on with ENOSPC."""

    def blow(trial: Trial) -> Response | None:
        answer = trial.act({"X-Fault": f"{error} {number}"})
        trial.met = "x-fault-met" in answer.headers
        if answer.status < 500:
            return answer
        assert answer.status == 507 if error == "ENOSPC" else answer.status in {500, 502, 503}, answer
        return None

    return blow


def at_moment(seconds: float) -> Callable[[Trial], Response | None]:
    """Kill the service so many seconds after the request was sent."""

    def blow(trial: Trial) -> Response | None:
        timer = threading.Timer(seconds, trial.service.process.kill)
        timer.start()
        try:
            answer = trial.act({})
        except NoResponseError:
            answer = None
        timer.join()
        trial.service.process.wait()
        trial.service.restart()
        return answer

    return blow


def span(service: ResourceProcess, kind: type[Trial]) -> float:
    """Return the seconds that the operation takes without a fault."""
    seconds = 0.0

    def timed(trial: Trial) -> Response:
        nonlocal seconds
        begun = time.monotonic()
        answer = trial.act({})
        seconds = time.monotonic() - begun
        return answer

    hit(service, kind, timed)
    return seconds


def client_dies(sent: int, start: int = 0) -> Callable[[Trial], None]:
    """Disconnect the client after so many bytes of a body from ``start`` on."""

    def blow(trial: Trial) -> None:
        assert isinstance(trial, Patch)
        trial.sent = start + sent
        body = trial.body[start:]
        head = [f"PATCH {trial.path} HTTP/1.1", "Host: x", f"Authorization: Bearer {ADMIN_KEY}",
                "Tus-Resumable: 1.0.0", f"Upload-Offset: {start}", f"Content-Length: {len(body)}",
                "Content-Type: application/offset+octet-stream", "", ""]  # fmt: skip
        with socket.create_connection(("127.0.0.1", trial.service.port)) as connection:
            connection.sendall("\r\n".join(head).encode() + body[:sent])

    return blow


async def _sound(service: ResourceProcess) -> tuple[Report, Report]:
    settings = load(service.settings, keys_needed=False)
    storages, database = Storages(sections.storages_config(settings)), Database(settings.database_url)
    await storages.start()
    await database.start()
    try:
        storage = storages.assets()
        assert storage is not None
        async for info in storage.list(ASSETS):
            body = await storage.open(info.key)
            hasher = hashlib.sha256()
            async with body:  # type: ignore[union-attr]
                async for chunk in body:  # type: ignore[union-attr]
                    hasher.update(chunk)
            assert hasher.hexdigest() == asset_of(info.key), "an incomplete object is visible"
        reconciler = Reconciler(database, storage, lambda: now() + _DAY, 0, Outbox(), force=True)
        return await reconciler.run(), await reconciler.run()
    finally:
        await database.close()
        await storages.close()


def sound(service: ResourceProcess) -> Report:
    """Reconcile twice and return the first report; assert complete visible objects and no difference in the second."""
    first, second = asyncio.run(_sound(service))
    assert not second.differences, second
    return first


def everywhere(service: ResourceProcess, kind: type[Trial], numbers: Iterator[int]) -> tuple[int, int]:
    """Kill the service before each durable write; return how often it was killed, and had responded."""
    deaths = answered = 0
    for number in numbers:
        died, answer = hit(service, kind, before_thing(number))
        if not died:
            break
        deaths += 1
        answered += answer
    return deaths, answered


def whatever_fails(service: ResourceProcess, kind: type[Trial], error: str, numbers: Iterator[int]) -> tuple[int, int]:
    """Let each system call fail once; return the number of failures, and of requests that were refused for them.

    A batch is not refused: its files have errors of their own.
    """
    failures = refused = 0
    for number in numbers:
        trial = kind(service)
        died, answered = hit_one(trial, on_bad_disk(error, number))
        assert not died, "a bad disk is no reason to die"
        if not trial.met:
            break
        failures += 1
        refused += not answered
    return failures, refused


def _main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=200, help="random moments at which the service is killed")
    parser.add_argument("--offsets", type=int, default=200, help="random offsets of 64 MiB at which the client dies")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="one operation's name")
    options = parser.parse_args()
    dice = random.Random(options.seed)
    kinds = [kind for kind in TRIALS if options.only in {"", kind.__name__}]
    with tempfile.TemporaryDirectory() as folder:
        with ResourceProcess(Path(folder) / "crashing_service", "tests.support.crashing_service") as service:
            for kind in kinds:
                deaths, answered = everywhere(service, kind, itertools.count(1))
                left = sound(service).differences
                print(f"{kind.__name__}: killed before each of {deaths} things; {answered} times it had answered;"
                      f" differences repaired: {dict(left)}", flush=True)  # fmt: skip
            for kind, error in itertools.product(kinds, ("ENOSPC", "EIO")):
                failures, refused = whatever_fails(service, kind, error, itertools.count(1))
                print(f"{kind.__name__}: {error} at each of {failures} calls, {refused} refused; differences repaired:"
                      f" {dict(sound(service).differences)}", flush=True)  # fmt: skip
        with ResourceProcess(Path(folder) / "moments") as service:
            spans = {kind: span(service, kind) for kind in kinds}
            outcomes = []
            for number in range(options.moments):
                kind = kinds[number % len(kinds)]
                outcomes.append(hit(service, kind, at_moment(dice.uniform(0, spans[kind])))[1])
            print(f"killed at {len(outcomes)} random moments, {sum(outcomes)} after the answer;"
                  f" differences repaired: {dict(sound(service).differences)}", flush=True)  # fmt: skip
        if Patch in kinds:
            with ResourceProcess(Path(folder) / "clients") as service:
                small, large = (type("Sized", (Patch,), {"size": size}) for size in (64 << 10, 64 * MIB))
                for sent in range(0, 64 << 10, 4 << 10):
                    hit(service, small, client_dies(sent))
                for _ in range(options.offsets):
                    hit(service, large, client_dies(dice.randrange(64 * MIB)))
                print(f"the client died at each 4 KiB of 64 KiB, and at {options.offsets} offsets of 64 MiB;"
                      f" differences repaired: {dict(sound(service).differences)}", flush=True)  # fmt: skip
    print("no divergence")
    return 0


if __name__ == "__main__":
    sys.exit(_main())
