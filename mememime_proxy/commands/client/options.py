"""Options, origins and the end of the commands that work on files: ``mememime upload`` and ``mememime verify``."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar, cast

import click
import uvloop
from rich.console import Console

from mememime_proxy.client.errors import ClientError
from mememime_proxy.client.inputs.alias_template import Template
from mememime_proxy.client.inputs.manifest import ManifestWriter, VariantUrls
from mememime_proxy.client.inputs.name_filter import Filter
from mememime_proxy.client.inputs.origins import Origins
from mememime_proxy.client.inputs.rename import Rename
from mememime_proxy.client.progress import JsonProgress, LiveProgress, LogProgress, Progress
from mememime_proxy.client.results import Outcome, Totals
from mememime_proxy.client.transfer.session import GIVE_UP_AFTER
from mememime_proxy.commands import next_steps
from mememime_proxy.errors import MememimeError

T = TypeVar("T")
DONE, SOME_FAILED, CANNOT, INTERRUPTED = 0, 1, 3, 130
"""Exit codes; 2 is click's, for a command that cannot be understood."""


class Parsed(click.ParamType[T]):
    """A value that a function reads from text; its ValueError is the message to the user."""

    def __init__(self, name: str, parse: Callable[[str], T]) -> None:
        self.name, self._parse = name, parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> T:
        """See ``click.ParamType``."""
        if not isinstance(value, str):
            return cast(T, value)  # the default
        try:
            return self._parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def file_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the arguments and options that both commands have."""
    for option in reversed(
        (
            click.argument("origins", nargs=-1),
            click.option(
                "--server", envvar="MEMEMIME_RESOURCES_URL", required=True, help="URL of the resource service."
            ),
            click.option(
                "--key",
                envvar="MEMEMIME_RESOURCES_API_KEY",
                required=True,
                help="API key. Prefer the variable: other users can see arguments.",
            ),
            click.option(
                "--manifest",
                "manifest_file",
                type=click.Path(exists=True, dir_okay=False, path_type=Path),
                help="A table of files, .csv or .jsonl.",
            ),
            click.option("--null", "-0", is_flag=True, help="The list on standard input is separated by NUL."),
            click.option("--include", multiple=True, metavar="PATTERN", help="Only these; default: all images."),
            click.option("--exclude", multiple=True, metavar="PATTERN", help="Not these."),
            click.option("--hidden", is_flag=True, help="Also names that begin with a full stop."),
            click.option(
                "--alias",
                "template",
                type=Parsed("template", Template),
                help="Template of aliases, like 'products/{path}'.",
            ),
            click.option(
                "--rename",
                "renames",
                multiple=True,
                type=Parsed("rule", Rename.parse),
                metavar="s/PATTERN/TEXT/",
                help="Change each alias by a regular expression, as sed does; flags: g, i.",
            ),
            click.option(
                "--parallel", default=8, show_default=True, type=click.IntRange(1, 256), help="Files at once."
            ),
            click.option("--requests", default=0.0, type=click.FloatRange(0), help="Requests a second at most."),
            click.option(
                "--give-up-after",
                default=GIVE_UP_AFTER,
                show_default=True,
                type=click.FloatRange(0, min_open=True),
                metavar="SECONDS",
                help="End when the service has not answered for so long.",
            ),
            click.option(
                "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write a table of all files."
            ),
            click.option("--json", "as_json", is_flag=True, help="JSON lines on standard output."),
        )
    ):
        command = option(command)
    return command


def origins_of(
    names: tuple[str, ...],
    table: Path | None,
    null: bool,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    hidden: bool,
) -> Origins:
    """Return the files that a command is to work on. Raises click.UsageError where none are named."""
    if not names and table is None:
        raise click.UsageError("name a folder, file, pattern, bucket, - or --manifest")
    if table is not None and table.suffix not in {".csv", ".jsonl"}:
        raise click.UsageError(f"found the manifest {table.name!r}, expected an ending .csv or .jsonl")
    return Origins(names=names, manifest=table, null=null, name_filter=Filter(include, exclude, hidden=hidden))


class _ManifestProgress:
    """Progress that also writes the output table."""

    def __init__(self, progress: Progress, table: ManifestWriter) -> None:
        self._progress, self._table = progress, table
        self.file_found, self.add_sent, self.add_resumed = progress.file_found, progress.add_sent, progress.add_resumed
        self.service_silent, self.run_finished = progress.service_silent, progress.run_finished

    def __enter__(self) -> _ManifestProgress:
        self._progress.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._progress.__exit__(*error)

    def file_finished(self, outcome: Outcome) -> None:
        self._progress.file_finished(outcome)
        self._table.write(outcome)


def run_to_exit(
    run: Callable[[Progress], Coroutine[Any, Any, Totals]],
    output: Path | None,
    urls: VariantUrls | None,
    as_json: bool,
    *,
    if_clean: str = "",
    if_failed: str,
) -> None:
    """Run the coroutine of ``run`` with a progress display, then end the process with its exit code.

    ``if_clean``, ``if_failed``: what to do next, for people.
    """
    console = Console(stderr=True)
    progress: Progress = (
        JsonProgress(sys.stdout)
        if as_json
        else LiveProgress(console)
        if console.is_terminal
        else LogProgress(sys.stderr)
    )
    started = time.monotonic()
    try:
        with ExitStack() as stack:
            if output is not None:
                progress = _ManifestProgress(progress, stack.enter_context(ManifestWriter(output, urls)))
            stack.enter_context(progress)
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                totals = runner.run(run(progress))
            progress.run_finished(totals, time.monotonic() - started)
    except KeyboardInterrupt:
        click.echo("interrupted: run the same command again to resume", err=True)
        sys.exit(INTERRUPTED)
    except (ClientError, MememimeError, OSError) as error:  # OSError: the output is closed, or its disk is full
        click.echo(f"Error: {error}", err=True)
        sys.exit(CANNOT)
    next_step = if_clean if totals.is_clean else if_failed
    if next_step and not as_json and output is None:
        next_steps.show(next_step)
    sys.exit(DONE if totals.is_clean else SOME_FAILED)
