"""``mememime batch twins``: near-duplicates among the originals of each tenant."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncGenerator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

import click

from mememime_proxy.errors import MememimeError, SettingsError
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.migrate import bring_up
from mememime_proxy.resources.database.perceptual_hash import MAX_DISTANCE
from mememime_proxy.resources.maintenance.twins import TwinAsset, TwinPair, Twins, TwinTotals
from mememime_proxy.settings.settings import Settings, load

_LINE = 1000
"""Assets in one line of a report; a larger group has several lines."""


@dataclass(frozen=True, slots=True)
class _Output:
    """Where the findings go."""

    report: TextIO | None
    shows_text: bool
    """Whether groups are written for people, too: standard output is not the report."""

    def write(self, **fields: Any) -> None:
        """Write a line of the report."""
        if self.report is not None:
            self.report.write(json.dumps(fields) + "\n")


@click.command()
@click.option("--distance", type=click.IntRange(0, MAX_DISTANCE), default=6, show_default=True,
              help="Bits of the perceptual hash, of 64, that may differ.")  # fmt: skip
@click.option("--tenant", default="", help="Only this tenant. [default: each by itself]")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path, allow_dash=True), default=None,
              help="Write groups and pairs as JSON lines; - is standard output.")  # fmt: skip
def twins(distance: int, tenant: str, report: Path | None) -> None:
    """Find groups of assets that look alike, by the perceptual hashes in the database.

    Copies in other sizes, formats and qualities are found; mirrored, turned and cropped ones are not.

    Exit status: 0 all were compared, 1 the database failed, 2 invalid usage or settings.
    """
    try:
        settings = load(keys_needed=False)
        with contextlib.ExitStack() as stack:
            output = _Output(None, shows_text=True)
            if report is not None:
                is_stdout = str(report) == "-"
                stream = sys.stdout if is_stdout else stack.enter_context(report.open("w", encoding="utf-8"))
                output = _Output(stream, shows_text=not is_stdout)
            asyncio.run(_run(settings, distance, tenant, output))
    except SettingsError as error:
        raise click.UsageError(error.detail) from None
    except MememimeError as error:
        raise click.ClickException(error.detail) from None


async def _run(settings: Settings, distance: int, tenant: str, output: _Output) -> None:
    if not settings.database_url:
        raise SettingsError("MEMEMIME_DATABASE_URL: found nothing, expected the resource service's database")
    if settings.read_only:
        raise SettingsError("MEMEMIME_READ_ONLY: found true, expected false: a read replica has no temporary tables")
    await bring_up(settings.database_url)
    database = Database(settings.database_url, bounded=False)
    await database.start()
    try:
        search = Twins(database, distance)
        for name in [tenant] if tenant else await search.tenants():
            totals = TwinTotals()
            async with contextlib.aclosing(search.find(name, totals)) as found:
                await _show(name, found, output)
            _show_totals(name, distance, totals, output)
    finally:
        await database.close()


async def _show(tenant: str, found: AsyncGenerator[TwinAsset | TwinPair, None], output: _Output) -> None:
    group: list[TwinAsset] = []

    def end_line() -> None:
        if group:
            assets = [{"sha256": each.sha256} | ({"alias": each.alias} if each.alias else {}) for each in group]
            output.write(event="group", tenant=tenant, group=group[0].group, assets=assets)
            group.clear()

    number = 0
    async for each in found:
        if isinstance(each, TwinPair):
            end_line()
            output.write(event="pair", tenant=tenant, assets=[each.first, each.second], distance=each.distance)
            continue
        if each.group != number or len(group) >= _LINE:
            end_line()
        group.append(each)
        if output.shows_text:
            label = str(each.group) if each.group != number else ""
            click.echo(f"{label:>6}  {each.sha256}  {each.alias}".rstrip())
        number = each.group
    end_line()


def _show_totals(tenant: str, distance: int, totals: TwinTotals, output: _Output) -> None:
    output.write(event="ended", tenant=tenant, distance=distance, **asdict(totals))
    if output.shows_text:
        click.echo(
            f"{tenant}: {totals.grouped} of {totals.assets} assets look alike, in {totals.groups} groups"
            f" (distance up to {distance})"
        )
    if totals.common:
        click.echo(
            f"{tenant}: {totals.common} parts of hashes are common to so many pictures that those were not compared by"
            " them: some pairs may be missing",
            err=True,
        )
