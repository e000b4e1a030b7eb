"""What to do next, at the end of a command: lines for people, on standard error, that can be copied as they stand."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import click

_FIRST_WORD = 2.0


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
    try:
        folder = str(Path.cwd()) + os.sep
    except FileNotFoundError:
        return shlex.quote(str(path))  # a container's command, or a directory that was removed
    return shlex.quote(str(path).removeprefix(folder))


def command(*arguments: str | Path) -> str:
    """Return the line that runs this program with ``arguments`` from another shell in the same folder."""
    return " ".join([program(), *(shlex.quote(str(argument)) for argument in arguments)])


@contextlib.contextmanager
def first_word(address: str) -> Iterator[None]:
    """Say that a service has not answered, two seconds after a request was sent."""
    text = f"{address} does not respond; waiting"
    timer = threading.Timer(_FIRST_WORD, click.echo, (text,), {"err": True})
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def show(*lines: str) -> None:
    """Print next steps: sentences, or commands as ``command`` makes them."""
    for line in lines:
        click.echo(f"Next: {line}", err=True)
