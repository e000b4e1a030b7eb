"""``mememime reload``: let running services read their settings again."""

from __future__ import annotations

from pathlib import Path

import click

from mememime_proxy.service import sighup
from mememime_proxy.service.sighup import RunningService


@click.command()
@click.argument("pids", metavar="[PID]...", nargs=-1, type=int)
@click.option("--all", "everywhere", is_flag=True, help="Every service of this user on this machine.")
def reload(pids: tuple[int, ...], everywhere: bool) -> None:
    """Send SIGHUP to the services that were started in this folder, or to those with the given process ids.

    A service reads its environment file and the files that its settings name again. Requests in progress end as they
    began. The log says which settings changed and which need a restart, or why the new ones were refused.
    """
    if pids and everywhere:
        raise click.UsageError("either process ids or --all")
    chosen = _chosen(sighup.find(), pids, everywhere)
    failed = False
    for service in chosen:
        if sighup.reload(service):
            click.echo(f"{service.command} (process {service.pid}): signal sent, the result is in its log")
        else:
            failed = True
            click.echo(f"{service.command} (process {service.pid}): no signal sent: it starts or has ended", err=True)
    if failed:
        raise SystemExit(1)


def _chosen(services: list[RunningService], pids: tuple[int, ...], everywhere: bool) -> list[RunningService]:
    if pids:
        if missing := set(pids) - {service.pid for service in services}:
            numbers = ", ".join(map(str, sorted(missing)))
            raise click.ClickException(f"no service of this user has the process id {numbers}")
        return [service for service in services if service.pid in pids]
    if not services:
        raise click.ClickException(
            "no service of this user runs on this machine; one in a container gets the signal by the container's engine"
        )
    try:
        here = Path.cwd()
    except FileNotFoundError:
        raise click.ClickException(
            "the working directory does not exist any more; name process ids, or take --all"
        ) from None
    chosen = [service for service in services if everywhere or service.folder == here]
    if not chosen:
        others = "".join(f"\n  {each.command} (process {each.pid}) in {each.folder}" for each in services)
        raise click.ClickException(f"no service was started in {here}; name one of these, or take --all:{others}")
    return chosen
