"""The option ``--env-file``, which the group adds to every command, and the names of the variables in each help."""

from __future__ import annotations

import enum
import os
from pathlib import Path

import click

from mememime_proxy.service.development import run_file

_META = "mememime.env_file"
_NAMED = "File of environment variables; the environment overrides it."
_FOUND = f"{_NAMED} Default: {run_file.FOLDER / run_file.NAME} or .env, if there is one here."


class EnvFile(enum.Enum):
    """How a command uses a file of environment variables."""

    FOUND = "found"
    """Its variables are added to the environment; without the option, those of a run in this folder."""
    NAMED = "named"
    """Its variables are added to the environment, if the option names it."""
    PATH = "path"
    """The command reads the file that the option names, by ``current()``, as often as it needs."""
    OWN = "own"
    """The command declares the option itself."""


def current() -> str | None:
    """Return the file that ``--env-file`` names for the command that runs."""
    path: str | None = click.get_current_context().meta.get(_META)
    return path


def add_option(command: click.Command, use: EnvFile) -> click.Command:
    """Add ``--env-file`` to a command, or to each command of a group, and the variables to the help of options."""
    if isinstance(command, click.Group):
        for each in command.commands.values():
            add_option(each, use)
        return command
    for param in command.params:
        if isinstance(param, click.Option) and param.envvar:
            param.show_envvar = True
    if use is not EnvFile.OWN and not any(param.name == "env_file" for param in command.params):
        command.params.append(_option(use))
    return command


def _option(use: EnvFile) -> click.Option:
    def callback(context: click.Context, _param: click.Parameter, value: str | None) -> None:
        context.meta[_META] = value
        if context.resilient_parsing or use is EnvFile.PATH:
            return
        named = value or _named_by_variable()
        found = run_file.find() if use is EnvFile.FOUND and not named else None
        if named or found:
            _add_to_environment(context, named, found)

    return click.Option(
        ["--env-file"],
        type=click.Path(exists=True, dir_okay=False, readable=True),
        expose_value=False,
        is_eager=True,  # before the options whose defaults are variables
        callback=callback,
        help=_FOUND if use is EnvFile.FOUND else _NAMED,
    )


def _named_by_variable() -> str:
    return os.environ.get("MEMEMIME_ENV_LOCAL_FILE_PATH") or os.environ.get("IMGPROXY_ENV_LOCAL_FILE_PATH") or ""


def _add_to_environment(context: click.Context, named: str, found: Path | None) -> None:
    """Add the variables of a file to this process's environment until the command ends."""
    before = dict(os.environ)
    if found is not None:
        from dotenv import dotenv_values  # noqa: PLC0415 - a site that only signs need not have it

        values = {name: value for name, value in dotenv_values(found, interpolate=False).items() if value is not None}
        after = run_file.merge(values, before)
        if len(after) > len(before):
            click.echo(f"Settings from {found}", err=True)
    else:
        from mememime_proxy.errors import SettingsError  # noqa: PLC0415
        from mememime_proxy.settings.environment import with_file  # noqa: PLC0415 - pydantic takes time to load

        try:
            after = with_file(before, named)
        except SettingsError as error:
            raise click.ClickException(error.detail) from None

    def restore() -> None:
        os.environ.clear()
        os.environ.update(before)

    context.call_on_close(restore)
    os.environ.update(after)
