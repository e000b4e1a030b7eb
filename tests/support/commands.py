"""``mememime`` in the process of a test."""

from __future__ import annotations

import contextlib
import os
import tempfile

from click.testing import CliRunner, Result

from mememime_proxy.commands.group import main
from mememime_proxy.service.development.run_file import PREFIXES


def invoke(*words: str, **variables: str) -> Result:
    """Run a command with ``variables`` alone, in an empty folder: `make run` leaves settings in that of the project."""
    cleared = dict.fromkeys(name for name in os.environ if name.startswith(PREFIXES))
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        return CliRunner().invoke(main, list(words), env=cleared | variables)
