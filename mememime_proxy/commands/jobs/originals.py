"""``mememime batch facts``, ``import`` and ``verify``: work on the originals of the resource service."""

from __future__ import annotations

import click

from mememime_proxy.batch.originals.facts import FactsParameters
from mememime_proxy.batch.originals.importing import ImportParameters
from mememime_proxy.batch.originals.verification import VerifyParameters
from mememime_proxy.commands.jobs.batch_options import CommonOptions, common_options, from_option, run_command
from mememime_proxy.resources.auth.api_keys import DEFAULT_TENANT

_ASSETS = "assets, alias:PREFIX, tag:NAME, or a manifest (.csv, .jsonl, .parquet) of asset:// and alias://."


@click.command()
@from_option(_ASSETS)
@click.option("--only", "names", multiple=True, metavar="FACT[,FACT]", help="Replace these facts alone; repeatable.")
@click.option("--missing", is_flag=True, help="Leave out assets that have these facts.")
@common_options("original")
def facts(names: tuple[str, ...], missing: bool, common: CommonOptions) -> None:
    """Find the facts of assets again, as an upload finds them: of assets that are older than a fact, or than its code.

    Exit status: 0 all facts are there, 1 some originals failed or the batch was stopped, 2 invalid usage or settings.
    """
    only = tuple(name.strip() for text in names for name in text.split(",") if name.strip())
    run_command("facts", "original", FactsParameters(only=only, missing=missing), common)


@click.command("import")
@from_option("s3://bucket/prefix, a folder, or a manifest (.csv, .jsonl, .parquet) of sources.")
@click.option("--alias", default="", metavar="TEMPLATE",
              help="Aliases, like 'old/{path}'; the fields of `mememime upload --alias`. [default: none]")  # fmt: skip
@click.option("--rename", "renames", multiple=True, metavar="s/PATTERN/TEXT/",
              help="Change each alias, as `mememime upload --rename` does; repeatable.")  # fmt: skip
@click.option("--tenant", default=DEFAULT_TENANT, show_default=True, help="Whose assets they become.")
@click.option("--revalidate", is_flag=True,
              help="Read originals, too, whose alias is newer and names bytes of their size.")  # fmt: skip
@common_options("original")
def import_(alias: str, renames: tuple[str, ...], tenant: str, revalidate: bool, common: CommonOptions) -> None:
    """Make assets of originals in buckets, folders and on the web: each worker reads and stores its own.

    Exit status: 0 all are assets, 1 some originals failed or the batch was stopped, 2 invalid usage or settings.
    """
    prefix = common.source.partition("://")[2].partition("/")[2]
    parameters = ImportParameters(
        alias=alias, renames=renames, tenant=tenant, revalidates=revalidate, root=prefix[: prefix.rfind("/") + 1]
    )
    run_command("import", "original", parameters, common)


@click.command()
@from_option(_ASSETS)
@click.option("--unread-for", "hours", type=click.FloatRange(0), default=0.0, metavar="HOURS",
              help="Leave out what was read within so many hours, by this command or the service. [default: nothing]",
              )  # fmt: skip
@common_options("original")
def verify(hours: float, common: CommonOptions) -> None:
    """Read and hash stored originals now, as the scrubber does: a defective one is quarantined.

    Exit status: 0 all are right, 1 some originals failed or the batch was stopped, 2 invalid usage or settings.
    """
    run_command("verify", "original", VerifyParameters(hours=hours), common)
