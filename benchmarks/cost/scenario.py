"""Estimates beside what jobs took, by group, with the cases in which an estimate did not hold."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path
from typing import Any

from benchmarks.cost.cases import Case, cases
from benchmarks.cost.measure import Sample, measure
from benchmarks.cost.pictures import file
from benchmarks.statistics import percentile
from mememime_proxy.cost import grant_for
from mememime_proxy.imaging.pipeline import Renderer


def cost(sizes: tuple[str, ...], only: str = "") -> dict[str, Any]:
    """Measure all cases whose name contains ``only``; ratios are estimate by usage, so that 0.5 is the least allowed.

    The process that calls must have done no work on pixels: each picture is made, and each job runs, in a fork of it.
    """
    Renderer.prepare()
    found: dict[str, list[tuple[Case, Sample]]] = {}
    for case in cases(sizes):
        if only in case.name:
            found.setdefault(case.group, []).append((case, _sample(case)))
    groups = {group: _group([sample for _, sample in rows]) for group, rows in found.items()}
    broken = {
        case.name: _figures(sample)
        for rows in found.values()
        for case, sample in rows
        if not all(holds(sample).values())
    }
    return {"groups": groups, "broken": broken}


def holds(sample: Sample) -> dict[str, bool]:
    """Return which promises of an estimate were kept by a job."""
    estimate = sample.cost
    return {
        "cpu": sample.seconds <= 2 * estimate.cpu,
        "memory": sample.resident <= estimate.memory,
        "grant": sample.mapped <= grant_for(estimate).memory,
        "result": sample.result <= estimate.result,
        "success": not sample.error,
    }


def _sample(case: Case) -> Sample:
    path = _made(case)
    renderer = Renderer(case.config, _watermark())
    return measure(path, lambda data, approve: len(renderer.render(data, case.plan, approve).body))


def _made(case: Case) -> Path:
    """Return the picture's path; it is made in another process."""
    child = os.fork()
    if not child:
        try:
            file(case.kind, case.content, case.size)
            os._exit(0)
        finally:
            os._exit(1)
    if os.waitpid(child, 0)[1]:
        raise RuntimeError(f"{case.kind}, {case.content}, {case.size}: could not be made")
    return file(case.kind, case.content, case.size)


def _watermark() -> bytes:
    """Return a half transparent PNG, written without a library that would work on pixels."""
    width, height = 200, 100
    rows = (b"\0" + bytes((250, 120, 30, 128)) * width) * height

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def _group(samples: list[Sample]) -> dict[str, Any]:
    cpu = [sample.cost.cpu / sample.seconds for sample in samples]
    memory = [sample.cost.memory / max(1, sample.resident) for sample in samples]
    grant = [grant_for(sample.cost).memory / max(1, sample.mapped) for sample in samples]
    held = [all(holds(sample).values()) for sample in samples]
    return {
        "jobs": len(samples),
        "hold": sum(held),
        "cpu_least": _rounded(min(cpu)),
        "cpu_median": _rounded(percentile(cpu, 0.5)),
        "cpu_p90": _rounded(percentile(cpu, 0.9)),
        "memory_least": _rounded(min(memory)),
        "memory_median": _rounded(percentile(memory, 0.5)),
        "memory_p90": _rounded(percentile(memory, 0.9)),
        "grant_least": _rounded(min(grant)),
    }


def _figures(sample: Sample) -> dict[str, Any]:
    return {
        "fault": ", ".join(name for name, right in holds(sample).items() if not right),
        "cpu_ms": round(sample.seconds * 1000, 1),
        "estimate_ms": round(sample.cost.cpu * 1000, 1),
        "mib": round(sample.resident / 2**20, 1),
        "estimate_mib": round(sample.cost.memory / 2**20, 1),
        "mapped_mib": round(sample.mapped / 2**20, 1),
        "result": sample.result,
        "estimate_result": sample.cost.result,
        "error": sample.error,
    }


def _rounded(value: float) -> float:
    return float(f"{value:.2f}")
