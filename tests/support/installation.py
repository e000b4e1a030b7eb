"""Empty virtual environments with a wheel of this tree in them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
_LOCK = ROOT / "requirements" / "dev.lock"
_SOURCES = ("mememime_proxy", "pyproject.toml", "README.md", "LICENSE")


def _uv(*arguments: str) -> str:
    uv = Path(sys.executable).with_name("uv")
    result = subprocess.run([uv, *arguments], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


def build_wheel(folder: Path) -> Path:
    """Build the wheel of this tree below ``folder``."""
    # From a copy: setuptools writes into the tree that it builds.
    source = folder / "source"
    source.mkdir()
    for name in _SOURCES:
        origin = ROOT / name
        if origin.is_dir():
            shutil.copytree(origin, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(origin, source)
    target = folder / "dist"
    _uv(
        "build",
        "--quiet",
        "--wheel",
        "--no-build-isolation",
        "--python",
        sys.executable,
        "-o",
        str(target),
        str(source),
    )
    (wheel,) = target.glob("*.whl")
    return wheel


class Installation:
    """A virtual environment that starts empty, without pip."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = str(folder / "bin" / "python")
        _uv("venv", "--quiet", "--python", sys.executable, str(folder))

    def install(self, *requirements: str) -> None:
        """Install as ``pip install`` does, in the versions of the lock; options are pip's."""
        _uv("pip", "install", "--quiet", "--python", self.python, "--constraint", str(_LOCK), *requirements)

    def packages(self) -> set[str]:
        """Return the names of the installed distributions."""
        listing = _uv("pip", "list", "--python", self.python, "--format", "json")
        return {package["name"] for package in json.loads(listing)}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run its Python with ``arguments``, outside of the tree."""
        command = [self.python, *arguments]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False, timeout=120)

    def mememime(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the installed command ``mememime``."""
        return self.run(str(self.folder / "bin" / "mememime"), *arguments)
