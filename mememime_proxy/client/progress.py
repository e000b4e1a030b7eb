"""How a run is told: a line that moves for people, JSON lines for scripts, the failures alone where nobody looks on."""

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

from mememime_proxy.client.results import Outcome, Totals

_WINDOW = 10.0
_GOOD = frozenset({"uploaded", "present", "planned", "same"})


class Progress(Protocol):
    """Whoever tells of a run; opened by ``with``."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def found(self, size: int) -> None:
        """A file more."""
        ...

    def sent(self, size: int) -> None:
        """Bytes went out; less than none where some have to go again."""
        ...

    def there(self, size: int) -> None:
        """Bytes of a file that goes on where an earlier run was."""
        ...

    def ended(self, outcome: Outcome) -> None:
        """A file came to its end."""
        ...

    def total(self, totals: Totals, seconds: float) -> None:
        """The run came to its end."""
        ...


class Lines:
    """Failures as they come, and the totals: for a log."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.flush()

    def found(self, size: int) -> None:
        """See ``Progress``."""

    def sent(self, size: int) -> None:
        """See ``Progress``."""

    def there(self, size: int) -> None:
        """See ``Progress``."""

    def ended(self, outcome: Outcome) -> None:
        """See ``Progress``."""
        if outcome.state not in _GOOD:
            self._write(sentence(outcome))

    def total(self, totals: Totals, seconds: float) -> None:
        """See ``Progress``."""
        self._write(summary(totals, seconds))

    def _write(self, text: str) -> None:
        self._stream.write(f"{text}\n")
        self._stream.flush()


class JsonLines(Lines):
    """One JSON object a line: ``{"event": "file", …}`` for each file, ``{"event": "summary", …}`` at the end."""

    def ended(self, outcome: Outcome) -> None:
        """See ``Progress``."""
        self._write(json.dumps({"event": "file", **asdict(outcome)}))

    def total(self, totals: Totals, seconds: float) -> None:
        """See ``Progress``."""
        said = {"files": totals.files, "bytes": totals.size, "sent": totals.sent, "seconds": round(seconds, 3)}
        self._write(json.dumps({"event": "summary", **said, "states": totals.states, "clean": totals.clean}))


class Live:
    """A bar with files, bytes, rate and the time that is left; failures stand above it, the totals below."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console, self._clock = console, clock
        self._bar = Bar(
            TextColumn("{task.fields[files]:,} / {task.fields[known]:,} files"),
            BarColumn(bar_width=None),
            DownloadColumn(binary_units=True),
            TextColumn("{task.fields[rate]}", style="progress.data.speed"),
            TimeRemainingColumn(compact=True),
            TextColumn("[red]{task.fields[failures]}"),
            console=console,
            transient=True,
            expand=True,
        )
        self._task = self._bar.add_task("", total=None, files=0, known=0, rate="", failures="")
        self._known = self._ended = self._bad = self._size = self._sent = self._here = 0
        self._samples: deque[tuple[float, int]] = deque(maxlen=256)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def found(self, size: int) -> None:
        """See ``Progress``."""
        self._known += 1
        self._size += size
        self._show()

    def sent(self, size: int) -> None:
        """See ``Progress``."""
        self._sent += size
        self._samples.append((self._clock(), self._sent))
        self._show()

    def there(self, size: int) -> None:
        """See ``Progress``."""
        self._here += size
        self._show()

    def ended(self, outcome: Outcome) -> None:
        """See ``Progress``."""
        self._ended += 1
        if outcome.state in {"present", "planned"}:
            self._here += outcome.size
        elif outcome.state not in _GOOD:
            self._bad += 1
            self._console.print(sentence(outcome), style="red", markup=False, highlight=False)
        self._show()

    def total(self, totals: Totals, seconds: float) -> None:
        """See ``Progress``."""
        self._bar.stop()
        self._console.print(summary(totals, seconds), markup=False, highlight=False)

    def _show(self) -> None:
        self._bar.update(
            self._task,
            total=self._size,
            completed=min(self._size, self._sent + self._here),
            files=self._ended,
            known=self._known,
            rate=self._rate(),
            failures=f"{self._bad:,} failed" if self._bad else "",
        )

    def _rate(self) -> str:
        """Bytes that went out, a second, over the last samples of ten seconds at most."""
        now = self._clock()
        while self._samples and self._samples[0][0] < now - _WINDOW:
            self._samples.popleft()
        if len(self._samples) < 2 or now <= self._samples[0][0]:
            return ""
        (start, before), (_, after) = self._samples[0], self._samples[-1]
        return f"{amount(max(0, round((after - before) / (now - start))))}/s"


def sentence(outcome: Outcome) -> str:
    """One file's end, for people; letters that a terminal would obey are spelt out."""
    what = outcome.path or outcome.place
    said = ": ".join(part for part in (what, outcome.state, outcome.reason) if part)
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in said)


def summary(totals: Totals, seconds: float) -> str:
    """The run, for people."""
    states = ", ".join(f"{count:,} {state}" for state, count in sorted(totals.states.items())) or "nothing to do"
    return f"{totals.files:,} files, {amount(totals.size)}: {states}; {amount(totals.sent)} sent in {seconds:.1f} s"


def amount(size: int) -> str:
    """Bytes, for people."""
    number, unit = float(size), "bytes"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if number < 1024:
            break
        number, unit = number / 1024, larger
    return f"{number:,.0f} {unit}" if unit == "bytes" else f"{number:,.1f} {unit}"
