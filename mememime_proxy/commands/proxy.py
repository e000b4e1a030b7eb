"""``mememime proxy``: start the service."""

from __future__ import annotations

from functools import partial

import click

from mememime_proxy.commands import env_file
from mememime_proxy.explain.explanation import explain
from mememime_proxy.proxy.app import Proxy
from mememime_proxy.service import process


@click.command()
def proxy() -> None:
    """Serve pictures as the MEMEMIME_ variables of the environment say (see `mememime settings`)."""
    process.run(partial(Proxy, explain=explain), env_file.current())
