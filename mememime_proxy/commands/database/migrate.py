"""``mememime migrate``: bring the resource service's database to today's tables."""

from __future__ import annotations

import asyncio

import click

from mememime_proxy.errors import MememimeError, SettingsError
from mememime_proxy.resources.database.migrate import bring_up
from mememime_proxy.settings.checks import check_writes
from mememime_proxy.settings.settings import load


@click.command()
def migrate() -> None:
    """Bring the database of MEMEMIME_DATABASE_URL to today's tables. The service does so itself when it starts."""
    try:
        settings = load(keys_needed=False)
        check_writes(settings, "a migration")
        url = settings.database_url
        if not url:
            raise SettingsError("MEMEMIME_DATABASE_URL: found nothing, expected a database")
        click.echo(f"The database is at step {asyncio.run(bring_up(url))}.")
    except MememimeError as error:
        raise click.ClickException(error.detail) from None
