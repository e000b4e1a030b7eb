"""The command ``mememime``: a group that imports a command when it is used."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass

import click

from mememime_proxy import __version__
from mememime_proxy.commands.env_file import EnvFile, add_option
from mememime_proxy.errors import missing_extra


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandEntry:
    """A command of the group."""

    module: str
    """Its last part is the command's name there."""
    summary: str
    """One line for the list of commands, so that the list imports none of them."""
    extra: str = ""
    """The extra that it needs."""
    env_file: EnvFile = EnvFile.FOUND
    variables: str = ""
    """The variables that it reads besides those of its options; shown in its help."""


_SETTINGS = "every setting; `mememime settings` lists them"
_SERVICE = "MEMEMIME_RESOURCES_URL, MEMEMIME_RESOURCES_API_KEY"
_DATABASE = "MEMEMIME_DATABASE_URL"

SECTIONS: dict[str, dict[str, CommandEntry]] = {
    "Try it": {
        "demo": CommandEntry(
            module="mememime_proxy.commands.demo",
            summary="Start both services with sample pictures.",
            extra="server",
            env_file=EnvFile.OWN,
            variables=_SETTINGS,
        ),
        "serve": CommandEntry(
            module="mememime_proxy.commands.serve",
            summary="Start both services, for development.",
            extra="resources",
            env_file=EnvFile.OWN,
            variables=_SETTINGS,
        ),
    },
    "URLs": {
        "sign": CommandEntry(
            module="mememime_proxy.commands.urls.sign",
            summary="Print signed URLs.",
            variables="MEMEMIME_BASE_URL, MEMEMIME_URL_REPLACEMENTS, MEMEMIME_LOCAL_FILESYSTEM_ROOT",
        ),
        "explain": CommandEntry(
            module="mememime_proxy.commands.urls.explain",
            summary="Say what a URL means, or why it is refused.",
            variables=_SETTINGS,
        ),
        "purge": CommandEntry(
            module="mememime_proxy.commands.urls.purge", summary="Remove every variant of a source from all caches."
        ),
    },
    "Uploads and names": {
        "upload": CommandEntry(
            module="mememime_proxy.commands.client.upload",
            summary="Upload folders, files and buckets.",
            extra="client",
            variables="MEMEMIME_KEY and MEMEMIME_SALT for the URLs of --output",
        ),
        "verify": CommandEntry(
            module="mememime_proxy.commands.client.verify", summary="Compare files with the service.", extra="client"
        ),
        "alias": CommandEntry(
            module="mememime_proxy.commands.client.alias", summary="List, set, move, roll back and delete aliases."
        ),
        "assets": CommandEntry(
            module="mememime_proxy.commands.client.assets", summary="List, compare, get, delete and restore originals."
        ),
    },
    "Secrets": {
        "keys": CommandEntry(
            module="mememime_proxy.commands.credentials.keys",
            summary="Make and rotate keys and salts; API keys.",
            variables="MEMEMIME_KEY, MEMEMIME_SALT, MEMEMIME_TOKEN_KEY, MEMEMIME_PURGE_KEY,"
            " MEMEMIME_SOURCE_URL_ENCRYPTION_KEY",
        ),
        "tokens": CommandEntry(
            module="mememime_proxy.commands.credentials.tokens",
            summary="Make and decode upload and purge tokens.",
            variables="MEMEMIME_TOKEN_KEY, MEMEMIME_PURGE_KEY",
        ),
    },
    "Services": {
        "proxy": CommandEntry(
            module="mememime_proxy.commands.proxy",
            summary="Serve pictures.",
            env_file=EnvFile.PATH,
            variables=_SETTINGS,
        ),
        "resources": CommandEntry(
            module="mememime_proxy.commands.resources",
            summary="Take uploads, name and keep them.",
            extra="resources",
            env_file=EnvFile.PATH,
            variables=_SETTINGS,
        ),
        "work": CommandEntry(
            module="mememime_proxy.commands.jobs.work",
            summary="Run jobs.",
            extra="resources",
            env_file=EnvFile.PATH,
            variables=_SETTINGS,
        ),
        "health": CommandEntry(
            module="mememime_proxy.commands.health",
            summary="Ask whether a service is healthy.",
            variables="MEMEMIME_BIND, MEMEMIME_NETWORK, MEMEMIME_PATH_PREFIX, MEMEMIME_RESOURCES_BIND",
        ),
        "reload": CommandEntry(
            module="mememime_proxy.commands.reload",
            summary="Let running services read their settings again.",
            env_file=EnvFile.NAMED,
        ),
        "doctor": CommandEntry(
            module="mememime_proxy.commands.doctor",
            summary="Check this installation and its settings.",
            variables=_SETTINGS,
        ),
    },
    "Operation": {
        "batch": CommandEntry(
            module="mememime_proxy.commands.jobs.batch",
            summary="Render many pictures at once.",
            extra="resources",
            variables=_SETTINGS,
        ),
        "settings": CommandEntry(
            module="mememime_proxy.commands.settings",
            summary="List all settings and their values.",
            variables=_SETTINGS,
        ),
        "options": CommandEntry(
            module="mememime_proxy.commands.urls.options",
            summary="List the options of URLs.",
            env_file=EnvFile.NAMED,
        ),
        "formats": CommandEntry(
            module="mememime_proxy.commands.formats",
            summary="List formats, and what reads and writes them.",
            env_file=EnvFile.NAMED,
        ),
        "capacity": CommandEntry(
            module="mememime_proxy.commands.capacity",
            summary="Say what a load needs and costs.",
            variables=_SETTINGS,
        ),
        "nginx-config": CommandEntry(
            module="mememime_proxy.commands.nginx_config",
            summary="Print a configuration of NGINX.",
            variables=_SETTINGS,
        ),
        "migrate": CommandEntry(
            module="mememime_proxy.commands.database.migrate",
            summary="Bring the database to today's tables.",
            extra="resources",
            env_file=EnvFile.NAMED,
            variables=_DATABASE,
        ),
        "reconcile": CommandEntry(
            module="mememime_proxy.commands.database.reconcile",
            summary="Compare database and storage, and repair.",
            extra="resources",
            env_file=EnvFile.NAMED,
            variables=f"{_DATABASE}, MEMEMIME_ASSETS_STORAGE and those of its storage",
        ),
    },
}
"""The commands, as `mememime --help` shows them."""
COMMANDS = {name: entry for section in SECTIONS.values() for name, entry in section.items()}

