"""``mememime verify``: compare files with the assets and aliases of the service."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import click

from mememime_proxy.client.inputs.alias_choice import AliasChoice
from mememime_proxy.client.inputs.alias_template import Template
from mememime_proxy.client.inputs.rename import Rename
from mememime_proxy.client.progress import Progress
from mememime_proxy.client.results import Totals
from mememime_proxy.client.uploader import Transfer, Uploader
from mememime_proxy.client.verify import Verification
from mememime_proxy.commands.client.options import file_options, origins_of, run_to_exit


@click.command()
@file_options
def verify(
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
) -> None:
    """Compare ORIGINS with the service by their digests, and with --alias whether the aliases point at them.

    Every file is read; nothing is changed. Exit codes as for upload: 0 all is there, 1 some is not.
    """
    selected = origins_of(origins, manifest_file, null, include, exclude, hidden)

    transfer = Transfer(requests=requests, connections=parallel * 2, give_up_after=give_up_after)

    async def run(progress: Progress) -> Totals:
        async with AsyncExitStack() as stack:
            sources = await selected.sources(stack)
            uploader = Uploader(server, key, transfer=transfer, on_silence=progress.service_silent)
            await stack.enter_async_context(uploader)
            await uploader.check_access()
            return await Verification(uploader, AliasChoice(template, renames), progress, parallel).run(sources)

    run_to_exit(run, output, None, as_json, if_failed="`mememime upload` with the same arguments sends what is missing")
