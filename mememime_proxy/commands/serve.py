"""``mememime serve``: the proxy, the resource service and a worker of jobs in one environment, for development."""

from __future__ import annotations

import asyncio
import secrets
import shlex
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from http import HTTPStatus
from pathlib import Path

import click

from mememime_proxy.commands import next_steps
from mememime_proxy.errors import MememimeError
from mememime_proxy.service import logs
from mememime_proxy.service.development import run_file
from mememime_proxy.service.development.environment import DevEnvironment, prepare, write_service_files
from mememime_proxy.service.development.supervisor import ServiceProcess, StartError, supervise
from mememime_proxy.service.health import request_health
from mememime_proxy.service.tokens import SIGN_IN_SCOPE, Tokens
from mememime_proxy.settings.settings import Settings

_STOP_MARGIN = 5.0
"""Seconds on top of GRACEFUL_STOP_TIMEOUT until a service that was sent SIGTERM is killed."""
_PROBE_TIMEOUT = 1.0


def run(
    prepare_environment: Callable[[DevEnvironment | None], DevEnvironment],
    on_ready: Callable[[DevEnvironment], Awaitable[None]],
) -> None:
    """Run all services in the environment that ``prepare_environment`` returns, until a signal.

    At SIGHUP it is called again, with the environment in which they run.
    Raises click.ClickException where they cannot be started.
    """
    try:
        environment = prepare_environment(None)
        settings = environment.settings
        logs.configure(settings)
        services = [
            ServiceProcess(
                command,
                variables,
                # A worker of jobs has no address: it runs, or it is started again.
                (lambda: True) if command == "work" else partial(_is_ready, settings, resources=command == "resources"),
                settings.graceful_stop_timeout + _STOP_MARGIN,
            )
            for command, variables in write_service_files(environment).items()
        ]

        async def announce() -> None:
            run_file.write(environment.run_file.parent, environment.proxy)
            await on_ready(environment)

        def prepare_reload() -> None:
            new = prepare_environment(environment)
            write_service_files(new)
            run_file.write(new.run_file.parent, new.proxy)

        asyncio.run(supervise(services, announce, prepare_reload))
    except MememimeError as error:
        raise click.ClickException(error.detail) from None
    except StartError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"cannot start: {error.strerror or error}") from None


def _is_ready(settings: Settings, *, resources: bool) -> bool:
    try:
        return request_health(settings, ready=True, timeout=_PROBE_TIMEOUT, resources=resources) == HTTPStatus.OK
    except OSError:
        return False


@click.command()
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=".mememime",
    show_default=True,
    help="Default folder of assets and the database.",
)
@click.option(
    "--env-file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=".env",
    show_default=True,
    help="File of environment variables; missing keys are generated and added. The environment overrides it.",
)
def serve(folder: Path, env_file: Path) -> None:
    """Run proxy, resource service and a worker of jobs, for development. Variables that are not set get a default."""

    async def on_ready(environment: DevEnvironment) -> None:
        click.echo(f"pictures: {environment.proxy_url or environment.settings.bind}")
        click.echo(f"uploads:  {environment.resources_url}")
        click.echo(f"console:  {sign_in_link(environment)}")
        announce_next_steps(environment)

    run(lambda former: prepare(folder, env_file, former=former), on_ready)


def sign_in_link(environment: DevEnvironment) -> str:
    """Return the address of the console, with a token that signs in once, from this machine.

    It stands behind the number sign, which browsers send to nobody.
    """
    token = Tokens(environment.settings.token_key, SIGN_IN_SCOPE).issue({"id": secrets.token_hex(16)})
    return f"{environment.resources_url}/console/#sign-in={token}"


def announce_next_steps(environment: DevEnvironment, commands: Sequence[Sequence[str]] = ()) -> None:
    """Print where keys and data are, and commands for another shell, each of which works as it stands.

    ``commands``: words of commands that come first.
    """
    folder = environment.run_file.parent
    click.echo(f"keys:     {environment.env_file.resolve()}\ndata:     {folder}")
    click.echo(f"\nIn another shell:\n\n  cd {shlex.quote(str(Path.cwd()))}")
    for words in (*commands, ("alias", "list"), ("keys", "show"), ("doctor",)):
        click.echo(f"  {next_steps.command(*words, *run_option(environment))}")
    click.echo(f"  {next_steps.command('--help')}")


def run_option(environment: DevEnvironment) -> list[str]:
    """Return the option by which commands find this run; empty where they find it themselves."""
    path, here = environment.run_file, Path.cwd()
    if path.parent == here / run_file.FOLDER:
        return []
    return ["--env-file", str(path.relative_to(here) if path.is_relative_to(here) else path)]
