"""The number of CPUs that this process may use."""

from __future__ import annotations

import math
import os
from pathlib import Path

_QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""The CPU limit of a container: microseconds of CPU time, or ``max``, and the period in microseconds."""


def count_cpus() -> int:
    """Return the CPUs that this process may use: those of the machine, or the limit of a container, rounded up."""
    cpus = len(os.sched_getaffinity(0))
    try:
        quota, period = _QUOTA.read_text().split()
        return max(1, min(cpus, math.ceil(int(quota) / int(period))))
    except (OSError, ValueError):
        return cpus
