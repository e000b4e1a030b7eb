"""Commands that tell what this installation is: ``mememime formats`` and its siblings."""

from __future__ import annotations

import dataclasses
import json

import click

from mememime_proxy.imaging.codecs import codecs


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON, an object for each format.")
def formats(as_json: bool) -> None:
    """Show which formats can be read and written here, and by what."""
    table = codecs.table()
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(codec) for codec in table], indent=2))
        return
    rows = [("format", "read by", "written by", "")]
    for codec in table:
        missing = f"needs the extra {codec.extra}" if codec.extra else "not in this libvips"
        unwritten = "–" if codec.reader or not codec.extra else missing
        rows.append((codec.format, codec.reader or missing, codec.writer or unwritten, codec.note))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        click.echo("  ".join([*cells, row[3]]).rstrip())
