"""Uploads that go past the service: a storage gives out an address for each part, and puts the parts together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from mememime_proxy.storage.prefixed import Prefixed
from mememime_proxy.storage.protocol import ObjectInfo, Storage


class Presigner(Protocol):
    """Makes one object from parts that somebody else sends. All methods raise the storage's errors."""

    async def begin(self, key: str, content_type: str) -> str:
        """An upload's id. Nothing is visible under ``key`` before ``complete``."""
        ...

    async def address(self, key: str, upload: str, number: int, lives: int) -> str:
        """Where a PUT sends part ``number`` (from 1), for ``lives`` seconds from now on."""
        ...

    async def complete(self, key: str, upload: str, parts: Sequence[tuple[int, str]], size: int) -> ObjectInfo:
        """The object is there, of ``size`` bytes, from parts that are named by number and entity tag.

        Safe to repeat, also where nobody knows what became of the first time. PreconditionFailedError where the parts
        are not those that were sent, or make another size.
        """
        ...

    async def abort(self, key: str, upload: str) -> None:
        """The parts are gone, whether there were any or not."""
        ...


@runtime_checkable
class Presigning(Protocol):
    """A storage that can do so."""

    def presigner(self) -> Presigner:
        """What does it."""
        ...


@dataclass(frozen=True, slots=True)
class _Prefixed:
    """The same below a prefix."""

    inner: Presigner
    prefix: str

    async def begin(self, key: str, content_type: str) -> str:
        return await self.inner.begin(self.prefix + key, content_type)

    async def address(self, key: str, upload: str, number: int, lives: int) -> str:
        return await self.inner.address(self.prefix + key, upload, number, lives)

    async def complete(self, key: str, upload: str, parts: Sequence[tuple[int, str]], size: int) -> ObjectInfo:
        return await self.inner.complete(self.prefix + key, upload, parts, size)

    async def abort(self, key: str, upload: str) -> None:
        await self.inner.abort(self.prefix + key, upload)


def presigner_of(storage: Storage) -> Presigner | None:
    """Whoever does so for ``storage``; None where it cannot be done."""
    if isinstance(storage, Prefixed):
        inner = presigner_of(storage.storage)
        return _Prefixed(inner, storage.prefix) if inner else None
    return storage.presigner() if isinstance(storage, Presigning) else None
