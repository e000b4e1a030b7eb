"""The progress of a batch: a bar on terminals, a JSON object a line for scripts and logs."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from types import TracebackType
from typing import Any, Final, Protocol, Self, TextIO

import msgspec

from mememime_proxy.batch.model import UnitLine, UnitOutcome, UnitState
from mememime_proxy.batch.totals import BatchTotals

_INTERVAL: Final = 2.0
"""Seconds between two lines of progress."""
_REDRAW: Final = 0.1
"""Seconds between two changes of the bar."""


class BatchProgress(Protocol):
    """Shows how far a batch is; opened by ``with``."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def show(self, totals: BatchTotals, cpu_seconds: float) -> None:
        """Show the totals, at most some times a second. ``cpu_seconds``: of this process and its workers."""
        ...

    def show_failure(self, line: UnitLine) -> None:
        """Show a unit that failed."""
        ...

    def finish(self, totals: BatchTotals, job: str) -> None:
        """Show the end."""
        ...


def figures(totals: BatchTotals) -> dict[str, Any]:
    """Return the totals as JSON has them."""
    done, skipped, failed = totals.counts
    seconds = max(totals.seconds, 1e-6)
    return {
        "done": done,
        "skipped": skipped,
        "failed": failed,
        "left": totals.left,
        "bytes": totals.size,
        "seconds": round(seconds, 3),
        "units_per_second": round(totals.ended / seconds, 1),
        "bytes_per_second": round(totals.size / seconds),
    }


class LineProgress:
    """One JSON object a line: ``progress`` every two seconds, ``failed`` for each failure, ``ended``."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._next = clock() + _INTERVAL

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.flush()

    def show(self, totals: BatchTotals, cpu_seconds: float) -> None:
        """See ``BatchProgress``."""
        if (now := self._clock()) >= self._next:
            self._next = now + _INTERVAL
            eta = None if not totals.ended or totals.left is None else totals.left * totals.seconds / totals.ended
            self._write("progress", figures(totals) | {"cpu_seconds": round(cpu_seconds, 2), "eta": eta and round(eta)})

    def show_failure(self, line: UnitLine) -> None:
        """See ``BatchProgress``."""
        self._write("failed", {"source": line.source, "unit": line.unit, "error": line.error, "detail": line.detail})

    def finish(self, totals: BatchTotals, job: str) -> None:
        """See ``BatchProgress``."""
        self._write("ended", {"job": job} | figures(totals))

    def _write(self, event: str, fields: dict[str, Any]) -> None:
        self._stream.write(json.dumps({"event": event, **fields}) + "\n")
        self._stream.flush()


class BarProgress:
    """A bar with rate, CPU and remaining time; failures above it, the totals below."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        from rich.console import Console  # noqa: PLC0415 - the extra `client` installs it
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

        self._clock = clock
        self._next = 0.0
        self._console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.fields[text]}"),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[rate]}", style="progress.data.speed"),
            TimeRemainingColumn(compact=True),
            TextColumn("[red]{task.fields[failures]}"),
            console=self._console,
            transient=True,
            expand=True,
        )
        self._task = self._bar.add_task("", total=None, text="", rate="", failures="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def show(self, totals: BatchTotals, cpu_seconds: float) -> None:
        """See ``BatchProgress``."""
        if (now := self._clock()) < self._next:
            return
        self._next = now + _REDRAW
        done, skipped, failed = totals.counts
        seconds = max(totals.seconds, 1e-6)
        self._bar.update(
            self._task,
            total=totals.total,
            completed=totals.ended,
            text=f"{done:,} done, {skipped:,} there already",
            rate=f"{totals.ended / seconds:,.1f}/s, {totals.size / seconds / (1 << 20):,.1f} MiB/s,"
            f" {cpu_seconds / seconds:.1f} CPUs",
            failures=f"{failed:,} failed" if failed else "",
        )

    def show_failure(self, line: UnitLine) -> None:
        """See ``BatchProgress``."""
        self._console.print(
            f"{line.source} {line.unit}: {line.error}: {line.detail}", style="red", markup=False, highlight=False
        )

    def finish(self, totals: BatchTotals, job: str) -> None:
        """See ``BatchProgress``."""
        self._bar.stop()
        self._console.print(f"{job}: {summary(totals)}", markup=False, highlight=False)


def summary(totals: BatchTotals) -> str:
    """Return the totals as a sentence."""
    done, skipped, failed = totals.counts
    return (
        f"{done:,} done ({totals.size / (1 << 20):,.1f} MiB), {skipped:,} there already, {failed:,} failed"
        f" in {totals.seconds:.1f} s"
    )


def open_progress(stream: TextIO | None = None) -> BatchProgress:
    """Return the bar for a terminal, where rich is installed, else lines on the standard error output."""
    stream = stream or sys.stderr
    return BarProgress() if stream.isatty() and find_spec("rich") else LineProgress(stream)


class ReportWriter:
    """Writes the outcome of each unit as a line of JSON."""

    def __init__(self, stream: TextIO | None) -> None:
        """``stream`` None: nothing is written."""
        self._stream = stream

    def write(self, outcome: UnitOutcome) -> UnitLine | None:
        """Write an outcome, and return its line if it failed."""
        if self._stream is None and outcome.state is not UnitState.FAILED:
            return None
        line = UnitLine.of(outcome)
        if self._stream is not None:
            self._stream.write(msgspec.json.encode(line).decode() + "\n")
        return line if outcome.state is UnitState.FAILED else None
