"""``mememime resources``: start the resource service."""

from __future__ import annotations

import click

from mememime_proxy.commands import env_file
from mememime_proxy.resources.app import Resources
from mememime_proxy.service import process


@click.command()
def resources() -> None:
    """Take uploads, name and keep them, as the MEMEMIME_ variables of the environment say."""
    process.run(Resources, env_file.current(), keys_needed=False)
