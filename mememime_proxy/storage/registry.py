"""All storages behind one door: opened with the service, closed with it."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from cachetools import LRUCache

from mememime_proxy.errors import SettingsError, StorageError, missing_extra
from mememime_proxy.storage.config import AssetsConfig, AzureAccount, CacheConfig, GoogleAccount, StoragesConfig
from mememime_proxy.storage.local.folder import Folder
from mememime_proxy.storage.prefixed import Prefixed
from mememime_proxy.storage.protocol import Reader, Storage
from mememime_proxy.storage.resilience.stats import StorageStats
from mememime_proxy.storage.s3.accounts import Accounts, S3Account

# The clients of clouds take a while to load, and memory: only who uses one pays for it.
if TYPE_CHECKING:
    from mememime_proxy.storage.s3.client import S3Client

_BUCKETS = 1024
"""Buckets that are remembered: their names come from URLs."""


class Storages:
    """Readers by scheme and bucket, and the storage of kept results."""

    def __init__(self, config: StoragesConfig) -> None:
        self._config = config
        s3 = config.s3
        self._accounts = Accounts(s3.named, s3.default) if s3 else None
        self._clients: dict[S3Account, S3Client] = {}
        self._buckets: LRUCache[tuple[str, str, str], Storage] = LRUCache(_BUCKETS)
        self._cache: Storage | None = None
        self._assets: Storage | None = None
        configured = {"s3": config.s3, "gs": config.google, "abs": config.azure}
        self.schemes = frozenset(scheme for scheme, found in configured.items() if found)
        """Schemes of source URLs that a storage answers for."""
        self._undo = contextlib.AsyncExitStack()

    async def start(self) -> None:
        """Opens sessions. SettingsError where a client is not installed, or a folder cannot be used."""
        config = self._config
        async with contextlib.AsyncExitStack() as undo:
            for account in self._accounts or ():
                await self._open_s3(account, undo)
            if config.google or config.azure:
                _need_cloud()
            if config.cache:
                # Every kept result is verified when it is read: one that a power failure cut short costs a render, and
                # waiting for the disk would cost that for each.
                self._cache = await self._open(config.cache, undo, "results", sync=False)
            if config.assets:
                kept = await self._open(config.assets, undo, "assets", sync=True, writes=config.assets.writes)
                self._assets = Prefixed(kept, config.assets.prefix) if config.assets.prefix else kept
            self._undo = undo.pop_all()

    async def close(self) -> None:
        """Closes them. Nobody may read or write any more."""
        await self._undo.aclose()

    def reader(self, scheme: str, authority: str) -> Reader | None:
        """Whoever reads ``scheme://authority/``; None where the bucket is not permitted, or nobody answers for it.

        ``authority``: a bucket, for ``s3`` an account and a bucket as ``name@bucket``, too.
        """
        config, account, bucket = self._config, "", authority
        make: Callable[[], Storage]
        if scheme == "s3" and config.s3 and self._accounts:
            found = self._accounts.of(authority)
            if found is None or not config.s3.rule.permits(found[1]):
                return None
            account, bucket, client = found[0].name, found[1], self._clients[found[0]]
            make = lambda: _s3_bucket(client, bucket)  # noqa: E731
        elif scheme == "gs" and config.google and bucket and config.google.rule.permits(bucket):
            google = config.google.account
            make = lambda: _cloud_bucket(google, bucket)  # noqa: E731
        elif scheme == "abs" and config.azure and bucket and config.azure.rule.permits(bucket):
            azure = config.azure.account
            make = lambda: _cloud_bucket(azure, bucket)  # noqa: E731
        else:
            return None
        key = (scheme, account, bucket)
        if key not in self._buckets:
            self._buckets[key] = make()
        return self._buckets[key]

    def writer_for_cache(self) -> Storage | None:
        """Where results are kept; None = nowhere."""
        return self._cache

    def assets(self) -> Storage | None:
        """Where originals of assets are kept (``storage.assets`` says under which keys); None = nowhere."""
        return self._assets

    def stats(self) -> Iterator[StorageStats]:
        """What the clients did so far."""
        for client in self._clients.values():
            yield client.stats

    async def _open_s3(self, account: S3Account, undo: contextlib.AsyncExitStack) -> S3Client:
        from mememime_proxy.storage.s3.client import S3Client  # noqa: PLC0415

        if account not in self._clients:
            client = S3Client(account)
            await client.start()
            undo.push_async_callback(client.close)
            self._clients[account] = client
        return self._clients[account]

    async def _open(
        self,
        config: CacheConfig | AssetsConfig,
        undo: contextlib.AsyncExitStack,
        what: str,
        *,
        sync: bool,
        writes: bool = True,
    ) -> Storage:
        storage: Storage
        if config.account is None:
            storage = Folder(config.place, sync=sync, writes=writes)
        elif isinstance(config.account, S3Account):
            storage = _s3_bucket(await self._open_s3(config.account, undo), config.place)
        else:
            storage = _cloud_bucket(config.account, config.place)
        try:
            await storage.start()
        except StorageError as error:
            raise SettingsError(f"{what} cannot be kept in {config.place!r}: {error.detail}") from error
        undo.push_async_callback(storage.close)
        return storage


def _s3_bucket(client: S3Client, bucket: str) -> Storage:
    from mememime_proxy.storage.s3.bucket import S3Bucket  # noqa: PLC0415

    return S3Bucket(client, bucket)


def _cloud_bucket(account: GoogleAccount | AzureAccount, bucket: str) -> Storage:
    _need_cloud()
    from mememime_proxy.storage.obstore.bucket import AzureContainer, GoogleBucket  # noqa: PLC0415

    return GoogleBucket(account, bucket) if isinstance(account, GoogleAccount) else AzureContainer(account, bucket)


def _need_cloud() -> None:
    if importlib.util.find_spec("obstore") is None:
        raise missing_extra("a source of gs:// or abs://", "cloud")
