"""Multipart uploads straight to the storage: the service signs a URL for each part, and verifies the complete object.

The parts come to a key of their own, which nothing reads but the service. Only bytes that it has read from there,
decoded and stored again under their digest become an asset: a signed URL that is used later changes nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import insert

from mememime_proxy.errors import (
    ConflictError,
    PreconditionFailedError,
    RequestError,
    StorageError,
    UploadGoneError,
    UploadNotFoundError,
)
from mememime_proxy.resources.auth import quotas
from mememime_proxy.resources.auth.principal import Principal
from mememime_proxy.resources.auth.upload_tokens import count_token_use
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.schema import UPLOADS
from mememime_proxy.resources.database.states import OPEN_UPLOADS, UploadKind, UploadState
from mememime_proxy.resources.uploads.finalizer import Finished
from mememime_proxy.resources.uploads.model import Upload, UploadIntent
from mememime_proxy.resources.uploads.repository import Uploads
from mememime_proxy.resources.uploads.scheduler import FinalizerScheduler
from mememime_proxy.storage.asset_keys import incoming_key
from mememime_proxy.storage.presigning import Presigner, presigner_of
from mememime_proxy.storage.protocol import Storage

MIN_PART: Final = 5 << 20
"""Bytes; S3 takes no smaller parts but the last one."""
DEFAULT_PART: Final = 16 << 20
MAX_PARTS: Final = 10_000
URL_LIFETIME: Final = 3600
"""Seconds for which a signed URL is good."""


class PresignedUploads:
    """All methods may raise DatabaseError and StorageError; UploadNotFoundError for uploads of others."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        uploads: Uploads,
        scheduler: FinalizerScheduler,
        clock: Callable[[], int],
        *,
        lifetime: int,
    ) -> None:
        """``lifetime``: milliseconds until an upload expires."""
        self._database = database
        self._storage = storage
        self._uploads = uploads
        self._scheduler = scheduler
        self._clock = clock
        self._lifetime = lifetime
        self._presigner = presigner_of(storage)

    async def begin(self, principal: Principal, intent: UploadIntent, size: int, part_size: int) -> Upload:
        """Begin an upload of ``size`` bytes, in parts of about ``part_size``; 0 = any.

        ConflictError where the storage takes no parts; QuotaError, RoleError.
        """
        presigner = self._require_presigner()
        upload_id, now = secrets.token_hex(16), self._clock()
        key = incoming_key(upload_id)
        storage_upload_id = await presigner.create_upload(key, "application/octet-stream")
        upload = Upload(
            id=upload_id,
            kind=UploadKind.MULTIPART,
            principal=principal,
            intent=intent,
            length=size,
            size_limit=size,
            expires=now + self._lifetime,
            part_size=max(part_size or DEFAULT_PART, MIN_PART, -(-size // MAX_PARTS)),
            storage_upload_id=storage_upload_id,
        )
        try:
            async with self._database.write() as tx:
                await count_token_use(self._database, tx, principal)
                await quotas.check_quota(tx, principal.tenant, size)
                await tx.execute(insert(UPLOADS).values(**upload.columns(now)))
        except BaseException:
            await presigner.abort_upload(key, storage_upload_id)
            raise
        return upload

    async def get(self, principal: Principal, upload_id: str) -> Upload:
        """Return an upload whose parts may be sent. UploadGoneError for one that has ended."""
        upload = await self._get(principal, upload_id)
        if upload.state is not UploadState.RECEIVING:
            raise UploadGoneError(f"the upload is {upload.state}")
        return upload

    async def part_urls(self, upload: Upload, parts: Sequence[int]) -> list[tuple[int, str]]:
        """Return where to PUT the parts of these numbers. RequestError."""
        last = -(-(upload.length or 0) // upload.part_size)
        if (invalid_part := next((part for part in parts if not 1 <= part <= last), None)) is not None:
            raise RequestError(f"found part {invalid_part}, expected 1 to {last}")
        presigner, key = self._require_presigner(), incoming_key(upload.id)
        return [
            (part, await presigner.presign_part(key, upload.storage_upload_id, part, URL_LIFETIME)) for part in parts
        ]

    async def complete(self, principal: Principal, upload_id: str, parts: Sequence[tuple[int, str]]) -> Finished:
        """Put the parts together and finish the upload; safe to repeat.

        ConflictError where the parts are not what was announced; UploadGoneError; as ``FinalizerScheduler.finish``.
        """
        upload = await self._get(principal, upload_id)
        if upload.state is UploadState.RECEIVING:
            upload = await self._put_together(principal, upload, parts)
        if upload.state in OPEN_UPLOADS or upload.state is UploadState.DONE:
            return await self._scheduler.finish(upload, None)
        detail = f": {upload.error_code}: {upload.error_detail}" if upload.error_code else ""
        raise UploadGoneError(f"the upload is {upload.state}{detail}")

    async def _put_together(self, principal: Principal, upload: Upload, parts: Sequence[tuple[int, str]]) -> Upload:
        key, size = incoming_key(upload.id), upload.length or 0
        try:
            await self._require_presigner().complete_upload(key, upload.storage_upload_id, parts, size)
        except StorageError as error:
            current = await self._get(principal, upload.id)
            if current.state is not UploadState.RECEIVING:
                return current  # another request has done the same meanwhile
            if isinstance(error, PreconditionFailedError):
                raise ConflictError(error.detail) from error
            raise
        return replace(upload, received=size)

    async def abort(self, principal: Principal, upload_id: str) -> None:
        """End an upload and delete its parts. UploadGoneError; ConflictError while it is verified."""
        upload = await self.get(principal, upload_id)
        await self._uploads.terminate(upload)
        await self._require_presigner().abort_upload(incoming_key(upload.id), upload.storage_upload_id)
        await self._storage.delete(incoming_key(upload.id))

    def _require_presigner(self) -> Presigner:
        if self._presigner is None:
            raise ConflictError("the service's storage takes no parts past the service: use resumable uploads")
        return self._presigner

    async def _get(self, principal: Principal, upload_id: str) -> Upload:
        upload = await self._uploads.find(upload_id)
        if upload is None or upload.kind is not UploadKind.MULTIPART or not upload.is_visible_to(principal):
            raise UploadNotFoundError(f"there is no upload {upload_id}")
        if upload.state is UploadState.RECEIVING and upload.expires <= self._clock():
            raise UploadGoneError("the upload has expired")
        return upload
