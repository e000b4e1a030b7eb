"""Comparison of the service with a model in memory: random requests, restarts and crashes, until they differ.

``python -m tests.support.upload_machine --steps 20000 --database sqlite`` (or ``postgres``) runs the state machine
on a real process over HTTP for that many steps and prints how many divergences there were. A crash may occur
during a request: the service then has either the state before it or the state after it, and the model takes over that
state. A part of an upload's chunk may be stored.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import copy
import hashlib
import itertools
import json
import random
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.support.crash_trials import TUS, digest, sound
from tests.support.numbered_png import numbered_png
from tests.support.postgres_server import PostgresServer
from tests.support.resource_process import NoResponseError, ResourceProcess, Response

F = TypeVar("F", bound=Callable[..., None])
_EXAMPLES = itertools.count(random.randrange(1 << 12) << 8)
PICTURES, NAMES, SLOTS = 5, 3, 3
_CHECK_INTERVAL = 12
"""Steps between two comparisons of the complete state."""
_LENGTH = 80
"""Steps of one example."""
_RANDOM = random.Random()  # Hypothesis seeds the random module again for each example

which = st.integers(0, PICTURES - 1)
name = st.integers(0, NAMES - 1)
slot = st.integers(0, SLOTS - 1)
condition = st.sampled_from(["", "", "right", "stale", "absent"])


_TURNS: list[tuple[str, dict[str, st.SearchStrategy[Any]]]] = []


def _turn(weight: int, **arguments: st.SearchStrategy[Any]) -> Callable[[F], F]:
    """A possible step: its arguments and its weight.

    One rule chooses among them: of rules of its own Hypothesis leaves most out in each example.
    """

    def note(method: F) -> F:
        _TURNS.extend([(method.__name__, arguments)] * weight)
        return method

    return note


@dataclass
class Alias:
    """The model of an alias. ``versions``: the target of each; '' = deleted."""

    versions: list[str] = field(default_factory=list)

    @property
    def now(self) -> tuple[int, str] | None:
        return (len(self.versions), self.versions[-1]) if self.versions and self.versions[-1] else None


@dataclass
class Upload:
    id: str
    picture: int
    honest: bool
    alias: int | None
    offset: int = 0
    state: str = "receiving"


@dataclass
class Model:
    assets: dict[int, str] = field(default_factory=dict)
    aliases: dict[int, Alias] = field(default_factory=lambda: {each: Alias() for each in range(NAMES)})
    uploads: dict[int, Upload] = field(default_factory=dict)

    def put(self, number: int, alias: int | None = None) -> None:
        self.assets[number] = "ready"
        if alias is not None:
            self.aliases[alias].versions.append(str(number))

    def is_named(self, number: int) -> bool:
        return any(alias.now is not None and alias.now[1] == str(number) for alias in self.aliases.values())


class DivergenceError(AssertionError):
    """Service and model differ."""


class Machine(RuleBasedStateMachine):
    """One service for all examples; each has pictures and names of its own."""

    service: ClassVar[ResourceProcess]
    steps: ClassVar[Counter[str]] = Counter()

    @initialize()
    def begin(self) -> None:
        self.example = next(_EXAMPLES)
        self.bodies = [numbered_png(self.example * 16 + each, 2000 * each) for each in range(PICTURES)]
        self.digests = [digest(body) for body in self.bodies]
        self.model = Model()
        self.since = 0

    @rule(data=st.data())
    def turn(self, data: st.DataObject) -> None:
        """Run one random step."""
        what, arguments = data.draw(st.sampled_from(_TURNS))
        getattr(self, what)(**{name: data.draw(strategy) for name, strategy in arguments.items()})

    # --- assets

    @_turn(3, number=which, alias=st.none() | name, honest=st.sampled_from([True, True, True, False]))
    def put(self, number: int, alias: int | None, honest: bool) -> None:
        after = copy.deepcopy(self.model)
        if honest:
            after.put(number, alias)
        expected = {422} if not honest else {"": {201}, "ready": {200}, "deleted": {200, 201}}[self.state(number)]
        path = "/assets" if alias is None else f"/assets?alias={self.name(alias)}"
        self.step("put", after, expected, "PUT", path, self.bodies[number], self.promised(number, honest))

    @_turn(2, numbers=st.lists(which, min_size=1, unique=True), names=st.lists(st.none() | name, min_size=PICTURES))
    def batch(self, numbers: list[int], names: list[int | None]) -> None:
        """Put several pictures; a name is new, or names its picture already."""
        after, expected, used = copy.deepcopy(self.model), [], set[int]()
        rows = []
        for number, alias in zip(numbers, names, strict=False):
            rows.append({"sha256": self.digests[number], "size": len(self.bodies[number])})
            now = None if alias is None else self.model.aliases[alias].now
            if alias is not None:
                rows[-1]["alias"] = self.name(alias)
            if alias in used:
                expected.append(400)
            elif now is not None and now[1] != str(number):
                expected.append(412)
            else:
                expected.append(200)
                after.put(number, None if now is not None else alias)
            if alias is not None and expected[-1] != 400:
                used.add(alias)
        body = json.dumps({"files": rows}).encode() + b"\n" + b"".join(self.bodies[number] for number in numbers)
        answer = self.step("batch", after, {200}, "POST", "/assets/batch", body,
                           {"Content-Type": "application/vnd.mememime.batch"})  # fmt: skip
        if answer is not None:
            found = [each["error"]["status"] if "error" in each else 200 for each in answer.json["assets"]]
            if found != expected:
                raise DivergenceError(f"a batch came to {answer.json}, not to {expected}")

    @_turn(1, number=which)
    def delete(self, number: int) -> None:
        after, state = copy.deepcopy(self.model), self.state(number)
        if state == "ready" and self.model.is_named(number):
            expected = {409}
        else:
            # What a crash left in the middle is nobody's yet, but an administrator's to see.
            expected = {"ready": {204}, "deleted": {204, 404}, "": {404, 409}}[state]
            if state == "ready":
                after.assets[number] = "deleted"
        self.step("delete", after, expected, "DELETE", f"/assets/{self.digests[number]}")

    @_turn(1, number=which)
    def restore(self, number: int) -> None:
        after, state = copy.deepcopy(self.model), self.state(number)
        if state == "deleted":
            after.assets[number] = "ready"
        self.step("restore", after, {"": {404, 409}, "deleted": {200}, "ready": {200, 409}}[state],
                  "POST", f"/assets/{self.digests[number]}/restore")  # fmt: skip

    @_turn(1, number=which)
    def read(self, number: int) -> None:
        answer = self.step("read", self.model, {200} if self.state(number) == "ready" else {404, 409, 410},
                           "GET", f"/assets/{self.digests[number]}/content")  # fmt: skip
        if answer is not None and answer.status == 200 and answer.body != self.bodies[number]:
            raise DivergenceError("the bytes are wrong")

    @_turn(1, check=st.sampled_from(["exists", "names"]))
    def look(self, check: str) -> None:
        getattr(self, check)()

    def exists(self) -> None:
        answer = self.step("exists", self.model, {200}, "POST", "/assets/exists", {"sha256": self.digests})
        if answer is not None:
            ready = {self.digests[number] for number, state in self.model.assets.items() if state == "ready"}
            if (set(answer.json["present"]), set(answer.json["missing"])) != (ready, set(self.digests) - ready):
                raise DivergenceError(f"present are {answer.json}, not {ready}")

    # --- aliases

    @_turn(3, alias=name, number=which, when=condition)
    def point(self, alias: int, number: int, when: str) -> None:
        after, now = copy.deepcopy(self.model), self.model.aliases[alias].now
        if self.state(number) != "ready":
            expected = {404, 409, 412, 422}
        elif self.holds(when, now):
            expected = {200 if now else 201}
            after.aliases[alias].versions.append(str(number))
        else:
            expected = {412}
        self.step("point", after, expected, "PUT", f"/aliases/{self.name(alias)}",
                  {"sha256": self.digests[number]}, self.headers(when, alias))  # fmt: skip

    @_turn(1, alias=name, when=st.sampled_from(["", "right", "stale"]))
    def untie(self, alias: int, when: str) -> None:
        after, now = copy.deepcopy(self.model), self.model.aliases[alias].now
        if now is None:
            expected = {404, 410, 412}
        elif self.holds(when, now):
            expected = {204}
            after.aliases[alias].versions.append("")
        else:
            expected = {412}
        self.step("untie", after, expected, "DELETE", f"/aliases/{self.name(alias)}", None, self.headers(when, alias))

    @_turn(1, alias=name, back=st.integers(0, 5))
    def roll_back(self, alias: int, back: int) -> None:
        after, alias_state = copy.deepcopy(self.model), self.model.aliases[alias]
        version = max(1, len(alias_state.versions) - back)
        target = alias_state.versions[version - 1] if alias_state.versions else ""
        if alias_state.now is None or not target or self.state(int(target)) != "ready":
            expected = {404, 409, 410, 422}
            if alias_state.now is None and target and self.state(int(target)) == "ready":
                return  # whether a deleted name comes back this way is no matter of consistency
        else:
            expected = {200}
            after.aliases[alias].versions.append(target)
        self.step("roll back", after, expected, "POST", f"/versions/{self.name(alias)}", {"version": version})

    def names(self) -> None:
        answer = self.step("names", self.model, {200}, "GET", f"/aliases?prefix=m{self.example}/&limit=100")
        if answer is not None:
            listed = {each["name"]: (each["version"], each["sha256"]) for each in answer.json["aliases"]}
            if listed != {self.name(each): seen for each, seen in self.expected_names(self.model).items() if seen}:
                raise DivergenceError(f"the list says {listed}")

    # --- uploads

    @_turn(
        6,
        slot=slot, number=which, honest=st.sampled_from([True, True, True, False]), alias=st.none() | name,
        share=st.integers(0, 4), ahead=st.sampled_from([0, 0, 0, 0, 1, -1, 7]),
        checksum=st.sampled_from(["", "", "right", "wrong"]), anew=st.sampled_from([False, False, False, True]),
    )  # fmt: skip
    def upload(
        self, slot: int, number: int, honest: bool, alias: int | None, share: int, ahead: int, checksum: str, anew: bool
    ) -> None:
        """Begin an upload, or continue the current one."""
        upload = self.model.uploads.get(slot)
        if upload is None or anew or upload.state in {"gone", "failed"}:
            self.create(slot, number, honest, alias)
        else:
            self.patch(slot, upload, share, ahead, checksum)

    def create(self, slot: int, number: int, honest: bool, alias: int | None) -> None:
        pairs = {"sha256": self.digests[number] if honest else "0" * 64, "filetype": "image/png"}
        if alias is not None:
            pairs["alias"] = self.name(alias)
        metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())
        headers = {**TUS, "Upload-Length": str(len(self.bodies[number])), "Upload-Metadata": metadata}
        answer = self.step("create", self.model, {201}, "POST", "/uploads", None, headers)
        if answer is not None:
            place = answer.headers["location"].rpartition("/")[2]
            self.model.uploads[slot] = Upload(place, number, honest, alias)

    def patch(self, slot: int, upload: Upload, share: int, ahead: int, checksum: str) -> None:
        after, body = copy.deepcopy(self.model), self.bodies[upload.picture]
        start = max(0, upload.offset + ahead)
        sent = body[start : start + (len(body) - start) * share // 4] if start <= len(body) else b""
        headers = {**TUS, "Upload-Offset": str(start), "Content-Type": "application/offset+octet-stream"}
        if checksum:
            value = hashlib.sha1(sent if checksum == "right" else sent + b"!").digest()
            headers["Upload-Checksum"] = f"sha1 {base64.b64encode(value).decode()}"
        if start != upload.offset:
            expected = {409}
        elif upload.state == "done":
            expected = {204, 403, 409, 460} if checksum == "wrong" else {204, 403, 409}
        elif checksum == "wrong":
            expected = {460}
        else:
            expected = {self.goes_on(after, slot, len(sent))}
        self.step("patch", after, expected, "PATCH", f"/uploads/{upload.id}", sent, headers)

    def goes_on(self, model: Model, slot: int, count: int) -> int:
        """Add so many bytes to the model; return the expected status."""
        upload = model.uploads[slot]
        upload.offset += count
        if upload.offset < len(self.bodies[upload.picture]):
            return 204
        upload.state = "done" if upload.honest else "failed"
        if upload.honest:
            model.put(upload.picture, upload.alias)
        return 204 if upload.honest else 422

    @_turn(1, slot=slot)
    def terminate(self, slot: int) -> None:
        upload = self.model.uploads.get(slot)
        if upload is None or upload.state != "receiving":
            return
        after = copy.deepcopy(self.model)
        after.uploads[slot].state = "gone"
        self.step("terminate", after, {204}, "DELETE", f"/uploads/{upload.id}", None, TUS)

    # --- the service's own life

    @_turn(1, gently=st.booleans())
    def restart(self, gently: bool) -> None:
        if _RANDOM.random() > 10 * self.deadliness:  # of twenty turns
            return
        self.steps["stopped" if gently else "killed"] += 1
        if gently and self.service.stop() != 0:
            raise DivergenceError("it did not stop as it should")
        self.service.restart()
        self.everything()

    # --- how a step is made

    def step(
        self, what: str, after: Model, expected: set[int], method: str, path: str, body: Any = None,
        headers: dict[str, str] | None = None,
    ) -> Response | None:  # fmt: skip
        """Send one request; the model becomes ``after`` if it succeeds. None = the service was killed during it."""
        self.steps[what] += 1
        self.since += 1
        before = self.model
        deadly = _RANDOM.random() < self.deadliness
        with self.dying() if deadly else contextlib.nullcontext():
            try:
                answer = self.service.request(method, path, body, headers)
            except NoResponseError:
                answer = None
        if deadly:
            self.steps["killed in the middle"] += 1
            self.service.restart()
        if answer is None:
            self.settle(before, after)
            return None
        if answer.status not in expected:
            raise DivergenceError(f"{what}: {method} {path} {headers} came to {answer.status} {answer.body[:300]!r},"
                             f" not to {expected}")  # fmt: skip
        if answer.status < 400 or answer.status == 422:
            self.model = after
        if deadly or self.since >= _CHECK_INTERVAL:
            self.everything()
        return answer

    deadliness: ClassVar[float] = 0.01

    @contextlib.contextmanager
    def dying(self) -> Iterator[None]:
        """Kill the service at a random moment of the block."""
        timer = threading.Timer(_RANDOM.uniform(0, 0.04), self.service.process.kill)
        timer.start()
        yield
        timer.join()
        self.service.process.wait()

    def settle(self, before: Model, after: Model) -> None:
        """Determine the state of the service, before or after the request."""
        seen = self.seen()
        for candidate in (after, before):
            if self.expected(candidate) == seen:
                self.model = candidate
                return
        middle = copy.deepcopy(before)  # a part of a piece is there
        for each, upload in middle.uploads.items():
            state, offset = seen[2][each]
            if state == "receiving" and upload.offset <= offset < after.uploads[each].offset:
                upload.offset = offset
        if self.expected(middle) != seen:
            raise DivergenceError(
                f"after a crash there is {seen}, neither {self.expected(before)} nor {self.expected(after)}"
            )
        self.model = middle

    def everything(self) -> None:
        """Return the state of the service for everything in the model."""
        self.since = 0
        seen, expected = self.seen(), self.expected(self.model)
        if seen != expected:
            raise DivergenceError(f"there is {seen}, not {expected}")

    def expected(self, model: Model) -> tuple[Any, ...]:
        assets = {number: model.assets.get(number, "") for number in range(PICTURES)}
        uploads = {each: (upload.state, upload.offset if upload.state in {"receiving", "done"} else -1)
                   for each, upload in model.uploads.items()}  # fmt: skip
        return assets, self.expected_names(model), uploads

    def expected_names(self, model: Model) -> dict[int, tuple[int, str] | None]:
        return {each: (alias.now[0], self.digests[int(alias.now[1])]) if alias.now else None
                for each, alias in model.aliases.items()}  # fmt: skip

    def seen(self) -> tuple[Any, ...]:
        assets = {}
        for number, sha256 in enumerate(self.digests):
            answer = self.service.request("GET", f"/assets/{sha256}")
            state = answer.json["state"] if answer.status == 200 else ""
            # One that a crash left on its way, or whose promised digest was wrong, is none yet.
            assets[number] = state if state in {"ready", "deleted"} else ""
        names: dict[int, tuple[int, str] | None] = {}
        for each in range(NAMES):
            answer = self.service.request("GET", f"/aliases/{self.name(each)}")
            names[each] = (answer.json["version"], answer.json["sha256"]) if answer.status == 200 else None
        return assets, names, {each: self.seen_upload(upload) for each, upload in self.model.uploads.items()}

    def seen_upload(self, upload: Upload) -> tuple[str, int]:
        end = time.monotonic() + 30
        while True:
            answer = self.service.request("GET", f"/uploads/{upload.id}", None, TUS)
            if answer.status in {404, 410}:
                return "gone", -1
            state, offset = answer.json["state"], answer.json["offset"]
            if state == "verifying" or (state == "receiving" and offset == len(self.bodies[upload.picture])):
                # It is finished in the background, or when somebody asks for it.
                self.service.request("HEAD", f"/uploads/{upload.id}", None, TUS)
                if time.monotonic() > end:
                    raise DivergenceError(f"an upload is never finished: {answer.json}")
                time.sleep(0.02)
                continue
            return ("gone", -1) if state == "terminated" else (state, offset if state != "failed" else -1)

    def state(self, number: int) -> str:
        return self.model.assets.get(number, "")

    def name(self, alias: int) -> str:
        return f"m{self.example}/{alias}"

    def promised(self, number: int, honest: bool) -> dict[str, str]:
        value = hashlib.sha256(self.bodies[number] if honest else b"something else").digest()
        return {"Content-Type": "image/png", "Repr-Digest": f"sha-256=:{base64.b64encode(value).decode()}:"}

    def headers(self, when: str, alias: int) -> dict[str, str]:
        version = len(self.model.aliases[alias].versions)
        return {
            "": {},
            "right": {"If-Match": f'"{version}"'},
            "stale": {"If-Match": f'"{version + 1}"'},
            "absent": {"If-None-Match": "*"},
        }[when]

    @staticmethod
    def holds(when: str, now: tuple[int, str] | None) -> bool:
        return {"": True, "right": now is not None, "stale": False, "absent": now is None}[when]

    def teardown(self) -> None:
        if hasattr(self, "model"):
            self.everything()


def run(service: ResourceProcess, steps: int, deadliness: float) -> Counter[str]:
    """Run the machine for so many steps. DivergenceError has the shortest example that Hypothesis finds."""
    Machine.service, Machine.deadliness = service, deadliness
    Machine.steps = Counter()
    while (left := steps - Machine.steps.total()) > 0:
        run_state_machine_as_test(
            Machine,
            settings=settings(
                # The first example is always an empty one.
                max_examples=2 + left // _LENGTH, stateful_step_count=_LENGTH, deadline=None,
                database=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck), print_blob=False,
            ),
        )  # fmt: skip
    left_over = sound(service)
    Machine.steps["differences repaired at the end"] = left_over.repairs.total()
    return Machine.steps


def _main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument(
        "--deadliness", type=float, default=0.004, help="share of requests in which the service is killed"
    )
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        more = {}
        if options.database == "postgres":
            more["database_url"] = stack.enter_context(PostgresServer(durable=True)).create()
        service = stack.enter_context(ResourceProcess(folder, **more))
        begun = time.monotonic()
        try:
            steps = run(service, options.steps, options.deadliness)
        except (DivergenceError, Flaky):  # the second where the same choices do not lead there again
            print(f"1 divergence after {Machine.steps.total()} steps:")
            traceback.print_exc()
            return 1
    print(f"{steps.total()} steps on {options.database} in {time.monotonic() - begun:.0f} s, 0 divergences")
    for name, count in sorted(steps.items()):
        print(f"  {name}: {count}")
    return 0


if __name__ == "__main__":
    sys.exit(_main())
