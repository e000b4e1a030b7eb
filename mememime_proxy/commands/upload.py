"""``mememime upload`` and ``mememime verify``."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import time
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any

import click
import uvloop
from rich.console import Console

from mememime_proxy.client.bulk import BulkUpload, Order
from mememime_proxy.client.errors import ClientError
from mememime_proxy.client.inputs.alias_template import Template
from mememime_proxy.client.inputs.manifest import ManifestWriter, VariantUrls
from mememime_proxy.client.inputs.origins import Origins
from mememime_proxy.client.inputs.scan import Filter
from mememime_proxy.client.journal import Journal
from mememime_proxy.client.progress import JsonProgress, LiveProgress, LogProgress, Progress
from mememime_proxy.client.results import Outcome, Totals
from mememime_proxy.client.transfer import rate_limit
from mememime_proxy.client.uploader import Transfer, Uploader
from mememime_proxy.client.verify import Verification
from mememime_proxy.errors import MememimeError
from mememime_proxy.settings.environment import with_file
from mememime_proxy.urls import UrlBuilder

DONE, SOME_FAILED, CANNOT, INTERRUPTED = 0, 1, 3, 130
"""Exit codes; 2 is click's, for a command that cannot be understood."""


class _Size(click.ParamType[int]):
    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            return rate_limit.parse_size(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class _Template(click.ParamType[Template]):
    name = "template"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Template:
        if isinstance(value, Template):
            return value
        try:
            return Template(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _shared(command: Callable[..., None]) -> Callable[..., None]:
    """Add the arguments and options that both commands have."""
    for option in reversed(
        (
            click.argument("origins", nargs=-1),
            click.option("--server", envvar="MEMEMIME_RESOURCES_URL", required=True, help="The service's address."),
            click.option(
                "--key",
                envvar="MEMEMIME_RESOURCES_API_KEY",
                required=True,
                help="An API key. Better in the variable, where other users of the machine do not see it.",
            ),
            click.option(
                "--manifest",
                "manifest_file",
                type=click.Path(exists=True, dir_okay=False, path_type=Path),
                help="A table of files, .csv or .jsonl.",
            ),
            click.option("--null", "-0", is_flag=True, help="The list on standard input is divided by NUL."),
            click.option("--include", multiple=True, metavar="PATTERN", help="Only these; default: all pictures."),
            click.option("--exclude", multiple=True, metavar="PATTERN", help="Not these."),
            click.option("--alias", "template", type=_Template(), help="Makes aliases, like 'products/{path}'."),
            click.option(
                "--parallel", default=8, show_default=True, type=click.IntRange(1, 256), help="Files at once."
            ),
            click.option("--requests", default=0.0, type=click.FloatRange(0), help="Requests a second at most."),
            click.option(
                "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write a table of all files."
            ),
            click.option("--json", "as_json", is_flag=True, help="JSON lines on standard output."),
        )
    ):
        command = option(command)
    return command


@click.command()
@_shared
@click.option("--bandwidth", default=0, type=_Size(), help="Bytes a second at most, like 10M.")
@click.option("--large", default="16M", show_default=True, type=_Size(), help="Files from this size go in parts.")
@click.option("--part-size", default="8M", show_default=True, type=_Size(), help="Least size of a part.")
@click.option("--parts", default=4, show_default=True, type=click.IntRange(1, 64), help="Parts of one file at once.")
@click.option(
    "--via", type=click.Choice(["tus", "presigned"]), default="tus", show_default=True,
    help="How large files go: through the service, or straight to its S3 storage.",
)  # fmt: skip
@click.option("--replace/--no-replace", default=True, show_default=True, help="Move aliases that point elsewhere.")
@click.option("--dry-run", is_flag=True, help="Find out what there is to do, and do nothing.")
@click.option(
    "--journal", "journal_file", type=click.Path(dir_okay=False, path_type=Path),
    help="Where is kept what was done; default: below ~/.local/state.",
)  # fmt: skip
@click.option("--no-journal", is_flag=True, help="Keep nothing: the service is asked for everything.")
@click.option("--base-url", default="", help="The proxy's address, for the URLs of --output.")
@click.option("--url-option", "url_options", multiple=True, metavar="OPTION", help="For these URLs, like rs:fit:640.")
@click.option("--format", "-f", "extension", default="", help="For these URLs: the result's format.")
def upload(
    origins: tuple[str, ...],
    server: str,
    key: str,
    manifest_file: Path | None,
    null: bool,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    template: Template | None,
    parallel: int,
    requests: float,
    output: Path | None,
    as_json: bool,
    bandwidth: int,
    large: int,
    part_size: int,
    parts: int,
    via: Any,
    replace: bool,
    dry_run: bool,
    journal_file: Path | None,
    no_journal: bool,
    base_url: str,
    url_options: tuple[str, ...],
    extension: str,
) -> None:
    """Upload ORIGINS: folders, files, patterns, s3://bucket/prefix, or - for a list on standard input.

    \b
    mememime upload photos/ --alias 'products/{path}'
    find . -name '*.jpg' -print0 | mememime upload -0 - --alias '{exif:%Y/%m|undated}/{stem}'

    What the service has is not sent again, and a run that was broken off goes on where it was. Exit codes: 0 all is
    there, 1 some failed, 2 the command is wrong, 3 the service cannot be reached or refuses the key, 130 interrupted.
    """
    if not large or not part_size:
        raise click.UsageError("--large and --part-size are at least one byte")
    found = _origins(origins, manifest_file, null, include, exclude)
    urls = _urls(base_url, url_options, extension) if output else None
    transfer = Transfer(
        part_threshold=large,
        part_size=part_size,
        parallel=parts,
        method=via,
        bandwidth=bandwidth,
        requests=requests,
        connections=parallel * max(2, parts),
    )
    order = Order(template=template, replace=replace, dry_run=dry_run, parallel=parallel)
    # Another key may belong to another tenant, whose assets and aliases these are not.
    service = f"{server.rstrip('/')}#{hashlib.sha256(key.encode()).hexdigest()[:12]}"
    path = None if no_journal else journal_file or _journal_file()

    async def run(progress: Progress) -> Totals:
        with Journal(path, service) as journal:
            uploader = Uploader(server, key, transfer=transfer, journal=journal)
            async with AsyncExitStack() as stack:
                sources = await found.sources(stack)
                await stack.enter_async_context(uploader)
                await uploader.check_access()
                return await BulkUpload(uploader, journal, order, progress).run(sources)

    _finish(run, output, urls, as_json)


@click.command()
@_shared
def verify(
    origins: tuple[str, ...],
    server: str,
    key: str,
    manifest_file: Path | None,
    null: bool,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    template: Template | None,
    parallel: int,
    requests: float,
    output: Path | None,
    as_json: bool,
) -> None:
    """Compare ORIGINS with the service by their digests, and with --alias whether the aliases point at them.

    Every file is read anew; nothing is changed. Exit codes as for upload: 0 all is there, 1 some is not.
    """
    found = _origins(origins, manifest_file, null, include, exclude)

    async def run(progress: Progress) -> Totals:
        async with AsyncExitStack() as stack:
            sources = await found.sources(stack)
            uploader = Uploader(server, key, transfer=Transfer(requests=requests, connections=parallel * 2))
            await stack.enter_async_context(uploader)
            await uploader.check_access()
            return await Verification(uploader, template, progress, parallel).run(sources)

    _finish(run, output, None, as_json)


def _origins(
    names: tuple[str, ...], table: Path | None, null: bool, include: tuple[str, ...], exclude: tuple[str, ...]
) -> Origins:
    if not names and table is None:
        raise click.UsageError("name a folder, file, pattern, bucket, - or --manifest")
    if table is not None and table.suffix not in {".csv", ".jsonl"}:
        raise click.UsageError(f"found the manifest {table.name!r}, expected an ending .csv or .jsonl")
    return Origins(names=names, manifest=table, null=null, name_filter=Filter(include, exclude))


def _urls(base_url: str, options: tuple[str, ...], extension: str) -> VariantUrls | None:
    if not base_url:
        return None
    try:
        variables = with_file(os.environ)
        key, salt = (
            (variables.get(f"MEMEMIME_{name}") or variables.get(f"IMGPROXY_{name}") or "").partition(",")[0].strip()
            for name in ("KEY", "SALT")
        )
        return VariantUrls(UrlBuilder(base_url, key, salt), options, extension)
    except MememimeError as error:
        raise click.UsageError(error.detail) from error


def _journal_file() -> Path:
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "mememime" / "uploads.db"


class _ManifestProgress:
    """A progress that writes the output table as well."""

    def __init__(self, progress: Progress, table: ManifestWriter) -> None:
        self._progress, self._table = progress, table
        self.file_found, self.add_sent, self.add_resumed = progress.file_found, progress.add_sent, progress.add_resumed
        self.run_finished = progress.run_finished

    def __enter__(self) -> _ManifestProgress:
        self._progress.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._progress.__exit__(*error)

    def file_finished(self, outcome: Outcome) -> None:
        self._progress.file_finished(outcome)
        self._table.write(outcome)


def _finish(
    run: Callable[[Progress], Coroutine[Any, Any, Totals]], output: Path | None, urls: VariantUrls | None, as_json: bool
) -> None:
    """Run the coroutine of ``run`` and end the process with its exit code."""
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
        click.echo("interrupted: the same command goes on where this one was", err=True)
        sys.exit(INTERRUPTED)
    except (ClientError, MememimeError, OSError) as error:  # OSError: nobody reads our output, or it is on a full disk
        click.echo(f"Error: {error}", err=True)
        sys.exit(CANNOT)
    sys.exit(DONE if totals.is_clean else SOME_FAILED)
