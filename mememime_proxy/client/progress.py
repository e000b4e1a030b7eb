"""The progress of a run: a live bar on terminals, JSON lines for scripts, failures and totals in logs."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict
from types import TracebackType
from typing import Protocol, Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from mememime_proxy.client.errors import valid_unicode
from mememime_proxy.client.results import LeftOut, Outcome, OutcomeReceiver, Totals

_WINDOW = 10.0
_SUCCESSFUL = frozenset({"uploaded", "present", "planned", "same", "left_out"})


class Progress(OutcomeReceiver, Protocol):
    """A receiver of all events of a run; opened by ``with``."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def service_silent(self, text: str) -> None:
        """Record that the service does not respond, in a text for the user."""
        ...

    def run_finished(self, totals: Totals, seconds: float) -> None:
        """Record the end of the run."""
        ...


class LogProgress:
    """Writes failures as they happen, and the totals: for logs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.flush()

    def file_found(self, size: int) -> None:
        """See ``Progress``."""

    def add_sent(self, size: int) -> None:
        """See ``Progress``."""

    def add_resumed(self, size: int) -> None:
        """See ``Progress``."""

    def file_finished(self, outcome: Outcome) -> None:
        """See ``Progress``."""
        if outcome.state not in _SUCCESSFUL:
            self._write(format_outcome(outcome))

    def service_silent(self, text: str) -> None:
        """See ``Progress``."""
        self._write(text)

    def run_finished(self, totals: Totals, seconds: float) -> None:
        """See ``Progress``."""
        self._write(format_totals(totals, seconds))

    def _write(self, text: str) -> None:
        self._stream.write(f"{text}\n")
        self._stream.flush()


class JsonProgress(LogProgress):
    """Writes one JSON object a line: ``{"event": "file", …}`` for each file, ``{"event": "summary", …}`` at the end."""

    def file_finished(self, outcome: Outcome) -> None:
        """See ``Progress``."""
        facts = asdict(outcome) | {name: valid_unicode(getattr(outcome, name)) for name in ("path", "place", "reason")}
        self._write(json.dumps({"event": "file", **facts}))

    def run_finished(self, totals: Totals, seconds: float) -> None:
        """See ``Progress``."""
        sums = {"files": totals.found, "bytes": totals.size, "sent": totals.sent, "seconds": round(seconds, 3)}
        left_out = {reason: group.count for reason, group in totals.left_out.items()}
        self._write(
            json.dumps({
                "event": "summary", **sums, "states": totals.states, "left_out": left_out, "clean": totals.is_clean,
            })
        )  # fmt: skip


class LiveProgress:
    """Shows a bar with files, bytes, rate and remaining time; failures above it, the totals below."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console, self._clock = console, clock
        self._bar = Bar(
            TextColumn("{task.fields[files]:,} / {task.fields[total_files]:,} files"),
            BarColumn(bar_width=None),
            DownloadColumn(binary_units=True),
            TextColumn("{task.fields[rate]}", style="progress.data.speed"),
            TimeRemainingColumn(compact=True),
            TextColumn("[red]{task.fields[failures]}"),
            console=console,
            transient=True,
            expand=True,
        )
        self._task = self._bar.add_task("", total=None, files=0, total_files=0, rate="", failures="")
        self._files = self._finished = self._failed = self._size = self._sent = self._present = 0
        self._samples: deque[tuple[float, int]] = deque(maxlen=256)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def file_found(self, size: int) -> None:
        """See ``Progress``."""
        self._files += 1
        self._size += size
        self._show()

    def add_sent(self, size: int) -> None:
        """See ``Progress``."""
        self._sent += size
        self._samples.append((self._clock(), self._sent))
        self._show()

    def add_resumed(self, size: int) -> None:
        """See ``Progress``."""
        self._present += size
        self._show()

    def file_finished(self, outcome: Outcome) -> None:
        """See ``Progress``."""
        if outcome.state == "left_out":
            return
        self._finished += 1
        if outcome.state in {"present", "planned"}:
            self._present += outcome.size
        elif outcome.state not in _SUCCESSFUL:
            self._failed += 1
            self._console.print(format_outcome(outcome), style="red", markup=False, highlight=False)
        self._show()

    def service_silent(self, text: str) -> None:
        """See ``Progress``."""
        self._console.print(text, markup=False, highlight=False)

    def run_finished(self, totals: Totals, seconds: float) -> None:
        """See ``Progress``."""
        self._bar.stop()
        self._console.print(format_totals(totals, seconds), markup=False, highlight=False)

    def _show(self) -> None:
        self._bar.update(
            self._task,
            total=self._size,
            completed=min(self._size, self._sent + self._present),
            files=self._finished,
            total_files=self._files,
            rate=self._rate(),
            failures=f"{self._failed:,} failed" if self._failed else "",
        )

    def _rate(self) -> str:
        """Return the bytes a second of the samples of the last ten seconds."""
        now = self._clock()
        while self._samples and self._samples[0][0] < now - _WINDOW:
            self._samples.popleft()
        if len(self._samples) < 2 or now <= self._samples[0][0]:
            return ""
        (start, before), (_, after) = self._samples[0], self._samples[-1]
        return f"{format_size(max(0, round((after - before) / (now - start))))}/s"


def format_outcome(outcome: Outcome) -> str:
    """Return the outcome of a file as one line; control characters are escaped."""
    subject = outcome.path or outcome.place
    return _printable(": ".join(part for part in (subject, outcome.state, outcome.reason) if part))


def _printable(line: str) -> str:
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in valid_unicode(line))


def format_totals(totals: Totals, seconds: float) -> str:
    """Return the totals of a run as one line, and what was left out, by reason, before it."""
    finished = {state: count for state, count in totals.states.items() if state != "left_out"}
    states = ", ".join(f"{count:,} {state}" for state, count in sorted(finished.items())) or "nothing to do"
    size, sent = format_size(totals.size), format_size(totals.sent)
    lines = []
    if left_out := totals.states.get("left_out"):
        lines.append(f"{left_out:,} left out:")
        lines += [_left_out_line(reason, group) for reason, group in sorted(totals.left_out.items())]
    return "\n".join([*lines, f"{totals.found:,} files, {size}: {states}; {sent} sent in {seconds:.1f} s"])


def _left_out_line(reason: str, group: LeftOut) -> str:
    more = group.count - len(group.examples)
    rest = f" and {more:,} more (--json and --output name all)" if more else ""
    return _printable(f"  {group.count:,} × {reason}: {', '.join(group.examples)}{rest}")


def format_size(size: int) -> str:
    """Return a number of bytes with a unit."""
    number, unit = float(size), "bytes"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if number < 1024:
            break
        number, unit = number / 1024, larger
    return f"{number:,.0f} {unit}" if unit == "bytes" else f"{number:,.1f} {unit}"
