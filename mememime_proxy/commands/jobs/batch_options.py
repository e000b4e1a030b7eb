"""Options that all commands of ``mememime batch`` on items have, and the run of one."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import msgspec

from mememime_proxy.batch.progress import open_progress
from mememime_proxy.batch.queue_run import enqueue, run_queued
from mememime_proxy.batch.run import RunOptions, prepare, run_local
from mememime_proxy.batch.spec import BatchSpec, ErrorLimit, Shard
from mememime_proxy.errors import BatchUsageError, MememimeError, SettingsError, TooManyErrorsError
from mememime_proxy.jobs.states import JobState
from mememime_proxy.service import logs
from mememime_proxy.settings.settings import Settings, load

_FAILED = 1


class _Rate(click.ParamType[float]):
    name = "N/s"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return units a second."""
        try:
            rate = float(str(value).removesuffix("/s"))
        except ValueError:
            rate = -1.0
        if not 0 < rate < 1e9:
            self.fail(f"found {value!r}, expected a number of units a second, like 50/s", param, ctx)
        return rate


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonOptions:
    """Values of the options that all have."""

    source: str
    engine: str
    shard: str
    chunk_seconds: float
    rate: float | None
    max_errors: str
    dry_run: bool
    report: Path | None
    job: str


def common_options(unit: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add the options to a command, which gets their values and that of ``--from`` as ``common``.

    ``unit``: what is counted, as ``variant``.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def run(**values: Any) -> None:
            common = CommonOptions(**{name: values.pop(name) for name in CommonOptions.__dataclass_fields__})
            command(common=common, **values)

        for option in reversed((
            click.option("--engine", type=click.Choice(("local", "queue", "none")), default="local", show_default=True,
                         help="local: this process, without a queue. queue: a job that `mememime work` runs, on any"
                         " number of machines; with SQLite this process, too. none: only create the job, and print its"
                         " id."),
            click.option("--shard", default="0/1", show_default=True, metavar="I/N",
                         help="Only the I-th of N parts of the input."),
            click.option("--chunk", "chunk_seconds", type=click.FloatRange(0, 3600, min_open=True), default=10.0,
                         show_default=True, metavar="SECONDS", help="About so much work is one chunk."),
            click.option("--rate", type=_Rate(), default=None, help=f"At most so many {unit}s a second."),
            click.option("--max-errors", default="1%", show_default=True, metavar="N|P%",
                         help="Stop when more have failed."),
            click.option("--dry-run", is_flag=True, help="Only count."),
            click.option("--report", type=click.Path(dir_okay=False, path_type=Path),
                         help=f"A JSON line for each {unit}."),
            click.option("--job", default="", metavar="NAME",
                         help="Name of the job. [default: a digest of all of this]"),
        )):  # fmt: skip
            run = option(run)
        return run

    return decorate


def from_option(inputs: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return the option that names the input. ``inputs``: its help."""
    return click.option("--from", "source", required=True, metavar="INPUT", help=inputs)


def run_command(name: str, unit: str, parameters: msgspec.Struct, common: CommonOptions) -> None:
    """Run a command of a batch to its end. Ends the process with status 1 where a unit failed or it was stopped."""
    try:
        settings = load(keys_needed=False)
        logs.configure(settings)
        spec = BatchSpec(
            command=name,
            parameters=msgspec.to_builtins(parameters),
            input=common.source,
            rate=common.rate or 0.0,
            max_errors=ErrorLimit.parse(common.max_errors),
        )
        options = RunOptions(shard=Shard.parse(common.shard), chunk_seconds=common.chunk_seconds, job=common.job)
        failed = asyncio.run(_run(settings, spec, options, unit, common))
    except (BatchUsageError, SettingsError) as error:
        raise click.UsageError(error.detail) from None
    except TooManyErrorsError as error:
        click.echo(f"Error: {error.detail}", err=True)
        raise SystemExit(_FAILED) from None
    except MememimeError as error:
        raise click.ClickException(error.detail) from None
    if failed:
        raise SystemExit(_FAILED)


async def _run(settings: Settings, spec: BatchSpec, options: RunOptions, unit: str, common: CommonOptions) -> bool:
    """Return whether units failed, or the batch was stopped."""
    batch = await prepare(settings, spec, options)
    if common.dry_run:
        items, units = await batch.count()
        counts = {"originals": items} | ({f"{unit}s": units} if unit != "original" else {})
        click.echo(msgspec.json.encode({"job": batch.spec.name, **counts}).decode())
        return False
    if common.engine == "none":
        job_id, is_new = await enqueue(batch)
        click.echo(msgspec.json.encode({"job": batch.spec.name, "id": job_id, "new": is_new}).decode())
        return False
    with contextlib.ExitStack() as stack:
        stream = stack.enter_context(common.report.open("w", encoding="utf-8")) if common.report is not None else None
        progress = stack.enter_context(open_progress(sys.stderr))
        if common.engine == "queue":
            return (await run_queued(batch, progress, stream)).state is not JobState.DONE
        return bool((await run_local(batch, progress, stream)).counts.failed)
