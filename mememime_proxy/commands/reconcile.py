"""``mememime reconcile``: hold database and storage against each other, and put right what differs."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

import click

from mememime_proxy.errors import DatabaseError, MememimeError, SettingsError
from mememime_proxy.resources.context import now
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.maintenance.differences import Difference, Report
from mememime_proxy.resources.maintenance.reconcile import Reconciler
from mememime_proxy.settings import sections
from mememime_proxy.settings.environment import with_file
from mememime_proxy.settings.settings import Settings, load
from mememime_proxy.storage.registry import Storages

_DIFFERENT, _UNREACHABLE = 1, 3
_TOO_MANY = (
    "Nothing was done about lost assets: they are so many that this may be another service's storage, or an old backup"
    " of the database. --force does it."
)


async def run(settings: Settings, *, mend: bool, grace: float | None, force: bool, show: Any) -> Report:
    """One run with the database and the storage that the settings name."""
    if not settings.database_url:
        raise SettingsError("MEMEMIME_DATABASE_URL: found nothing, expected the resource service's database")
    storages, database = Storages(sections.storages_config(settings)), Database(settings.database_url)
    await storages.start()
    try:
        storage = storages.assets()
        if storage is None:
            raise SettingsError("MEMEMIME_ASSETS_STORAGE: found nothing, expected the resource service's storage")
        await database.start()
        try:
            milliseconds = int(1000 * (settings.orphan_grace if grace is None else grace))
            it = Reconciler(database, storage, now, milliseconds, mend=mend, force=force, on_difference=show)
            return await it.run()
        finally:
            await database.close()
    finally:
        await storages.close()


@click.command()
@click.option("--dry-run", is_flag=True, help="Change nothing.")
@click.option("--grace", type=click.FloatRange(0), metavar="SECONDS",
              help="In place of ORPHAN_GRACE; small ones only while the service is stopped.")  # fmt: skip
@click.option("--force", is_flag=True, help="Also where a large share of all assets seems to be lost or nobody's.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object for each difference, and one for the whole.")
@click.option("--env-file", type=click.Path(), help="A file of variables; the environment wins over it.")
def reconcile(dry_run: bool, grace: float | None, force: bool, as_json: bool, env_file: str | None) -> None:
    """Delete objects that no row knows, and take assets out of service whose bytes are not there.

    Exit status: 0 nothing is left that differs, 1 something is, 2 wrong usage or settings, 3 the database or the
    storage cannot be reached.
    """

    def show(difference: Difference) -> None:
        if as_json:
            click.echo(json.dumps({"kind": difference.kind, "key": difference.key, "mended": difference.mended}))
        else:
            click.echo(f"{'mended' if difference.mended else 'found '}  {difference.kind}: {difference.key}")

    try:
        settings = load(with_file(os.environ, env_file), keys_needed=False)
        report = asyncio.run(run(settings, mend=not dry_run, grace=grace, force=force, show=show))
    except SettingsError as error:
        raise click.UsageError(error.detail) from None
    except (DatabaseError, MememimeError) as error:
        click.echo(f"Error: {error.detail}", err=True)
        raise SystemExit(_UNREACHABLE) from None
    if as_json:
        click.echo(json.dumps(_account(report)))
    else:
        click.echo(
            f"{report.rows} rows, {report.objects} objects: {report.found.total()} differences, {report.left} left"
            f" ({report.young} too young to judge, {report.strangers} objects of others)"
        )
    if report.too_many:
        click.echo(_TOO_MANY, err=True)
    if report.left:
        raise SystemExit(_DIFFERENT)


def _account(report: Report) -> dict[str, Any]:
    return {
        "rows": report.rows,
        "objects": report.objects,
        "young": report.young,
        "strangers": report.strangers,
        "found": dict(report.found),
        "left": report.left,
    }
