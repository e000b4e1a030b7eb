"""The command ``mememime``."""

from __future__ import annotations

import importlib

import click

from mememime_proxy import __version__

_COMMANDS = {
    "proxy": ("mememime_proxy.proxy.commands", "proxy"),
    "resources": ("mememime_proxy.resources.commands", "resources"),
    "reconcile": ("mememime_proxy.resources.reconcile_command", "reconcile"),
    "migrate": ("mememime_proxy.resources.migrate_command", "migrate"),
    "upload": ("mememime_proxy.client.commands", "upload"),
    "verify": ("mememime_proxy.client.commands", "verify"),
    "serve": ("mememime_proxy.serve", "serve"),
    "sign": ("mememime_proxy.urls.commands", "sign"),
    "purge": ("mememime_proxy.proxy.purge_command", "purge"),
    "demo": ("mememime_proxy.demo", "demo"),
    "formats": ("mememime_proxy.commands", "formats"),
    "settings": ("mememime_proxy.reference", "settings_command"),
    "nginx-config": ("mememime_proxy.cdn.commands", "nginx_config"),
    "doctor": ("mememime_proxy.doctor", "doctor"),
    "health": ("mememime_proxy.health", "health"),
}


class _Lazy(click.Group):
    """A group that imports a command when it is used: ``mememime sign`` needs no web server."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.command(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mememime")
def main() -> None:
    """Mememime: a signed URL in an <img src>, the right picture back."""


if __name__ == "__main__":
    main()
