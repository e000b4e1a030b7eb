"""``mememime resources``: start the resource service."""

from __future__ import annotations

from functools import partial

import click

from mememime_proxy.batch.prerender import prerender_jobs
from mememime_proxy.commands import env_file
from mememime_proxy.resources.app import Resources
from mememime_proxy.service import process


@click.command()
def resources() -> None:
    """Take uploads, name and keep them, as the MEMEMIME_ variables of the environment say."""
    process.run(partial(Resources, job_of_uploads=prerender_jobs), env_file.current(), keys_needed=False)
