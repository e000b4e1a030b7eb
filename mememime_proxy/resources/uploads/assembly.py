"""Assembly: the bytes of a complete upload, from its chunks or from one incoming object, in a temporary file."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Callable
from typing import Final

from sqlalchemy import delete, select

from mememime_proxy.errors import DatabaseError, ObjectNotFoundError, StorageError, UploadGoneError
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.schema import CHUNKS
from mememime_proxy.resources.database.states import UploadKind
from mememime_proxy.resources.uploads.model import Upload
from mememime_proxy.resources.uploads.temp_file import TempFile
from mememime_proxy.storage.asset_keys import incoming_key
from mememime_proxy.storage.protocol import Storage

_CONCURRENT_DELETES: Final = 8


class Assembly:
    """All methods may raise DatabaseError and StorageError."""

    def __init__(self, database: Database, storage: Storage) -> None:
        self._database = database
        self._storage = storage

    async def assemble(self, upload: Upload, temp_file: TempFile) -> None:
        """Copy all bytes of an upload. UploadGoneError where a chunk is missing or changed."""
        if upload.kind is UploadKind.MULTIPART:
            await self._copy(incoming_key(upload.id), temp_file)
            return
        for owner in _chunk_owners(upload):
            async with self._database.read() as tx:
                rows = (await tx.execute(select(CHUNKS).where(CHUNKS.c.upload == owner).order_by(CHUNKS.c.start))).all()
            end = 0
            for row in rows:
                if row.start != end:
                    break
                end += row.size
                digest = hashlib.sha256()
                await self._copy(row.object_key, temp_file, digest.update)
                if digest.hexdigest() != row.sha256:
                    raise UploadGoneError("a chunk of the upload was damaged in the storage")
        if temp_file.size != upload.length:
            raise UploadGoneError("a chunk of the upload was lost in the storage")

    async def discard(self, upload: Upload) -> None:
        """Delete the bytes of an upload that has ended, as far as that works now: maintenance deletes the rest."""
        with contextlib.suppress(DatabaseError, StorageError):
            if upload.kind is UploadKind.MULTIPART:
                await self._storage.delete(incoming_key(upload.id))
                return
            query = select(CHUNKS.c.object_key).where(CHUNKS.c.upload.in_(_chunk_owners(upload)))
            async with self._database.read() as tx:
                keys = list((await tx.execute(query)).scalars())
            slots = asyncio.Semaphore(_CONCURRENT_DELETES)

            async def delete_object(key: str) -> None:
                async with slots:
                    await self._storage.delete(key)

            for error in await asyncio.gather(*map(delete_object, keys), return_exceptions=True):
                if error is not None:
                    raise error
            async with self._database.write() as tx:
                await tx.execute(delete(CHUNKS).where(CHUNKS.c.object_key.in_(keys)))

    async def _copy(self, key: str, temp_file: TempFile, update: Callable[[bytes], None] = lambda _: None) -> None:
        """Append an object to the file. ``update`` is called with each block."""
        try:
            async with await self._storage.open(key) as body:
                async for block in body:
                    update(block)
                    await temp_file.write(block)
        except ObjectNotFoundError as error:
            raise UploadGoneError("a chunk of the upload was lost in the storage") from error


def _chunk_owners(upload: Upload) -> tuple[str, ...]:
    """Return the ids of the uploads whose chunks are its bytes, in their order."""
    return upload.parts or (upload.id,)
