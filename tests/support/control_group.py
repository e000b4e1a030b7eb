"""A control group with a limit of memory, where this machine lets one be made."""

import contextlib
import os
import uuid
from pathlib import Path

import pytest

_ROOT = Path("/sys/fs/cgroup")


@contextlib.contextmanager
def memory_group(limit):
    """A new group with ``limit`` bytes: yields the file that a process writes its id to. Skips where it cannot be."""
    folder, name = _parent()
    group = folder / f"mememime-test-{uuid.uuid4().hex[:8]}"
    try:
        group.mkdir()
        (group / name).write_text(str(limit))
    except OSError as error:
        with contextlib.suppress(OSError):
            group.rmdir()
        pytest.skip(f"no control group with a limit can be made here: {error}")
    try:
        yield group / "cgroup.procs"
    finally:
        with contextlib.suppress(OSError):
            group.rmdir()


def _parent():
    if (_ROOT / "memory").is_dir():
        return _ROOT / "memory", "memory.limit_in_bytes"
    if "memory" not in (_ROOT / "cgroup.subtree_control").read_text().split() or not os.access(_ROOT, os.W_OK):
        pytest.skip("this process may not make control groups")
    return _ROOT, "memory.max"
