"""Ingest: verify the bytes of an upload by decoding them in a worker, and store them under their digest.

Nothing is written before a worker has decoded all of it. Another upload of the same bytes, at the same time or after a
crash, takes the same steps and meets what is there.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from typing import Final
from weakref import WeakValueDictionary

import msgspec

from mememime_proxy.asset_facts import AssetFacts
from mememime_proxy.errors import (
    ImageError,
    MememimeError,
    ObjectNotFoundError,
    PreconditionFailedError,
    StorageError,
    StorageUnavailableError,
    WorkerCrashError,
)
from mememime_proxy.plan import Plan
from mememime_proxy.resources.assets.film_inspection import FilmInspection, Inspection, container_of
from mememime_proxy.resources.assets.model import AssetRow
from mememime_proxy.resources.assets.publication import Publication, StoredOriginal
from mememime_proxy.resources.auth.principal import Principal
from mememime_proxy.resources.database.states import AssetState
from mememime_proxy.resources.uploads.admission import check_type
from mememime_proxy.resources.uploads.model import printable
from mememime_proxy.resources.uploads.temp_file import UploadedOriginal
from mememime_proxy.service.logs import logger
from mememime_proxy.storage.asset_keys import asset_key
from mememime_proxy.storage.protocol import Storage
from mememime_proxy.workers.pool import Pool, WorkerJob

_INSPECT_TIMEOUT: Final = 60.0
_REMOVAL_TIMEOUT: Final = 10.0
"""Seconds to wait for a removal of the same bytes."""
_POLL: Final = 0.1
MAX_REASON: Final = 500
_REPACKED: Final = {"jpeg", "png"}
_MAX_REPACKED: Final = 64 << 20
"""Bytes of the largest original that is repacked."""
_MAX_HASHED_HERE: Final = 1 << 18
"""Bytes that are hashed within half a millisecond."""


class Ingest:
    """All methods may raise DatabaseError and the storage's and the workers' errors: nothing is lost, repeat it."""

    def __init__(
        self,
        publication: Publication,
        storage: Storage,
        pool: Pool,
        films: FilmInspection,
        clock: Callable[[], int],
        plan: Plan,
        *,
        repack: bool,
    ) -> None:
        self._publication = publication
        self._storage = storage
        self._pool = pool
        self.films = films
        self._clock = clock
        self._plan = plan
        self._repack = repack
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._log = logger()

    def lock(self, sha256: str) -> asyncio.Lock:
        """Return the lock of a digest in this process: the same bytes are verified once, however many bring them."""
        return self._locks.setdefault(sha256, asyncio.Lock())

    def use_plan(self, plan: Plan) -> None:
        """Verify with the limits of ``plan`` from now on."""
        self._plan = plan

    async def verify_and_store(
        self, original: UploadedOriginal, sha256: str, principal: Principal
    ) -> StoredOriginal | None:
        """Store verified bytes; None where the asset is removed at the same time: repeat it.

        UploadTypeError for a media type that the principal's token does not allow; ImageError for bytes that cannot be
        decoded (recorded as a ``quarantined`` asset without bytes).
        """
        asset = await self.after_removal(sha256)
        if asset is not None and (stored := await self.find_stored(asset)) is not None:
            check_type(principal, asset.media_type)
            return stored
        try:
            inspected = await self.inspect(original, sha256)
        except (ImageError, WorkerCrashError) as error:
            detail = printable(error.detail, MAX_REASON)
            await self._publication.quarantine(sha256, original.size, error.code, detail, self._clock())
            raise
        check_type(principal, inspected.facts.media_type)
        if not await self._publication.claim(sha256, original.size, self._clock()):
            return None
        return await self.store(original, sha256, inspected)

    async def find_stored(self, asset: AssetRow) -> StoredOriginal | None:
        """Return the original of an asset that is ready and whose object exists."""
        if asset.state is not AssetState.READY or not await self._is_stored(asset):
            return None
        return StoredOriginal(asset.sha256, asset.stored_sha256, asset.stored_size, None)

    async def inspect(self, original: UploadedOriginal, sha256: str) -> Inspection:
        """Decode an original in a worker. ImageError and WorkerCrashError for bytes that cannot be decoded.

        Of a film or sound, parts: see ``FilmInspection``.
        """
        if (container := container_of(original.descriptor)) is not None:
            return await self.films.inspect(container, original.descriptor, self._plan, _INSPECT_TIMEOUT)
        inspected = await self._pool.run(
            WorkerJob(operation="inspect", plan=self._plan), original.descriptor, _INSPECT_TIMEOUT
        )
        return Inspection(msgspec.msgpack.decode(inspected.variant.body, type=AssetFacts))

    async def after_removal(self, sha256: str) -> AssetRow | None:
        """Return the asset's row once no process is removing it."""
        loop = asyncio.get_running_loop()
        end = loop.time() + _REMOVAL_TIMEOUT
        while True:
            asset = await self._publication.find(sha256)
            if asset is None or asset.state is not AssetState.REMOVING:
                return asset
            if loop.time() > end:
                raise StorageUnavailableError(f"the asset {sha256} is being removed")
            await asyncio.sleep(_POLL)

    async def _is_stored(self, asset: AssetRow) -> bool:
        try:
            info = await self._storage.head(asset_key(asset.sha256))
        except ObjectNotFoundError:
            return False
        return info.size == asset.stored_size

    async def store(self, original: UploadedOriginal, sha256: str, inspected: Inspection) -> StoredOriginal:
        """Store the object of a claimed asset, and check it."""
        facts = inspected.facts
        packed = await self._packed(original, sha256, facts)
        if packed is None:
            stored = StoredOriginal(sha256, sha256, original.size, facts, inspected.film)
        else:
            stored = StoredOriginal(sha256, await _hex_digest(hashlib.sha256, packed), len(packed), facts)
        key = asset_key(sha256)
        try:
            body = packed or original.content()
            info = await self._storage.put(key, body, content_type=facts.media_type, if_absent=True)
        except PreconditionFailedError:
            if await self._digest(key) == stored.sha256:
                return stored
            # Incomplete or corrupt: what this process holds is right.
            body = packed or original.content()
            info = await self._storage.put(key, body, content_type=facts.media_type)
        if isinstance(body, bytes) and info.etag == f'"{await _hex_digest(_md5, body)}"':
            return stored  # S3 has acknowledged these very bytes
        info = await self._storage.head(key)
        if info.size != stored.size:
            raise StorageError(f"found {info.size} bytes of {key} after {stored.size} were stored")
        return stored

    async def _packed(self, original: UploadedOriginal, sha256: str, facts: AssetFacts) -> bytes | None:
        """Return the same pixels in fewer bytes, where that is configured and possible."""
        if not self._repack or facts.format not in _REPACKED or original.size > _MAX_REPACKED:
            return None
        try:
            repacked = await self._pool.run(
                WorkerJob(operation="repack", plan=self._plan),
                original.descriptor,
                _INSPECT_TIMEOUT,
            )
        except MememimeError as error:
            # That costs room, but not the upload.
            self._log.warning("original.repack_failed", sha256=sha256, detail=error.detail)
            return None
        body = repacked.variant.body
        return body if 0 < len(body) < original.size else None

    async def _digest(self, key: str) -> str:
        """Return the SHA-256 of a stored object; '' where it cannot be read to its end."""
        digest = hashlib.sha256()
        try:
            async with await self._storage.open(key) as body:
                async for block in body:
                    digest.update(block)
        except StorageError:
            return ""
        return digest.hexdigest()


def _md5(body: bytes) -> hashlib._Hash:
    return hashlib.md5(body, usedforsecurity=False)


async def _hex_digest(hash_: Callable[[bytes], hashlib._Hash], body: bytes) -> str:
    """Return the digest of ``body``, of a large one computed beside the event loop."""
    if len(body) <= _MAX_HASHED_HERE:
        return hash_(body).hexdigest()
    return await asyncio.to_thread(lambda: hash_(body).hexdigest())
