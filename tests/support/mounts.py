"""File systems of tests: a small one and a read-only one. Only root may mount them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.child_process import missing

MIB = 1 << 20


def mount(folder: Path, options: str) -> None:
    """Mount a tmpfs on ``folder``; skip the test where that is not allowed, and fail it in CI."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(command, check=False, capture_output=True).returncode:
        raise missing("only root may mount a file system")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for six megabytes."""
    folder = tmp_path / "small"
    mount(folder, f"size={6 * MIB}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def read_only_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system that nobody can write to."""
    folder = tmp_path / "read-only"
    mount(folder, "ro")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)
