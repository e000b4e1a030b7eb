"""``mememime formats``: the formats of this installation, and which of them the settings disable."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from mememime_proxy.errors import SettingsError
from mememime_proxy.formats.containers import CONTAINERS, EXTRA, is_engine_installed
from mememime_proxy.imaging.codecs import codecs
from mememime_proxy.settings.settings import load

if TYPE_CHECKING:
    from mememime_proxy.av.engine import EngineReport


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON, an object for each format.")
def formats(as_json: bool) -> None:
    """Show which formats can be read and written here, and by what, and which the settings disable."""
    table = (*codecs.table(), *_containers())
    try:
        settings = load(keys_needed=False)
    except SettingsError as error:
        raise click.ClickException(f"the settings are wrong:\n{error.detail}") from None
    if as_json:
        documents = [
            dataclasses.asdict(codec)
            | {
                "source_disabled": codec.format in settings.disabled_source_formats,
                "result_disabled": codec.format in settings.disabled_result_formats,
            }
            for codec in table
        ]
        click.echo(json.dumps(documents, indent=2))
        return
    rows = [("format", "read by", "written by", "")]
    for codec in table:
        disabled = [
            f"{what} disabled by {settings.variable(name)}"
            for name, what in (("disabled_source_formats", "originals"), ("disabled_result_formats", "results"))
            if codec.format in getattr(settings, name)
        ]
        missing = f"needs the extra {codec.extra}" if codec.extra else "not in this libvips"
        unwritten = "–" if codec.reader or not codec.extra else missing
        notes = "; ".join(filter(None, (*disabled, codec.note)))
        rows.append((codec.format, codec.reader or missing, codec.writer or unwritten, notes))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        click.echo("  ".join([*cells, row[3]]).rstrip())
    if is_engine_installed():
        found = _report()
        click.echo(f"\nFilms and sound are read by FFmpeg {found.version} ({found.licence}).")
        click.echo(f"Codecs that are read: {', '.join(found.decoders)}")
        click.echo(f"Encoders in it: {', '.join(found.encoders)}")


def _containers() -> Iterator[codecs.Codec]:
    """Yield a row for each container of films and sound."""
    reader = ""
    if is_engine_installed():
        found = _report()
        reader = f"{found.binding} (FFmpeg {found.version})"
    for container in CONTAINERS.values():
        note = "sound, which has no picture" if container.sound else "one frame is shown as a picture"
        yield codecs.Codec(container.name, reader, "", EXTRA, note)


def _report() -> EngineReport:
    from mememime_proxy.av import engine  # noqa: PLC0415 - not where it is not installed

    return engine.report()
