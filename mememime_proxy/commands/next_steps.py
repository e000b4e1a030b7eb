"""What to do next, at the end of a command: lines for people, on standard error, that can be copied as they stand."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import click


def program() -> str:
    """Return how this program is called from another shell in the same folder.

    A virtual environment may be active in this shell alone, so that the name of the program is not enough there.
    """
    script = Path(sys.argv[0])
    if script.name != "mememime":
        return f"{_short(Path(sys.executable))} -m mememime_proxy"
    return "mememime" if sys.prefix == sys.base_prefix else _short(script.absolute())


def _short(path: Path) -> str:
    """Return ``path`` relative to the working directory if it is below it, quoted for a shell."""
    text = str(path)
    folder = str(Path.cwd()) + os.sep
    return shlex.quote(text.removeprefix(folder))


def command(*arguments: str | Path) -> str:
    """Return the line that runs this program with ``arguments`` from another shell in the same folder."""
    return " ".join([program(), *(shlex.quote(str(argument)) for argument in arguments)])


def show(*lines: str) -> None:
    """Print next steps: sentences, or commands as ``command`` makes them."""
    for line in lines:
        click.echo(f"Next: {line}", err=True)
