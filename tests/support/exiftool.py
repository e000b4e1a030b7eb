"""ExifTool: an independent reader and writer of metadata (Debian package libimage-exiftool-perl)."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.support.child_process import missing


def exiftool(*arguments: str | Path) -> str:
    """Return what ExifTool prints; skip the test without it, and fail it in CI."""
    program = shutil.which("exiftool")
    if program is None:
        raise missing("ExifTool is missing: apt-get install libimage-exiftool-perl")
    done = subprocess.run([program, *map(str, arguments)], check=True, capture_output=True, timeout=60)
    return done.stdout.decode()


def read(path: Path) -> dict[str, Any]:
    """Return all tags as ``group:name``, with their plain values."""
    return dict(json.loads(exiftool("-json", "-G1", "-a", "-n", path))[0])
