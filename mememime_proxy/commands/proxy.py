"""``mememime proxy``: start the service."""

from __future__ import annotations

import click

from mememime_proxy.proxy.app import Proxy
from mememime_proxy.service import process


@click.command()
@click.option("--env-file", type=click.Path(), help="File of environment variables; the environment overrides it.")
def proxy(env_file: str | None) -> None:
    """Serve pictures as the MEMEMIME_ variables of the environment say (see `mememime settings`)."""
    process.run(Proxy, env_file)
