"""``mememime upload``: upload files and point aliases at them."""

from __future__ import annotations

import errno
import hashlib
import os
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import click

from mememime_proxy.client.bulk import BulkUpload, Order
from mememime_proxy.client.inputs.alias_template import Template
from mememime_proxy.client.inputs.manifest import VariantUrls
from mememime_proxy.client.inputs.rename import Rename
from mememime_proxy.client.journal import Journal
from mememime_proxy.client.progress import Progress
from mememime_proxy.client.results import Totals
from mememime_proxy.client.transfer import rate_limit
from mememime_proxy.client.uploader import Transfer, Uploader
from mememime_proxy.commands import next_steps
from mememime_proxy.commands.client.options import Parsed, file_options, origins_of, run_to_exit
from mememime_proxy.errors import MememimeError
from mememime_proxy.settings.environment import with_file
from mememime_proxy.urls import UrlBuilder

_SIZE = Parsed("size", rate_limit.parse_size)


@click.command()
@file_options
@click.option("--bandwidth", default=0, type=_SIZE, help="Bytes a second at most, like 10M.")
@click.option("--large", default="16M", show_default=True, type=_SIZE, help="Size from which files are sent in parts.")
@click.option("--part-size", default="8M", show_default=True, type=_SIZE, help="Minimum size of a part.")
@click.option("--parts", default=4, show_default=True, type=click.IntRange(1, 64), help="Parts of one file at once.")
@click.option(
    "--via", type=click.Choice(["tus", "presigned"]), default="tus", show_default=True,
    help="Transfer of large files: through the service, or directly to its S3 storage.",
)  # fmt: skip
@click.option("--replace/--no-replace", default=True, show_default=True, help="Move aliases that have another target.")
@click.option("--dry-run", is_flag=True, help="Show the work, and change nothing.")
@click.option(
    "--journal", "journal_file", type=click.Path(dir_okay=False, path_type=Path),
    help="File of the journal of finished work; default: below ~/.local/state.",
)  # fmt: skip
@click.option("--no-journal", is_flag=True, help="Use no journal: query the service for the state of each file.")
@click.option("--base-url", default="", help="The proxy's address, for the URLs of --output.")
@click.option("--url-option", "url_options", multiple=True, metavar="OPTION", help="For these URLs, like rs:fit:640.")
@click.option("--format", "-f", "extension", default="", help="For these URLs: the result's format.")
def upload(
    origins: tuple[str, ...],
    server: str,
    key: str,
    manifest_file: Path | None,
    null: bool,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    hidden: bool,
    template: Template | None,
    renames: tuple[Rename, ...],
    parallel: int,
    requests: float,
    give_up_after: float,
    output: Path | None,
    as_json: bool,
    bandwidth: int,
    large: int,
    part_size: int,
    parts: int,
    via: Any,
    replace: bool,
    dry_run: bool,
    journal_file: Path | None,
    no_journal: bool,
    base_url: str,
    url_options: tuple[str, ...],
    extension: str,
) -> None:
    """Upload ORIGINS: folders, files, patterns, s3://bucket/prefix, or - for a list on standard input.

    \b
    mememime upload photos/ --alias 'products/{path}'
    find . -name '*.jpg' -print0 | mememime upload -0 - --alias '{exif:%Y/%m|undated}/{stem}'

    Files that the service has are not sent again, and an interrupted run is resumed. Exit codes: 0 all files are
    there, 1 some failed, 2 usage error, 3 the service is unreachable or refuses the key, 130 interrupted.
    """
    if not large or not part_size:
        raise click.UsageError("--large and --part-size are at least one byte")
    selected = origins_of(origins, manifest_file, null, include, exclude, hidden)
    urls = _urls(base_url, url_options, extension) if output else None
    transfer = Transfer(
        part_threshold=large,
        part_size=part_size,
        parallel=parts,
        method=via,
        bandwidth=bandwidth,
        requests=requests,
        connections=parallel * max(2, parts),
        give_up_after=give_up_after,
    )
    order = Order(template=template, renames=renames, replace=replace, dry_run=dry_run, parallel=parallel)
    # Another key may belong to another tenant, whose assets and aliases these are not.
    service = f"{server.rstrip('/')}#{hashlib.sha256(key.strip().encode('utf-8', 'surrogateescape')).hexdigest()[:12]}"
    path = None if no_journal else journal_file or _journal_file()

    async def run(progress: Progress) -> Totals:
        with Journal(path, service) as journal:
            uploader = Uploader(server, key, transfer=transfer, journal=journal, on_silence=progress.service_silent)
            async with AsyncExitStack() as stack:
                sources = await selected.sources(stack)
                await stack.enter_async_context(uploader)
                await uploader.check_access()
                return await BulkUpload(uploader, journal, order, progress).run(sources)

    listing = ("alias", "list") if template else ("assets", "list")
    run_to_exit(
        run,
        output,
        urls,
        as_json,
        if_clean="" if dry_run else next_steps.command(*listing),
        if_failed="mend what is named above and run the same command again; what the service has is not sent again",
    )


def _urls(base_url: str, options: tuple[str, ...], extension: str) -> VariantUrls | None:
    if not base_url:
        return None
    try:
        variables = with_file(os.environ)
        key, salt = (
            variables.get(f"MEMEMIME_{name}") or variables.get(f"IMGPROXY_{name}") or "" for name in ("KEY", "SALT")
        )
        urls = VariantUrls(UrlBuilder(base_url, key, salt, unsigned=not (key or salt)), options, extension)
    except MememimeError as error:
        raise click.UsageError(error.detail) from error
    if not key:
        raise click.UsageError("signed URLs need a key and a salt (MEMEMIME_KEY, MEMEMIME_SALT)")
    return urls


def _journal_file() -> Path | None:
    """Return the usual file of the journal; None where there is no home, as in a container, or it is read-only."""
    try:
        folder = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "mememime"
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except (OSError, RuntimeError) as error:  # the latter where the account has no home
        reason = error.strerror if isinstance(error, OSError) else "this account has no home"
        click.echo(f"No journal is used ({reason}): name a file by --journal to resume without queries.", err=True)
        return None
    return folder / "uploads.db"
