"""One request at a time through a running proxy: its status, CPU of the whole tree, memory of a worker."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from benchmarks import processes
from mememime_proxy.cost import Cost
from mememime_proxy.errors import MememimeError
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import Plan, RenderConfig
from mememime_proxy.urls import UrlConfig, UrlParser
from tests.hostile.records import MIB, Hostile
from tests.support.proxy_process import ProxyProcess

_DEADLINE = "60"
_PAUSE = 0.004
_FLOOR = 0.25
"""CPU seconds of anything besides the job: the request, a worker's start, the meter's own ticks of 10 ms."""
_MEMORY_FLOOR = 64 * MIB


@dataclass(frozen=True)
class Outcome:
    """What came of a request."""

    status: int
    cpu: float
    """CPU seconds of the service, killed workers among them."""
    memory: int
    """Bytes by which a worker grew, at most."""
    seconds: float
    text: str
    """The error's body."""


class Meter:
    """A proxy with two workers on a folder of hostile files, with its defaults but for the deadline.

    On a busy machine the usual deadline would end a job before its CPU time does.
    """

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder / "originals"
        self.folder.mkdir(parents=True, exist_ok=True)
        self._number = 0
        self.proxy = ProxyProcess(
            folder / "proxy", local_filesystem_root=str(self.folder), allow_unsigned="1", development_errors_mode="1",
            log_level="info", **{"timeout": _DEADLINE, **settings},
        )  # fmt: skip

    def request(self, record: Hostile) -> Outcome:
        """Write the file, ask for it, and remove it."""
        return self.request_bytes(record, record.body())

    def request_bytes(self, record: Hostile, content: bytes) -> Outcome:
        """Do so with other bytes than those of the record."""
        self._number += 1
        name = f"{self._number}-{record.name}.{record.extension}"
        path = self.folder / name
        path.write_bytes(content)
        tree = processes.tree(self.proxy.process.pid)
        before = processes.usage(self.proxy.process.pid).cpu
        base = {pid: _private(pid) for pid in tree}
        with _Peak(self.proxy.process.pid, base) as peak:
            begun = time.monotonic()
            connection = HTTPConnection("127.0.0.1", self.proxy.port, timeout=100)
            connection.request("GET", record.path(f"local:///{name}", self._number))
            response = connection.getresponse()
            body = response.read()
            seconds = time.monotonic() - begun
            connection.close()
        time.sleep(0.03)  # a worker that was killed is reaped, and another one has started
        cpu = processes.usage(self.proxy.process.pid).cpu - before
        path.unlink()
        text = " ".join(body[:300].decode("utf-8", "replace").split()) if response.status != 200 else ""
        return Outcome(response.status, cpu, peak.most, seconds, text)


class _Peak:
    """Watches the private memory of a tree's processes; ``most`` is by how much one grew."""

    def __init__(self, pid: int, base: dict[int, int]) -> None:
        self.most = 0
        self._pid, self._base = pid, base
        self._least = min(base.values(), default=0)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> _Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        rounds = 0
        pids = processes.tree(self._pid)
        while not self._end.wait(_PAUSE):
            rounds += 1
            if rounds % 10 == 0:
                pids = processes.tree(self._pid)
            for pid in pids:
                self.most = max(self.most, _private(pid) - self._base.get(pid, self._least))


def _private(pid: int) -> int:
    """Return the anonymous bytes of a process that are in memory."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    return 0


class _Approved(BaseException):
    """Ends a render once its cost is known."""


def estimate(record: Hostile) -> Cost | None:
    """Return what the gate says that the request costs; None where it refuses the file."""
    parser = UrlParser(UrlConfig(allow_unsigned=True))
    plan = parser.plan(parser.verify(record.path("local:///x")), Plan())
    found: list[Cost] = []

    def approve(cost: Cost) -> None:
        found.append(cost)
        raise _Approved

    with contextlib.suppress(_Approved, MememimeError):
        Renderer(RenderConfig()).render(record.body(), plan, approve)
    return found[0] if found else None


def fault(record: Hostile, outcome: Outcome) -> str:
    """Return what is wrong with an outcome, or nothing."""
    cpu, memory = record.cpu, record.memory
    if record.legal and (cost := estimate(record)) is not None:
        cpu = max(cpu, 2 * cost.cpu + _FLOOR)
        memory = max(memory, 2 * (cost.memory + cost.result) + _MEMORY_FLOOR)
    if outcome.status not in record.statuses:
        return f"status {outcome.status}: {outcome.text}"
    if outcome.cpu > cpu:
        return f"{outcome.cpu:.2f} CPU s, {cpu:.2f} allowed"
    if outcome.memory > memory:
        return f"{outcome.memory >> 20} MiB, {memory >> 20} allowed"
    return ""


@contextlib.contextmanager
def meter(folder: Path, **settings: str) -> Iterator[Meter]:
    """Start the proxy, and warm its workers."""
    found = Meter(folder, **settings)
    with found.proxy:
        yield found
