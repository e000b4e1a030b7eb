"""``mememime batch``: work on many originals at once."""

from __future__ import annotations

import click

from mememime_proxy.batch.rendering.recoding import RecodeParameters
from mememime_proxy.batch.rendering.variants import RenderParameters
from mememime_proxy.commands.jobs.batch_jobs import cancel, report, retry, status
from mememime_proxy.commands.jobs.batch_options import CommonOptions, common_options, from_option, run_command
from mememime_proxy.commands.jobs.originals import facts, import_, verify
from mememime_proxy.commands.jobs.twins import twins


@click.group()
def batch() -> None:
    """Work on many originals at once (docs/batch.md)."""


for _command in (import_, facts, verify, twins, status, retry, cancel, report):
    batch.add_command(_command)


@batch.command()
@from_option("A manifest (.csv, .jsonl, .parquet), a folder, alias:PREFIX, tag:NAME, assets, s3://bucket/prefix, or"
             " log:FILE, what was requested, by frequency.")  # fmt: skip
@click.option("--preset", "presets", multiple=True, help="A preset; repeatable.")
@click.option("--options", "options", multiple=True, metavar="OPTIONS", help="Options as in URLs; repeatable.")
@click.option("--format", "formats", multiple=True, help="A format; repeatable. Without it, what browsers get.")
@click.option("--to", "place", default="store", show_default=True, metavar="store|PREFIX",
              help="The store of variants, or files in a folder or below s3://bucket/prefix.")  # fmt: skip
@click.option("--template", default="", help="Names of the files. [default: {path}/{preset}.{ext}]")
@click.option("--revalidate", is_flag=True, help="Ask each source whether it has changed since its variants were made.")
@common_options("variant")
def render(
    presets: tuple[str, ...], options: tuple[str, ...], formats: tuple[str, ...], place: str, template: str,
    revalidate: bool, common: CommonOptions,
) -> None:  # fmt: skip
    """Make variants of many originals: what is there already is skipped, so the same command goes on.

    Exit status: 0 everything is there, 1 some variants failed or the batch was stopped, 2 invalid usage or settings.
    """
    parameters = RenderParameters(
        presets=presets, options=options, formats=formats, prefix="" if place == "store" else place, template=template,
        revalidates=revalidate,
    )  # fmt: skip
    run_command("render", "variant", parameters, common)


@batch.command()
@from_option("A manifest (.csv, .jsonl, .parquet), a folder, alias:PREFIX, tag:NAME, assets or s3://bucket/prefix.")
@click.option("--format", "format_name", required=True, metavar="FORMAT|repack",
              help="Format of the files; repack: that of each original, with the same pixels in fewer bytes.",
              )  # fmt: skip
@click.option("--quality", type=click.IntRange(1, 100), default=None, help="[default: that of the settings]")
@click.option("--to", "place", required=True, metavar="PREFIX", help="A folder, or s3://bucket/prefix.")
@click.option("--template", default="", help="Names of the files. [default: {path}.{ext}]")
@common_options("original")
def recode(format_name: str, quality: int | None, place: str, template: str, common: CommonOptions) -> None:
    """Write whole originals in another format, without a change of their sides, or packed again without loss.

    Exit status: 0 everything is there, 1 some originals failed or the batch was stopped, 2 invalid usage or settings.
    """
    parameters = RecodeParameters(format=format_name, quality=quality or 0, prefix=place, template=template)
    run_command("recode", "original", parameters, common)
