"""The fuzzer's command: ``python -m tests.fuzz TARGET … --seconds 180 --seed 1``, ``--list`` for the targets.

Each target runs in a process of its own, with Atheris (libFuzzer). It begins with the target's seeds, and ends with its
time or at the first fault, whose input is written to the folder that ``--faults`` names. ``--table`` appends a row for
each target to a table in Markdown.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.target import Target
from tests.fuzz.targets import load_all

_ROOT = Path(__file__).parents[2]
_EXECUTED = re.compile(r"^stat::number_of_executed_units:\s+(\d+)", re.MULTILINE)
_STATE = re.compile(r"cov: (\d+) ft: \d+ corp: (\d+)/")
_HEADER = "| target | seeds | seed | seconds | inputs | edges | corpus | faults |\n|---|---|---|---|---|---|---|---|\n"
_LONGEST_INPUT = 20
"""Seconds after which an input counts as endless."""
_MEMORY = 1024
"""MiB of a session."""


@dataclass(frozen=True)
class Outcome:
    """What one session did."""

    executions: int
    edges: int
    corpus: int
    fault: bytes | None
    """The input that ended it."""
    report: str
    """What it wrote, from the fault on."""


def fuzz(target: Target, seed: int, *, seconds: int = 0, executions: int = 0) -> Outcome:
    """Run one session for ``seconds``, or for a number of ``executions``."""
    with tempfile.TemporaryDirectory(prefix="mememime-fuzz-") as name:
        folder = Path(name)
        corpus, faults, words = folder / "corpus", folder / "faults", folder / "words"
        corpus.mkdir()
        faults.mkdir()
        for data in target.seeds():
            (corpus / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data[: target.max_length])
        words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words if word))
        options = {
            "seed": seed,
            "max_len": target.max_length,
            "timeout": _LONGEST_INPUT,
            "rss_limit_mb": _MEMORY,
            "print_final_stats": 1,
            "artifact_prefix": f"{faults}/",
            **({"max_total_time": seconds} if seconds else {}),
            **({"runs": executions} if executions else {}),
            **({"dict": words} if target.words else {}),
        }
        finished = subprocess.run(
            [
                sys.executable,
                "-m",
                "tests.fuzz.session",
                target.name,
                *[f"-{name}={value}" for name, value in options.items()],
                str(corpus),
            ],
            cwd=_ROOT,
            env={**os.environ, "PYTHONHASHSEED": "0"},
            capture_output=True,
            text=True,
            check=False,
            errors="backslashreplace",
        )
        found = sorted(faults.iterdir())
        return _outcome(finished, found[0].read_bytes() if found else None)


def _outcome(finished: subprocess.CompletedProcess[str], fault: bytes | None) -> Outcome:
    output = finished.stdout + finished.stderr
    executed, states = _EXECUTED.search(output), _STATE.findall(output)
    start = max(0, output.find("=== Uncaught Python exception"))
    if finished.returncode and fault is None:
        raise RuntimeError(f"the session ended with {finished.returncode}: {output[-3000:]}")
    edges, corpus = map(int, states[-1]) if states else (0, 0)
    lines = output[start:].split("\nINFO: ")[0] if fault is not None else ""
    return Outcome(int(executed[1]) if executed else 0, edges, corpus, fault, lines)


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the targets; return 1 where one has a fault."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("target", nargs="*", help="names, or beginnings of names; all targets by default")
    parser.add_argument("--seconds", type=int, default=180, help="of each target (default: 180)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=Path, help="folder for the inputs of faults")
    parser.add_argument("--table", type=Path, help="file to append a row for each target to")
    parser.add_argument("--list", action="store_true", help="print the names of the targets")
    options = parser.parse_args(arguments)
    targets = [t for name, t in load_all().items() if not options.target or name.startswith(tuple(options.target))]
    if not targets:
        parser.error(f"no target begins with {' or '.join(options.target)}")
    if options.list:
        print("\n".join(target.name for target in targets))
        return 0
    faults = 0
    for target in targets:
        outcome = fuzz(target, options.seed, seconds=options.seconds)
        faults += outcome.fault is not None
        row = (
            target.name,
            len(list(target.seeds())),
            options.seed,
            options.seconds,
            outcome.executions,
            outcome.edges,
            outcome.corpus,
            int(outcome.fault is not None),
        )
        print("{}: {} seeds, seed {}, {} s, {} inputs, {} edges, corpus {}, faults {}".format(*row), flush=True)
        if options.table:
            _append(options.table, "| " + " | ".join(map(str, row)) + " |\n")
        if outcome.fault is not None:
            _report(target, outcome, options.faults)
    return 1 if faults else 0


def _append(table: Path, row: str) -> None:
    with table.open("a") as file:
        if not file.tell():
            file.write(_HEADER)
        file.write(row)


def _report(target: Target, outcome: Outcome, folder: Path | None) -> None:
    assert outcome.fault is not None
    print(outcome.report)
    print(f"input in base64: {base64.b64encode(outcome.fault).decode()}", flush=True)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{target.name}-{hashlib.sha256(outcome.fault).hexdigest()[:12]}"
        (folder / name).write_bytes(outcome.fault)


if __name__ == "__main__":
    sys.exit(main())
