"""Calibration: CPU time and bytes of renders on this machine, by the pool that serves requests."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from mememime_proxy.errors import SettingsError
from mememime_proxy.formats import FORMATS
from mememime_proxy.formats.sniff import sniff
from mememime_proxy.plan import Plan
from mememime_proxy.workers.pool import Pool, WorkerJob

_MOST_ORIGINALS: Final = 100
_MOST_BYTES: Final = 64 << 20
"""Of one original."""
_TIMEOUT: Final = 60.0
"""Seconds of one render."""


@dataclass(slots=True)
class RenderFigures:
    """What the renders of one format took: means over ``count``."""

    count: int = 0
    cpu_seconds: float = 0.0
    """Of the worker, in all."""
    bytes: int = 0
    """Of the results, in all."""

    @property
    def cpu(self) -> float:
        """Seconds of CPU time of one render."""
        return self.cpu_seconds / self.count

    @property
    def size(self) -> float:
        """Bytes of one result."""
        return self.bytes / self.count

    def add(self, cpu: float, size: int) -> None:
        """Count a render."""
        self.count += 1
        self.cpu_seconds += cpu
        self.bytes += size


@dataclass(slots=True)
class Calibration:
    """The figures, and what they were taken from."""

    originals: int
    original_bytes: int
    """Of all originals."""
    seconds: float = 0.0
    """Of the measurement, without the start of the workers and the first round."""
    formats: dict[str, RenderFigures] = field(default_factory=dict)


def find_originals(folder: Path) -> list[Path]:
    """Return the pictures of a folder that can be rendered, by name. SettingsError where there are none."""
    found = []
    for path in sorted(folder.iterdir()):
        if path.is_file() and 0 < path.stat().st_size <= _MOST_BYTES:
            with path.open("rb") as file:
                name = sniff(file.read(4096))
            if name and FORMATS[name].readable and name != "svg":
                found.append(path)
    if not found:
        raise SettingsError(f"{str(folder)!r} has no pictures, expected a folder with photographs like yours")
    return found[:_MOST_ORIGINALS]


async def calibrate(
    pool: Pool, plan: Plan, formats: Sequence[str], originals: Sequence[Path], seconds: float
) -> Calibration:
    """Render each original in each format, round after round, for about ``seconds``; one whole round at least.

    As many renders run at once as the pool has workers. The first round is not counted: workers load libraries in it.
    Raises the errors of a render.
    """
    found = Calibration(len(originals), sum(path.stat().st_size for path in originals))
    with contextlib.ExitStack() as stack:
        descriptors = []
        for path in originals:
            descriptors.append(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
            stack.callback(os.close, descriptors[-1])
        await _round(pool, plan, formats, descriptors)
        begun = time.monotonic()
        found.formats = {name: RenderFigures() for name in formats}
        while not found.seconds or found.seconds < seconds:
            await _round(pool, plan, formats, descriptors, found.formats)
            found.seconds = time.monotonic() - begun
    return found


async def _round(
    pool: Pool,
    plan: Plan,
    formats: Sequence[str],
    descriptors: Sequence[int],
    figures: Mapping[str, RenderFigures] | None = None,
) -> None:
    slots = asyncio.Semaphore(pool.config.size)

    async def render(name: str, descriptor: int) -> None:
        async with slots:
            result = await pool.run(WorkerJob(plan=replace(plan, format=name)), descriptor, _TIMEOUT)
        if figures is not None:
            figures[name].add(result.cpu_seconds, len(result.variant.body))
        if result.permit is not None:
            result.permit.release()

    async with asyncio.TaskGroup() as group:
        for descriptor in descriptors:
            for name in formats:
                group.create_task(render(name, descriptor))
