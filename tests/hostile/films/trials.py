"""A thousand changes of ten films, each by the functions of a worker and by a running proxy.

``python -m tests.hostile.films.trials [--count N] [--served N]`` exits with 1 where a process hangs, takes too much
memory or reaches for the network, or where the proxy answers otherwise than with a frame or a refusal. A worker may
crash: that costs its request.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.hostile.films.measuring import MIB, read_film
from tests.hostile.films.mutations import SEEDS, mutations
from tests.hostile.meter import meter
from tests.hostile.records import Hostile

_CPU = 10
_STATUSES = (200, 422, 500, 503)
"""The last two where a worker was lost."""


def run_functions(count: int) -> Counter[str]:
    """Read ``count`` changes, a tenth of each seed, in processes of their own; return what came of them."""
    found: Counter[str] = Counter()
    for name in SEEDS:
        for number, content in enumerate(mutations(name, count // len(SEEDS))):
            measured = read_film(content, cpu=_CPU)
            for action, result in measured.results.items():
                found[f"{action}: {'picture' if 'x' in result else 'text' if result.isdigit() else result}"] += 1
            if measured.signal in (signal.SIGXCPU, signal.SIGALRM, signal.SIGKILL):
                found[f"! hang: {name} {number}"] += 1
            elif measured.signal == signal.SIGSYS:
                found[f"! call: {name} {number}"] += 1
            elif measured.signal:
                found[f"crash of a worker: {name} {number}, signal {measured.signal}"] += 1
            if measured.memory > 512 * MIB:
                found[f"! {measured.memory >> 20} MiB: {name} {number}"] += 1
    return found


def run_served(count: int) -> Counter[str]:
    """Ask a running proxy for a frame of each of ``count`` changes; return what came of them."""
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, meter(Path(folder), timeout="30") as running:
        for name in SEEDS:
            for number, content in enumerate(mutations(name, count // len(SEEDS))):
                record = Hostile(f"{name}-{number}", "", "bin", bytes, 0, "rs:fit:64:64")
                outcome = running.request_bytes(record, content)
                wrong = outcome.status not in _STATUSES or outcome.seconds > 40
                found[f"{'! ' if wrong else ''}status {outcome.status}"] += 1
        if running.proxy.process.poll() is not None:
            found["! the proxy has ended"] += 1
    return found


def _main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--served", type=int, default=200)
    options = parser.parse_args()
    found = run_functions(options.count) + run_served(options.served)
    for name, count in sorted(found.items()):
        print(f"{count:6} {name}")
    return 1 if any(name.startswith("!") for name in found) else 0


if __name__ == "__main__":
    sys.exit(_main())
