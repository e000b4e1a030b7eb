"""Packages of npm for tests, installed once into a cache folder."""

from __future__ import annotations

import base64
import fcntl
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.support.child_process import missing

_UPPY_VERSION = "6.0.1"


def node() -> str:
    """Return the path of Node.js; skip the test where it or npm is missing, and fail it in CI."""
    program = shutil.which("node")
    if program is None or shutil.which("npm") is None:
        raise missing("node and npm are missing")
    return program


def node_modules(*packages: str, options: Sequence[str] = ()) -> Path:
    """Return a folder ``node_modules`` with these packages, each as ``name@version``; skip the test as ``node`` does.

    ``options`` are given to ``npm install``.
    """
    node()
    name = "+".join(packages).replace("/", "-").replace("@", "-")
    return _once(name, ["npm", "install", "--silent", "--no-audit", "--no-fund", *options, *packages]) / "node_modules"


def uppy_bundle() -> Path:
    """Return the folder with uppy.min.mjs and uppy.min.css (1.5 MB); skip the test as ``node`` does.

    The bundle has all that it needs, so the package is unpacked without those that it depends on.
    """
    node()
    name = f"uppy-{_UPPY_VERSION}"
    return _once(name, ["sh", "-c", f"npm pack --silent uppy@{_UPPY_VERSION} && tar -xzf {name}.tgz"]) / "package/dist"


def npm_package(name: str, version: str, integrity: str) -> Path:
    """Return the folder of one package of npm, without those that it depends on; skip the test as ``node`` does.

    ``integrity``: SHA-512 of its archive, as the registry and lock files write it.
    """
    node()
    digest = base64.b64decode(integrity.removeprefix("sha512-")).hex()
    archive = f"{name}-{version}.tgz"
    script = (
        f"npm pack --silent {name}@{version} && echo '{digest}  {archive}' | sha512sum --check && tar -xzf {archive}"
    )
    return _once(f"{name}-{version}", ["sh", "-c", script]) / "package"


def _once(name: str, command: Sequence[str]) -> Path:
    """Run ``command`` in a cache folder of that name, unless it has been run there."""
    home = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "mememime-tests" / name
    home.mkdir(parents=True, exist_ok=True)
    done = home / "done"
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one of several test processes installs it
        if not done.exists():
            (home / "package.json").write_text('{"private": true}')
            result = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
            if result.returncode:
                raise missing(f"{' '.join(command)}: {result.stderr[-500:]}")
            done.touch()
    return home
