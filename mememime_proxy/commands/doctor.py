"""``mememime doctor``: a check of this installation with its settings."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os

import click

from mememime_proxy import __version__
from mememime_proxy.doctor.examination import examine
from mememime_proxy.doctor.findings import Finding, State
from mememime_proxy.errors import SettingsError
from mememime_proxy.service import logs
from mememime_proxy.settings.environment import with_file
from mememime_proxy.settings.settings import Settings

_MARKS = {
    State.OK: click.style("ok   ", fg="green"),
    State.NOTE: click.style("note ", fg="yellow"),
    State.WRONG: click.style("WRONG", fg="red"),
}


@click.command()
@click.option("--proxy", "services", flag_value="proxy", multiple=True, help="Check the proxy.")
@click.option("--resources", "services", flag_value="resources", multiple=True, help="Check the resource service.")
@click.option("--nginx", type=click.Path(), default="", help="Also check this file of `mememime nginx-config`.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def doctor(services: tuple[str, ...], nginx: str, as_json: bool) -> None:
    """Check everything that the services of this environment need, before or while they run.

    Without --proxy and --resources, the services whose settings are there are checked: the proxy where there are
    signing keys (MEMEMIME_KEY), the resource service where there is a database (MEMEMIME_DATABASE_URL).

    Exit status: 0 nothing is wrong (there may be notes), 1 something is.
    """
    try:
        variables = with_file(os.environ)
    except SettingsError as error:
        raise click.ClickException(error.detail) from None
    logs.configure(Settings(log_level="error"))  # what the parts log is a finding, too
    findings = asyncio.run(_examine(variables, services, nginx, show=not as_json))
    count = {state: sum(finding.state is state for finding in findings) for state in State}
    if as_json:
        report = {
            "version": __version__,
            "healthy": not count[State.WRONG],
            "counts": count,
            "findings": [dataclasses.asdict(finding) for finding in findings],
        }
        click.echo(json.dumps(report, indent=2))
    else:
        click.echo(f"{count[State.WRONG]} wrong, {count[State.NOTE]} notes, {count[State.OK]} ok")
    if count[State.WRONG]:
        raise SystemExit(1)


async def _examine(variables: dict[str, str], services: tuple[str, ...], nginx: str, *, show: bool) -> list[Finding]:
    findings = []
    async for finding in examine(variables, services=services, nginx=nginx):
        findings.append(finding)
        if show:
            click.echo(f"{_MARKS[finding.state]}  {finding.subject:<38} {finding.detail}")
    return findings
