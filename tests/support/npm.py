"""Packages of npm for tests, installed once into a cache folder."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest


def node() -> str:
    """The program; skips the test where it is not installed, and fails it in CI."""
    found = shutil.which("node")
    if found is None or shutil.which("npm") is None:
        _missing("it needs node and npm")
    return str(found)


def modules(*packages: str) -> Path:
    """The folder ``node_modules`` with these packages, each as ``name@version``; skips the test as ``node`` does."""
    node()
    name = "+".join(packages).replace("/", "-").replace("@", "-")
    home = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "mememime-tests" / name
    home.mkdir(parents=True, exist_ok=True)
    done = home / "done"
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one of several test processes installs them
        if not done.exists():
            (home / "package.json").write_text('{"private": true}')
            wanted = ["npm", "install", "--silent", "--no-audit", "--no-fund", *packages]
            result = subprocess.run(wanted, cwd=home, capture_output=True, text=True, check=False)
            if result.returncode:
                _missing(result.stderr[-500:])
            done.touch()
    return home / "node_modules"


def _missing(reason: str) -> None:
    (pytest.fail if "CI" in os.environ else pytest.skip)(f"packages of npm are missing: {reason}")
