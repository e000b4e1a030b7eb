"""``mememime settings``: all settings, with their values in this environment."""

from __future__ import annotations

import os

import click

from mememime_proxy.settings.environment import PREFIXES, expected, is_secret, variable
from mememime_proxy.settings.reference import default_text, section
from mememime_proxy.settings.settings import Settings


@click.command()
@click.option("--set", "only_set", is_flag=True, help="Only those that the environment sets.")
def settings(only_set: bool) -> None:
    """Print every setting with its default and meaning, and its value where the environment sets one."""
    heading = ""
    for name, info in Settings.model_fields.items():
        names = (variable(name, prefix) for prefix in PREFIXES)
        value = next((os.environ[each] for each in names if each in os.environ), None)
        if value is None and only_set:
            continue
        if section(info) != heading:
            heading = section(info)
            click.secho(f"\n{heading}\n", bold=True)
        text = default_text(info) if value is None else "(secret)" if is_secret(info) else value
        click.echo(f"{click.style(variable(name), bold=value is not None)}={text}")
        click.echo(click.wrap_text(f"{info.description} Expects {expected(info)}.", 100, "    ", "    "))
