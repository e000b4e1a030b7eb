"""``mememime resources``: start the resource service."""

from __future__ import annotations

import asyncio
import os

import click
import structlog
import uvloop

from mememime_proxy import logs
from mememime_proxy.environment import unknown, with_file
from mememime_proxy.errors import MememimeError, SettingsError
from mememime_proxy.resources import app
from mememime_proxy.settings import Settings, load


@click.command()
@click.option("--env-file", type=click.Path(), help="A file of variables; the environment wins over it.")
def resources(env_file: str | None) -> None:
    """Take uploads, name and keep them, as the MEMEMIME_ variables of the environment say."""
    try:
        variables = with_file(os.environ, env_file)
        settings = load(variables, keys_needed=False)
        logs.configure(settings)
        for name, near in unknown(Settings, variables).items():
            structlog.get_logger().warning("variable is not used", variable=name, **({"meant": near} if near else {}))
        uvloop.run(app.serve(settings))
    except SettingsError as error:
        raise click.ClickException(f"the settings are wrong:\n{error.detail}") from None
    except MememimeError as error:
        raise click.ClickException(error.detail) from None
    except OSError as error:
        raise click.ClickException(f"cannot listen: {error.strerror or error}") from None
    except asyncio.CancelledError:
        raise SystemExit(1) from None
