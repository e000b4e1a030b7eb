"""Checks of the proxy and of the storages of both services: by the code of a start, and by operations."""

from __future__ import annotations

from collections.abc import AsyncIterator

from mememime_proxy.doctor.findings import Finding, ok, wrong
from mememime_proxy.doctor.storage_checks import check_readable, check_sources, check_writable
from mememime_proxy.errors import SettingsError
from mememime_proxy.proxy.app import Proxy
from mememime_proxy.settings import sections
from mememime_proxy.settings.settings import Settings
from mememime_proxy.storage.registry import Storages


async def check_proxy(settings: Settings) -> AsyncIterator[Finding]:
    """Open all that the proxy opens at its start but its sockets, and close it again."""
    proxy = Proxy(settings)
    await proxy.open()
    await proxy.close()
    yield ok("proxy.start", "start of the proxy", "all that it opens but its sockets was opened")


async def check_storages(settings: Settings, *, proxy: bool, resources: bool) -> AsyncIterator[Finding]:
    """Check the variant store, the assets and the buckets of sources by real operations."""
    for part in ("cache", "assets", "sources"):
        async for finding in _check_storage(settings, part, proxy=proxy, resources=resources):
            yield finding


async def _check_storage(settings: Settings, part: str, *, proxy: bool, resources: bool) -> AsyncIterator[Finding]:
    """Check one part with storages of its own, so that a fault of one does not hide another."""
    without: dict[str, object] = {"cache": {"cache_use": ""}, "assets": {"assets_storage": "", "resources_url": ""}}
    changes: dict[str, object] = {}
    for name, values in without.items():
        if name != part and isinstance(values, dict):
            changes |= values
    if part != "sources":
        changes |= {"use_s3": False, "s3_accounts": "", "use_gcs": False, "use_abs": False}
    subjects = {
        "cache": f"variant store {settings.cache_fs_root if settings.cache_use == 'fs' else settings.cache_bucket}",
        "assets": f"assets {settings.assets_storage}",
        "sources": "buckets of sources",
    }
    used = {
        "cache": bool(settings.cache_use) and proxy,
        "assets": bool(settings.assets_storage),
        "sources": settings.use_s3 or settings.use_gcs or settings.use_abs,
    }
    if not used[part]:
        return
    check, subject = f"storage.{part}", subjects[part]
    try:
        config = sections.storages_config(settings.model_copy(update=changes), writes_assets=resources)
        storages = Storages(config)
        await storages.start()
    except SettingsError as error:
        for line in error.detail.splitlines():
            yield wrong(check, subject, line)
        return
    try:
        if part == "sources":
            findings = check_sources(settings, storages)
        elif part == "assets" and not resources:
            assets = storages.assets()
            assert assets is not None  # noqa: S101 - it is configured
            findings = check_readable(check, subject, assets)
        else:
            storage = storages.writer_for_cache() if part == "cache" else storages.assets()
            assert storage is not None  # noqa: S101 - it is configured
            findings = check_writable(check, subject, storage)
        async for finding in findings:
            yield finding
    finally:
        await storages.close()
