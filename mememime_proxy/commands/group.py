"""The command ``mememime``: a group that imports a command when it is used."""

from __future__ import annotations

import importlib
import importlib.util

import click

from mememime_proxy import __version__
from mememime_proxy.errors import missing_extra

_COMMANDS = {
    "proxy": "mememime_proxy.commands.proxy:proxy",
    "resources": "mememime_proxy.commands.resources:resources",
    "reconcile": "mememime_proxy.commands.reconcile:reconcile",
    "migrate": "mememime_proxy.commands.migrate:migrate",
    "upload": "mememime_proxy.commands.client.upload:upload",
    "verify": "mememime_proxy.commands.client.verify:verify",
    "serve": "mememime_proxy.commands.serve:serve",
    "sign": "mememime_proxy.commands.sign:sign",
    "purge": "mememime_proxy.commands.purge:purge",
    "demo": "mememime_proxy.commands.demo:demo",
    "formats": "mememime_proxy.commands.formats:formats",
    "settings": "mememime_proxy.commands.settings:settings",
    "nginx-config": "mememime_proxy.commands.nginx_config:nginx_config",
    "doctor": "mememime_proxy.commands.doctor:doctor",
    "health": "mememime_proxy.commands.health:health",
}
_EXTRAS = {
    "resources": "resources",
    "reconcile": "resources",
    "migrate": "resources",
    "serve": "resources",
    "upload": "client",
    "verify": "client",
    "demo": "server",
}
"""The extra that a command needs."""
EXTRA_MODULES = {
    "resources": ("aiosqlite", "alembic", "confusable_homoglyphs", "http_sf", "sqlalchemy"),
    "client": ("rich",),
}
EXTRA_MODULES["server"] = EXTRA_MODULES["resources"] + EXTRA_MODULES["client"]
"""The modules that an extra installs."""


class _LazyGroup(click.Group):
    """Group of commands that imports only the one that is used: ``mememime sign`` needs no web server."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        extra = _EXTRAS.get(cmd_name)
        if extra and not all(map(importlib.util.find_spec, EXTRA_MODULES[extra])):
            return _unavailable(cmd_name, extra)
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


def _unavailable(name: str, extra: str) -> click.Command:
    """Return a command that only says which extra it needs, so that the list of commands stays complete."""
    text = str(missing_extra(f"mememime {name}", extra))

    def fail() -> None:
        raise click.ClickException(text)

    arguments = {"ignore_unknown_options": True, "allow_extra_args": True}
    return click.Command(name, context_settings=arguments, callback=fail, help=text, short_help=f"(extra {extra})")


@click.command(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mememime")
def main() -> None:
    """Mememime: a signed URL in an <img src>, the right picture back."""


if __name__ == "__main__":
    main()
