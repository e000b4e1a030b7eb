"""Every hostile file once through a proxy with its defaults: CPU, memory and status within the bar.

``python -m tests.hostile.trials [WORD,…]`` prints a row for each file, and exits with 1 where one is beyond the bar.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.hostile.catalogue import select
from tests.hostile.meter import Meter, fault, meter
from tests.hostile.records import Hostile

_COLUMNS = "{:46} {:4} {:>10} {:>6} {:>8} {:>8} {:>7}  {}"


def run(words: str) -> int:
    """Return the number of files beyond the bar."""
    print(_COLUMNS.format("file", "row", "bytes", "status", "CPU s", "MiB", "s", "fault"), flush=True)
    with tempfile.TemporaryDirectory() as folder, meter(Path(folder)) as running:
        faults = [line for record in select(words) if (line := _row(running, record))]
    print(f"{len(faults)} beyond the bar")
    for line in faults:
        print(line)
    return len(faults)


def _row(running: Meter, record: Hostile) -> str:
    outcome = running.request(record)
    wrong = fault(record, outcome)
    line = _COLUMNS.format(
        record.name, record.row, len(record.body()), outcome.status, f"{outcome.cpu:.2f}", outcome.memory >> 20,
        f"{outcome.seconds:.2f}", wrong or outcome.text[:80],
    )  # fmt: skip
    print(("! " if wrong else "  ") + line, flush=True)
    return line if wrong else ""


def _main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="?", default="", help="parts of names, with commas between; default: all")
    return 1 if run(parser.parse_args().words) else 0


if __name__ == "__main__":
    sys.exit(_main())
