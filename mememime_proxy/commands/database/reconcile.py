"""``mememime reconcile``: compare the database with the storage and repair differences."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import click

from mememime_proxy.errors import DatabaseError, MememimeError, SettingsError
from mememime_proxy.resources.database.engine import now
from mememime_proxy.resources.maintenance.differences import Difference, Report
from mememime_proxy.resources.maintenance.reconcile import Reconciler
from mememime_proxy.resources.parts import open_backend
from mememime_proxy.settings.settings import Settings, load

_DIFFERENT, _UNREACHABLE = 1, 3
_SHARE_EXCEEDED = (
    "No asset was repaired: so many differ that this may be the storage of another service, or an old backup of the"
    " database. Use --force to repair them."
)


async def run(settings: Settings, *, repair: bool, grace: float | None, force: bool, show: Any) -> Report:
    """Compare the database and the storage of the settings once. Raises DatabaseError, SettingsError, StorageError."""
    async with open_backend(settings, "a repair") as backend:
        reconciler = Reconciler(
            backend.database,
            backend.storage,
            now,
            int(1000 * (settings.orphan_grace if grace is None else grace)),
            backend.outbox,
            repair=repair,
            force=force,
            on_difference=show,
        )
        return await reconciler.run()


@click.command()
@click.option("--dry-run", is_flag=True, help="Change nothing.")
@click.option("--grace", type=click.FloatRange(0), metavar="SECONDS",
              help="Replaces ORPHAN_GRACE; use a small value only while the service is stopped.")  # fmt: skip
@click.option("--force", is_flag=True, help="Repair also where a large share of all assets differs.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print a JSON object for each difference, and one for the totals."
)
def reconcile(dry_run: bool, grace: float | None, force: bool, as_json: bool) -> None:
    """Delete objects without a row, and quarantine assets whose bytes are missing.

    Exit status: 0 no difference remains, 1 differences remain, 2 invalid usage or settings, 3 the database or the
    storage cannot be reached.
    """

    def show(difference: Difference) -> None:
        if as_json:
            click.echo(json.dumps({"kind": difference.kind, "key": difference.key, "repaired": difference.repaired}))
        else:
            click.echo(f"{'repaired' if difference.repaired else 'found   '}  {difference.kind}: {difference.key}")

    try:
        settings = load(keys_needed=False)
        report = asyncio.run(run(settings, repair=not dry_run, grace=grace, force=force, show=show))
    except SettingsError as error:
        raise click.UsageError(error.detail) from None
    except (DatabaseError, MememimeError) as error:
        click.echo(f"Error: {error.detail}", err=True)
        raise SystemExit(_UNREACHABLE) from None
    if as_json:
        click.echo(json.dumps(_totals(report)))
    else:
        click.echo(
            f"{report.rows} rows, {report.objects} objects: {report.differences.total()} differences,"
            f" {report.remaining} remaining ({report.in_grace_period} in the grace period,"
            f" {report.foreign_objects} foreign objects)"
        )
    if report.share_exceeded:
        click.echo(_SHARE_EXCEEDED, err=True)
    if report.remaining:
        raise SystemExit(_DIFFERENT)


def _totals(report: Report) -> dict[str, Any]:
    return {
        "rows": report.rows,
        "objects": report.objects,
        "in_grace_period": report.in_grace_period,
        "foreign_objects": report.foreign_objects,
        "differences": dict(report.differences),
        "remaining": report.remaining,
    }
