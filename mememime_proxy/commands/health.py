"""``mememime health``: ask whether the service of this environment is healthy, for a container's health check."""

from __future__ import annotations

from http import HTTPStatus

import click

from mememime_proxy.errors import SettingsError
from mememime_proxy.service.health import container_service, request_health
from mememime_proxy.settings.settings import load


@click.command()
@click.option("--ready", is_flag=True, help="Check /ready (requests are accepted) in place of /health.")
@click.option(
    "--proxy/--resources",
    "proxy",
    default=None,
    help="The service; default: the one that this container runs, outside of a container the proxy.",
)
@click.option("--timeout", default=4.0, show_default=True, help="Seconds to wait.")
def health(ready: bool, proxy: bool | None, timeout: float) -> None:
    """Ask the service that this environment starts whether it is healthy; fail unless it answers 200.

    A worker of jobs has no address: it ends where it cannot go on, so that in its container this always succeeds.
    """
    service = container_service() if proxy is None else ""
    if service == "work":
        click.echo("running")
        return
    resources = service == "resources" if proxy is None else not proxy
    try:
        settings = load(keys_needed=not resources)
        status = request_health(settings, ready=ready, timeout=timeout, resources=resources)
    except SettingsError as error:
        raise click.ClickException(f"the settings are wrong:\n{error.detail}") from None
    except OSError as error:
        raise click.ClickException(f"no answer: {error.strerror or error}") from None
    if status != HTTPStatus.OK:
        raise click.ClickException(f"found the status {status}, expected 200")
    click.echo("ready" if ready else "healthy")
