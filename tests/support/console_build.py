"""The console, built anew from its sources, and the packages of npm that this needs."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from mememime_proxy.console.static_files import FOLDER
from tests.support.child_process import missing
from tests.support.node_packages import node

ROOM = FOLDER.parent
_INPUTS = ("package.json", "package-lock.json", "build.mjs", "jsconfig.json", "src")


def packages() -> Path:
    """Return a folder with the packages of the lock file, installed once; skip the test as ``node`` does."""
    node()
    lock = hashlib.sha256((ROOM / "package-lock.json").read_bytes()).hexdigest()[:16]
    home = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "mememime-tests" / f"console-{lock}"
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # one of several test processes installs them
        if not (home / "done").exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(ROOM / name, home)
            command = ["npm", "ci", "--silent", "--no-audit", "--no-fund"]
            result = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
            if result.returncode:
                raise missing(f"{' '.join(command)}: {result.stderr[-500:]}")
            (home / "done").touch()
    return home


def run_script(folder: Path, name: str) -> subprocess.CompletedProcess[str]:
    """Run a script of package.json on a copy of the sources in ``folder``, with the pinned packages."""
    home = packages()
    for each in _INPUTS:
        source, target = ROOM / each, folder / each
        if not target.exists():
            (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    modules = folder / "node_modules"
    if not modules.exists():
        modules.symlink_to(home / "node_modules")
    return subprocess.run(["npm", "run", "--silent", name], cwd=folder, capture_output=True, text=True, check=False)


def axe() -> str:
    """Return the source of axe-core."""
    return (packages() / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