EXTRA_MODULES = {
    "resources": ("aiosqlite", "alembic", "confusable_homoglyphs", "http_sf", "pgqueuer", "sqlalchemy"),
    "client": ("confusable_homoglyphs", "rich"),
}
EXTRA_MODULES["server"] = tuple({*EXTRA_MODULES["resources"], *EXTRA_MODULES["client"]})
"""The modules that an extra installs."""


def _is_installed(extra: str) -> bool:
    return not extra or all(map(importlib.util.find_spec, EXTRA_MODULES[extra]))


class _LazyGroup(click.Group):
    """Group of commands that imports only the one that is used: ``mememime sign`` needs no web server."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        if not _is_installed(entry.extra):
            return _unavailable(cmd_name, entry.extra)
        module = importlib.import_module(entry.module)
        command: click.Command = getattr(module, entry.module.rpartition(".")[2])
        if entry.variables:
            command.epilog = f"Variables: {entry.variables}."
        return add_option(command, entry.env_file)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by sections, and import none of them."""
        for title, entries in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl(
                    [
                        (name, entry.summary if _is_installed(entry.extra) else f"(extra {entry.extra})")
                        for name, entry in entries.items()
                    ]
                )


def _unavailable(name: str, extra: str) -> click.Command:
    """Return a command that only says which extra it needs, so that the list of commands stays complete."""
    text = str(missing_extra(f"mememime {name}", extra))

    def fail() -> None:
        raise click.ClickException(text)

    arguments = {"ignore_unknown_options": True, "allow_extra_args": True}
    return click.Command(name, context_settings=arguments, callback=fail, help=text)


@click.command(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="First steps: `mememime demo`. What a command takes: `mememime COMMAND --help`.",
)
@click.version_option(__version__, prog_name="mememime")
def main() -> None:
    """Mememime: a signed URL in an <img src>, the right picture back."""


if __name__ == "__main__":
    main()
