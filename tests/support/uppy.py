"""Uppy for tests: its bundle for browsers, fetched once into a cache folder with npm (1.5 MB)."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

_VERSION = "6.0.1"


def _missing(reason: str) -> None:
    (pytest.fail if "CI" in os.environ else pytest.skip)(f"Uppy is missing: {reason}")


def bundle() -> Path:
    """The folder with uppy.min.mjs and uppy.min.css; skips the test where it cannot be had, and fails it in CI."""
    npm = shutil.which("npm")
    if npm is None:
        _missing("it needs npm")
    home = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / f"mememime-tests/uppy-{_VERSION}"
    home.mkdir(parents=True, exist_ok=True)
    done = home / "done"
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one of several test processes fetches it
        if not done.exists():
            (home / "package.json").write_text('{"private": true}')
            # The bundle holds all it needs; the packages that it was made of need not come along.
            result = subprocess.run(
                [str(npm), "pack", "--silent", f"uppy@{_VERSION}"],
                cwd=home,
                capture_output=True,
                text=True,
                check=False,
            )
            if result.returncode:
                _missing(result.stderr[-500:])
            shutil.unpack_archive(home / f"uppy-{_VERSION}.tgz", home, filter="data")
            done.touch()
    return home / "package/dist"
