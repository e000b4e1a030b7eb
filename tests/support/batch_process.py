"""``mememime batch`` as a process of its own, and what it says."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Any

from tests.support.child_process import clean_environment, start_process

_TIMEOUT = 120


@dataclass(frozen=True)
class EndedBatch:
    """A command that has ended."""

    status: int
    output: str
    lines: list[dict[str, Any]]
    """Its JSON lines."""

    @property
    def counts(self) -> tuple[int, int, int]:
        """Units that were done, skipped and failed."""
        (ended,) = (line for line in self.lines if line.get("event") == "ended")
        return ended["done"], ended["skipped"], ended["failed"]

    @property
    def failures(self) -> dict[tuple[str, str], str]:
        """Codes of errors by source and unit."""
        return {(line["source"], line["unit"]): line["error"] for line in self.lines if line.get("event") == "failed"}


def start_batch(log: Path, words: Sequence[str], **settings: str) -> Popen[bytes]:
    """Start a command in the folder of ``log``."""
    variables = {f"MEMEMIME_{name.upper()}": value for name, value in {"workers": "2", **settings}.items()}
    command = [sys.executable, "-m", "mememime_proxy", "batch", *words]
    return start_process(command, log, environment=clean_environment(**variables), cwd=log.parent)


def end_batch(process: Popen[bytes], log: Path) -> EndedBatch:
    """Wait for the end of a command."""
    status = process.wait(_TIMEOUT)
    output = log.read_text("utf-8", "replace")
    lines = []
    for line in output.splitlines():
        with contextlib.suppress(ValueError):
            lines.append(json.loads(line))
    return EndedBatch(status, output, [line for line in lines if isinstance(line, dict)])


def run_batch(folder: Path, *words: str, **settings: str) -> EndedBatch:
    """Run a command in ``folder`` to its end."""
    log = folder / "batch.log"
    return end_batch(start_batch(log, words, **settings), log)


def report_lines(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a report."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
