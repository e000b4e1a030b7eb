"""Registry of all configured storages: opened with the service, closed with it."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cachetools import LRUCache

from mememime_proxy.errors import SettingsError, StorageError, missing_extra
from mememime_proxy.storage.config import AssetsConfig, AzureAccount, CacheConfig, GoogleAccount, StoragesConfig
from mememime_proxy.storage.local.folder import Folder
from mememime_proxy.storage.prefixed import PrefixedStorage
from mememime_proxy.storage.protocol import Reader, Storage
from mememime_proxy.storage.resilience.stats import StorageStats
from mememime_proxy.storage.s3.accounts import S3Account, S3Accounts

# Cloud SDKs take time and memory to load: they are imported where one is used.
if TYPE_CHECKING:
    from mememime_proxy.storage.s3.client import S3Client

_BUCKETS = 1024
"""Buckets that are remembered: their names come from URLs."""


class Storages:
    """Readers by scheme and bucket, the storage of rendered variants and the storage of assets."""

    def __init__(self, config: StoragesConfig) -> None:
        self._config = config
        s3 = config.s3
        self._accounts = S3Accounts(s3.named, s3.default) if s3 else None
        self._clients: dict[S3Account, S3Client] = {}
        self._buckets: LRUCache[tuple[str, str], Storage] = LRUCache(_BUCKETS)
        self._cache: Storage | None = None
        self._assets: Storage | None = None
        configured = {"s3": config.s3, "gs": config.google, "abs": config.azure}
        self.schemes = frozenset(scheme for scheme, section in configured.items() if section)
        """URL schemes of the configured storages."""
        self._exit_stack = contextlib.AsyncExitStack()

    async def start(self) -> None:
        """Open sessions. SettingsError where a client is not installed, or a folder cannot be used."""
        config = self._config
        async with contextlib.AsyncExitStack() as stack:
            for account in self._accounts or ():
                # As imgproxy: a source without credentials is an error of its objects, not of the start.
                await self._open_client(account, stack, may_wait=True)
            if config.google or config.azure:
                _require_obstore()
            if config.cache:
                # Each entry is verified when it is read: one that a power failure truncated costs one render, but
                # waiting for the disk would delay every write.
                self._cache = await self._open_storage(config.cache, stack, "results", sync=False)
            if config.assets:
                storage = await self._open_storage(
                    config.assets, stack, "assets", sync=True, writes=config.assets.writes
                )
                self._assets = PrefixedStorage(storage, config.assets.prefix) if config.assets.prefix else storage
            self._exit_stack = stack.pop_all()

    async def close(self) -> None:
        """Close the sessions. Nothing may be read or written any more."""
        await self._exit_stack.aclose()

    def reader(self, scheme: str, authority: str) -> Reader | None:
        """Return the reader for ``scheme://authority/``; None where the bucket is not permitted or not configured.

        ``authority``: a bucket; for ``s3`` also account and bucket as ``name@bucket``.
        """
        bucket = self._buckets.get((scheme, authority))
        if bucket is None and (bucket := self._open_bucket(scheme, authority)) is not None:
            self._buckets[scheme, authority] = bucket
        return bucket

    def permits(self, scheme: str, authority: str) -> bool:
        """Return whether ``reader`` finds a bucket, before the sessions are open, too."""
        config = self._config
        if scheme == "s3" and config.s3 and self._accounts:
            match = self._accounts.find(authority)
            return match is not None and config.s3.rule.permits(match[1])
        section = {"gs": config.google, "abs": config.azure}.get(scheme)
        return section is not None and bool(authority) and section.rule.permits(authority)

    def _open_bucket(self, scheme: str, authority: str) -> Storage | None:
        config = self._config
        if not self.permits(scheme, authority):
            return None
        if self._accounts and scheme == "s3" and (match := self._accounts.find(authority)):
            return _s3_bucket(self._clients[match[0]], match[1])
        if config.google and scheme == "gs":
            return _obstore_bucket(config.google.account, authority)
        return _obstore_bucket(config.azure.account, authority) if config.azure and scheme == "abs" else None

    def writer_for_cache(self) -> Storage | None:
        """Return the storage of rendered variants; None where none is configured."""
        return self._cache

    def assets(self) -> Storage | None:
        """Return the storage of assets (keys: ``asset_keys``); None where none is configured."""
        return self._assets

    def stats(self) -> Iterator[StorageStats]:
        """Yield the counters of each S3 client."""
        for client in self._clients.values():
            yield client.stats

    async def _open_client(
        self, account: S3Account, stack: contextlib.AsyncExitStack, *, may_wait: bool = False
    ) -> S3Client:
        from mememime_proxy.storage.s3.client import S3Client  # noqa: PLC0415

        if account not in self._clients:
            client = S3Client(account)
            await client.start(may_wait=may_wait)
            stack.push_async_callback(client.close)
            self._clients[account] = client
        return self._clients[account]

    async def _open_storage(
        self,
        config: CacheConfig | AssetsConfig,
        stack: contextlib.AsyncExitStack,
        content: str,
        *,
        sync: bool,
        writes: bool = True,
    ) -> Storage:
        storage: Storage
        if config.account is None:
            storage = Folder(config.place, sync=sync, writes=writes)
        elif isinstance(config.account, S3Account):
            storage = _s3_bucket(await self._open_client(config.account, stack), config.place)
        else:
            storage = _obstore_bucket(config.account, config.place)
        try:
            await storage.start()
        except StorageError as error:
            raise SettingsError(f"{content} cannot be stored in {config.place!r}: {error.detail}") from error
        stack.push_async_callback(storage.close)
        return storage


def _s3_bucket(client: S3Client, bucket: str) -> Storage:
    from mememime_proxy.storage.s3.bucket import S3Bucket  # noqa: PLC0415

    return S3Bucket(client, bucket)


def _obstore_bucket(account: GoogleAccount | AzureAccount, bucket: str) -> Storage:
    _require_obstore()
    from mememime_proxy.storage.obstore.bucket import AzureContainer, GoogleBucket  # noqa: PLC0415

    return GoogleBucket(account, bucket) if isinstance(account, GoogleAccount) else AzureContainer(account, bucket)


def _require_obstore() -> None:
    if importlib.util.find_spec("obstore") is None:
        raise missing_extra("a source of gs:// or abs://", "cloud")
