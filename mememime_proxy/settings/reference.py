"""The reference of the settings: docs/settings.md and the command ``mememime settings``.

``python -m mememime_proxy.settings.reference`` writes the page.
"""

from __future__ import annotations

import os
from pathlib import Path

import click
from pydantic.fields import FieldInfo

from mememime_proxy.settings.environment import PREFIXES, expected, is_secret, variable
from mememime_proxy.settings.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"

_SETTINGS_HEAD = """# Settings

Every setting is an environment variable. The same name with the prefix `IMGPROXY_` is read where ours is not set, so an
environment file written for imgproxy works as it is. A file of variables can be named by `--env-file` or
`MEMEMIME_ENV_LOCAL_FILE_PATH`; the environment wins over it. A wrong value stops the start with a message that names
the variable, what was found and what is expected. `mememime settings` prints this list, `mememime doctor` checks an
installation.

Booleans are `true` or `false` (also `1`, `t`, `0`, `f`), times are whole seconds, lists are separated by commas.
"""


def section(info: FieldInfo) -> str:
    """The heading that a setting stands under."""
    extra = info.json_schema_extra
    return str(extra["section"]) if isinstance(extra, dict) else ""


def default_text(info: FieldInfo) -> str:
    """A setting's default as one would write it in the environment."""
    return env_text(info, info.default)


def env_text(info: FieldInfo, value: object) -> str:  # noqa: PLR0911 - one return a type
    """A setting's value as one would write it in the environment; '' for none."""
    kind = expected(info)
    match value:
        case bool():
            return "true" if value else "false"
        case int() if "megapixels" in kind:
            return f"{value / 1_000_000:g}"
        case int() if "MiB" in kind:
            return str(value >> 20)
        case dict():
            return ",".join(f"{name}={number}" for name, number in value.items())
        case tuple():
            return ",".join(map(str, value))
        case bytes():
            return value.hex()
        case None:
            return ""
        case _:
            return str(value)


def settings_page() -> str:
    """docs/settings.md."""
    lines, heading = [_SETTINGS_HEAD], ""
    for name, info in Settings.model_fields.items():
        if section(info) != heading:
            heading = section(info)
            lines.append(f"\n## {heading}\n\n| variable | value | default | meaning |\n|---|---|---|---|")
        default = default_text(info)
        cells = (f"`{variable(name)}`", expected(info), f"`{default}`" if default else "", info.description or "")
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def pages() -> dict[str, str]:
    """File name to content."""
    return {"settings.md": settings_page()}


@click.command("settings")
@click.option("--set", "only_set", is_flag=True, help="Only those that the environment sets.")
def settings_command(only_set: bool) -> None:
    """Print every setting with its default and meaning, and its value where the environment sets one."""
    heading = ""
    for name, info in Settings.model_fields.items():
        found = next(
            (os.environ[prefix + name.upper()] for prefix in PREFIXES if prefix + name.upper() in os.environ), None
        )
        if found is None and only_set:
            continue
        if section(info) != heading:
            heading = section(info)
            click.secho(f"\n{heading}\n", bold=True)
        value = default_text(info) if found is None else "(secret)" if is_secret(info) else found
        click.echo(f"{click.style(variable(name), bold=found is not None)}={value}")
        click.echo(click.wrap_text(f"{info.description} Expects {expected(info)}.", 100, "    ", "    "))


if __name__ == "__main__":
    for file_name, content in pages().items():
        (DOCS / file_name).write_text(content, "utf-8")
