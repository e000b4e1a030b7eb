"""Trials of damaged originals: what is shown of them never depends on memory that nobody has written.

``python -m tests.support.damage_trials`` cuts every sample of ``damage_samples`` at each of its truncations, renders
what is left in two processes, and compares. Their fresh memory is filled with different bytes (glibc's
``MALLOC_PERTURB_``).
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mememime_proxy.errors import ImageError
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import ImageLimits, Plan, RenderConfig
from tests.support.damage_samples import FILES, truncations

PERTURBATIONS = ("1", "254")
_PLAN = Plan(format="bmp", limits=ImageLimits(max_src_resolution=1_000_000))
_ROOT = Path(__file__).parents[2]


def outcomes(step: int) -> Iterator[str]:
    """Yield sample, length, and digest of the pixels or ``refused``, for each ``step``-th truncation."""
    renderer = Renderer(RenderConfig())
    for name, make in FILES.items():
        data = make()
        for length in list(truncations(len(data)))[::step]:
            try:
                pixels = bytes(renderer.render(data[:length], _PLAN).body)
                yield f"{name} {length} {hashlib.sha256(pixels).hexdigest()}"
            except ImageError:
                yield f"{name} {length} refused"


def compare(step: int) -> tuple[int, list[str]]:
    """Return the number of truncations that gave a picture, and those whose pixels differ between two processes."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", __spec__.name, "--step", str(step), "--list"],
            env={**os.environ, "MALLOC_PERTURB_": perturbation, "PYTHONPATH": str(_ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for perturbation in PERTURBATIONS
    ]
    with ThreadPoolExecutor() as readers:  # a pipe that is full stops its process
        first, second = readers.map(lambda process: process.communicate()[0].splitlines(), processes)
    if any(process.returncode for process in processes) or len(first) != len(second):
        raise RuntimeError("a process of the trial failed")
    shown = sum(not line.endswith("refused") for line in first)
    return shown, [line for line, other in zip(first, second, strict=True) if line != other]


def _main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--step", type=int, default=1, help="each how many-th truncation is tried")
    parser.add_argument("--list", action="store_true", help="print the outcomes of one process")
    options = parser.parse_args()
    if options.list:
        for line in outcomes(options.step):
            print(line)
        return 0
    shown, different = compare(options.step)
    print(f"damaged originals: {shown} truncations gave a picture, {len(different)} of them differ between processes")
    for line in different[:50]:
        print(line)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(_main())
