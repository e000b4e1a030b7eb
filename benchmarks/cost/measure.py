"""One job in a forked process: what was estimated, and what it took from the moment it was approved."""

from __future__ import annotations

import json
import mmap
import os
import select
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyvips

from mememime_proxy.cost import Approve, Cost

REFERENCE_SECONDS = 0.05
"""CPU seconds of ``reference`` on the machine for which costs are stated, when it does nothing else."""
_POLL = 0.0005
_RESET_PEAK = "5"
"""What resets VmHWM; proc(5), clear_refs."""

Job = Callable[[Any, Approve], int]
"""A function of an original's bytes and what approves its cost; returns the bytes of its result."""


@dataclass(frozen=True)
class Sample:
    """One job. Bytes are those on top of the process when the job was approved."""

    cost: Cost
    gate_cpu: float
    cpu: float
    reference: float
    """CPU seconds of ``reference`` in the same process."""
    resident: int
    mapped: int
    """Private writable mappings, which RLIMIT_DATA counts, touched or not."""
    result: int
    error: str = ""

    @property
    def seconds(self) -> float:
        """CPU seconds on the reference machine."""
        return self.cpu * REFERENCE_SECONDS / self.reference if self.reference else self.cpu


def reference() -> float:
    """Return the CPU seconds that a fixed piece of work takes in this process."""
    noise = pyvips.Image.gaussnoise(640, 480, mean=128, sigma=60, seed=1).cast("uchar").copy_memory()
    begin = time.process_time()
    for _ in range(6):
        small = noise.bandjoin([noise, noise]).copy(interpretation="srgb").resize(0.7)
        pyvips.Image.jpegload_buffer(small.jpegsave_buffer(Q=90)).avg()
    return time.process_time() - begin


def measure(path: Path, job: Job) -> Sample:
    """Return what a job on the file takes. The process that calls must have done no work on pixels, see fork(2)."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        _run(path, job, writer)
    os.close(writer)
    mapped = resident = 0
    message = b""
    while True:
        if select.select([reader], [], [], _POLL)[0]:
            part = os.read(reader, 1 << 16)
            if not part:
                break
            message += part
            continue
        status = _status(child)
        mapped, resident = max(mapped, status["VmData"]), max(resident, status["RssAnon"])
    os.close(reader)
    _, code = os.waitpid(child, 0)
    if code:
        raise RuntimeError(f"{path.name}: the process ended with {code}")
    found = json.loads(message)
    before, after = found.pop("before"), found.pop("after")
    high = after["VmHWM"] - before["VmRSS"] - sum(after[name] - before[name] for name in ("RssFile", "RssShmem"))
    return Sample(
        cost=Cost(*found.pop("cost")),
        resident=max(0, high, resident - before["RssAnon"]),
        mapped=max(0, mapped - before["VmData"], after["VmData"] - before["VmData"]),
        **found,
    )


def _run(path: Path, job: Job, writer: int) -> None:
    """Run the job in this forked process, write what it took, and end the process."""
    status = 1
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as data:
            os.write(writer, json.dumps(_observe(data, job)).encode())
        status = 0
    finally:
        os._exit(status)


def _observe(data: mmap.mmap, job: Job) -> dict[str, Any]:
    found: dict[str, Any] = {"error": "", "cost": ["small", 0.0, 0, 0], "before": _status(os.getpid())}
    start = time.process_time()
    begin = [start]

    def approve(cost: Cost) -> None:
        if "approved" not in found:
            Path("/proc/self/clear_refs").write_text(_RESET_PEAK)
            found["before"] = _status(os.getpid())
            begin[0] = time.process_time()
        found["approved"] = True
        found["cost"] = [cost.job_class.value, cost.cpu, cost.memory, cost.result]

    try:
        found["result"] = job(data, approve)
    except Exception as error:  # noqa: BLE001 - a refusal is a finding too
        found["result"], found["error"] = 0, f"{type(error).__name__}: {error}"[:200]
    found["cpu"] = time.process_time() - begin[0]
    found["gate_cpu"] = begin[0] - start
    found["after"] = _status(os.getpid())
    found["reference"] = reference()
    found.pop("approved", None)
    return found


def _status(pid: int) -> dict[str, int]:
    """Return the sizes that the kernel states of a process, in bytes."""
    found = dict.fromkeys(("VmData", "VmHWM", "VmRSS", "RssAnon", "RssFile", "RssShmem"), 0)
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name in found:
            found[name] = int(value.split()[0]) << 10
    return found
