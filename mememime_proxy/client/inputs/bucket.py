"""``s3://bucket/prefix`` (and ``gs://``, ``abs://``) as an origin: its objects are sent on as they come."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import cast

from mememime_proxy.client.errors import FileError
from mememime_proxy.client.inputs.content import Content, StoredObject
from mememime_proxy.client.inputs.scan import Entry, Filter
from mememime_proxy.errors import StorageError
from mememime_proxy.storage.protocol import ObjectInfo, Storage
from mememime_proxy.storage.registry import Storages


def is_bucket(origin: str) -> bool:
    """Whether this origin is in an object storage."""
    return "://" in origin


async def objects(storages: Storages, origin: str, wanted: Filter) -> AsyncIterator[Entry]:
    """The objects below ``origin``. FileError where nobody answers for it or the storage fails."""
    scheme, _, rest = origin.partition("://")
    bucket, _, prefix = rest.partition("/")
    reader = storages.reader(scheme, bucket)
    if reader is None:
        raise FileError(f"{origin}: no storage answers for it; MEMEMIME_USE_S3 and its like say which ones there are")
    storage = cast(Storage, reader)  # every one of them lists as well
    # Paths begin behind the last slash of what was named: s3://bucket/ph finds ph1.jpg and ph2.jpg by these names.
    folder = prefix[: prefix.rfind("/") + 1]

    def entry(info: ObjectInfo) -> Entry:
        def content() -> Content:
            return StoredObject(reader, info.key, info.size, info.etag)

        return Entry(place=f"{scheme}://{bucket}/{info.key}", path=info.key.removeprefix(folder), open=content)

    try:
        async for info in storage.list(prefix):
            if not info.key.endswith("/") and wanted.wants(info.key.removeprefix(folder)):
                yield entry(info)
    except StorageError as error:
        raise FileError(f"{origin}: {error.detail}") from error
