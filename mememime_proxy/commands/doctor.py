"""``mememime doctor``: a check of this installation with its settings."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass

import click

from mememime_proxy.errors import MememimeError, SettingsError
from mememime_proxy.formats import FORMATS
from mememime_proxy.proxy.variants import auxiliary_images, self_test
from mememime_proxy.settings import sections as config
from mememime_proxy.settings.environment import unknown_variables, with_file
from mememime_proxy.settings.settings import Settings, load
from mememime_proxy.sources.registry import Sources
from mememime_proxy.urls import UrlParser
from mememime_proxy.workers.pool import Pool
from mememime_proxy.workers.sandbox import confine

_RENDER_TIMEOUT = 20.0


@dataclass(frozen=True)
class Finding:
    """Result of one check. ``state``: ``ok``, ``note`` (could be improved) or ``wrong``."""

    state: str
    subject: str
    detail: str = ""


_MARKS = {
    "ok": click.style("ok   ", fg="green"),
    "note": click.style("note ", fg="yellow"),
    "wrong": click.style("WRONG", fg="red"),
}


async def examine(settings: Settings, variables: dict[str, str]) -> AsyncIterator[Finding]:
    """Check everything that the service needs to start and to render."""
    for name, near in unknown_variables(Settings, variables).items():
        yield Finding("note", name, f"is no setting; did you mean {near}?" if near else "is no setting")
    urls = config.url_config(settings)
    UrlParser(urls)
    weaknesses = urls.weaknesses()
    for weakness in weaknesses:
        yield Finding("note", "signatures", weakness)
    if not weaknesses:
        yield Finding("ok", "signatures", f"{len(settings.key)} key(s)")
    config.listen_address(settings.bind, settings.network)
    sources = Sources(config.sources_config(settings))
    await sources.start()
    try:
        if settings.local_filesystem_root:
            yield Finding("ok", "local files", settings.local_filesystem_root)
        watermark = await auxiliary_images.load(
            sources, "watermark", settings.watermark_data, settings.watermark_path, settings.watermark_url
        )
        async for finding in _examine_workers(settings, watermark):
            yield finding
    finally:
        await sources.close()


async def _examine_workers(settings: Settings, watermark: bytes | None) -> AsyncIterator[Finding]:
    pool = Pool(config.pool_config(settings), config.render_config(settings), watermark)
    try:
        await pool.start()
    except MememimeError as error:
        yield Finding("wrong", "workers", error.detail)
        return
    try:
        yield Finding("ok", "workers", f"{settings.worker_count} started")
        for layer, state in confine.report().items():
            yield Finding("note" if state.startswith(("not ", "no ")) else "ok", f"sandbox: {layer}", state)
        for format_ in FORMATS.values():
            if format_.writable:
                yield await _examine_format(pool, format_.name)
            elif not format_.readable:
                yield Finding("note", f"format {format_.name}", f"needs the optional module {format_.module}")
    finally:
        await pool.close(0)


async def _examine_format(pool: Pool, name: str) -> Finding:
    try:
        info = await self_test.render(pool, _RENDER_TIMEOUT, name)
    except MememimeError as error:
        return Finding("wrong", f"format {name}", error.detail)
    return Finding("ok", f"format {name}", f"written as {info.format}")


async def _report(settings: Settings, variables: dict[str, str]) -> bool:
    healthy = True
    async for finding in examine(settings, variables):
        healthy &= finding.state != "wrong"
        click.echo(f"{_MARKS[finding.state]}  {finding.subject:<22} {finding.detail}")
    return healthy


@click.command()
def doctor() -> None:
    """Check settings, workers, sandbox and formats of this installation."""
    try:
        variables = with_file(os.environ)
        settings = load(variables)
        healthy = asyncio.run(_report(settings, variables))
    except SettingsError as error:
        click.echo("\n".join(f"{_MARKS['wrong']}  {line}" for line in error.detail.splitlines()))
        raise SystemExit(1) from None
    if not healthy:
        raise SystemExit(1)
