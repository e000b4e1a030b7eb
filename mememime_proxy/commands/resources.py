"""``mememime resources``: start the resource service."""

from __future__ import annotations

import click

from mememime_proxy.resources.app import Resources
from mememime_proxy.service import process


@click.command()
@click.option("--env-file", type=click.Path(), help="File of environment variables; the environment overrides it.")
def resources(env_file: str | None) -> None:
    """Take uploads, name and keep them, as the MEMEMIME_ variables of the environment say."""
    process.run(Resources, env_file, keys_needed=False)
