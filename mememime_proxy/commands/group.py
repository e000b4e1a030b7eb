"""The command ``mememime``."""

from __future__ import annotations

import importlib

import click

from mememime_proxy import __version__

_COMMANDS = {
    "proxy": ("mememime_proxy.commands.proxy", "proxy"),
    "resources": ("mememime_proxy.commands.resources", "resources"),
    "reconcile": ("mememime_proxy.commands.reconcile", "reconcile"),
    "migrate": ("mememime_proxy.commands.migrate", "migrate"),
    "upload": ("mememime_proxy.commands.upload", "upload"),
    "verify": ("mememime_proxy.commands.upload", "verify"),
    "serve": ("mememime_proxy.commands.serve", "serve"),
    "sign": ("mememime_proxy.commands.sign", "sign"),
    "purge": ("mememime_proxy.commands.purge", "purge"),
    "demo": ("mememime_proxy.commands.demo", "demo"),
    "formats": ("mememime_proxy.commands.formats", "formats"),
    "settings": ("mememime_proxy.settings.reference", "settings_command"),
    "nginx-config": ("mememime_proxy.commands.nginx_config", "nginx_config"),
    "doctor": ("mememime_proxy.commands.doctor", "doctor"),
    "health": ("mememime_proxy.commands.health", "health"),
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
