"""Optional capability of a storage: uploads in parts that a client sends directly to the storage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from mememime_proxy.storage.prefixed import PrefixedStorage
from mememime_proxy.storage.protocol import ObjectInfo, Storage


class Presigner(Protocol):
    """Multipart uploads whose parts are sent to presigned URLs. All methods raise the errors of ``Writer``."""

    async def create_upload(self, key: str, content_type: str) -> str:
        """Create a multipart upload and return its id. Nothing is visible under ``key`` before it is completed."""
        ...

    async def presign_part(self, key: str, upload_id: str, number: int, lifetime: int) -> str:
        """Return the URL for a PUT of part ``number`` (from 1), valid for ``lifetime`` seconds."""
        ...

    async def complete_upload(
        self, key: str, upload_id: str, parts: Sequence[tuple[int, str]], size: int
    ) -> ObjectInfo:
        """Make the object of ``size`` bytes from ``parts`` (number, entity tag) and return its state.

        Safe to repeat, also where the result of an earlier call is unknown. PreconditionFailedError where a part is not
        the one that was sent, or the parts have another size.
        """
        ...

    async def abort_upload(self, key: str, upload_id: str) -> None:
        """Delete the parts; a missing upload is no error."""
        ...


@runtime_checkable
class SupportsPresigning(Protocol):
    """A storage that can presign uploads."""

    def presigner(self) -> Presigner:
        """Return the presigner for this storage."""
        ...


@dataclass(frozen=True, slots=True)
class _PrefixedPresigner:
    """A presigner for the keys below a prefix."""

    inner: Presigner
    prefix: str

    async def create_upload(self, key: str, content_type: str) -> str:
        return await self.inner.create_upload(self.prefix + key, content_type)

    async def presign_part(self, key: str, upload_id: str, number: int, lifetime: int) -> str:
        return await self.inner.presign_part(self.prefix + key, upload_id, number, lifetime)

    async def complete_upload(
        self, key: str, upload_id: str, parts: Sequence[tuple[int, str]], size: int
    ) -> ObjectInfo:
        return await self.inner.complete_upload(self.prefix + key, upload_id, parts, size)

    async def abort_upload(self, key: str, upload_id: str) -> None:
        await self.inner.abort_upload(self.prefix + key, upload_id)


def presigner_of(storage: Storage) -> Presigner | None:
    """Return the presigner for ``storage``; None where it has none."""
    if isinstance(storage, PrefixedStorage):
        inner = presigner_of(storage.storage)
        return _PrefixedPresigner(inner, storage.prefix) if inner else None
    return storage.presigner() if isinstance(storage, SupportsPresigning) else None
