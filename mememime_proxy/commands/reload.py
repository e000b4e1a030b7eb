"""``mememime reload``: let running services read their settings again."""

from __future__ import annotations

import click

from mememime_proxy.service import sighup


@click.command()
@click.argument("pids", metavar="[PID]...", nargs=-1, type=int)
def reload(pids: tuple[int, ...]) -> None:
    """Send SIGHUP to the services that this user runs on this machine, or to those with the given process ids.

    A service reads its environment file and the files that its settings name again. Requests in progress end as they
    began. The log says which settings changed and which need a restart, or why the new ones were refused.
    """
    services = sighup.find()
    missing = set(pids) - {service.pid for service in services}
    if missing:
        raise click.ClickException(f"no service of this user has the process id {', '.join(map(str, sorted(missing)))}")
    chosen = [service for service in services if not pids or service.pid in pids]
    if not chosen:
        raise click.ClickException(
            "no service of this user runs on this machine; one in a container gets the signal by the container's engine"
        )
    failed = False
    for service in chosen:
        if sighup.reload(service):
            click.echo(f"{service.command} (process {service.pid}): signal sent, the result is in its log")
        else:
            failed = True
            click.echo(f"{service.command} (process {service.pid}): no signal sent: it starts or has ended", err=True)
    if failed:
        raise SystemExit(1)
