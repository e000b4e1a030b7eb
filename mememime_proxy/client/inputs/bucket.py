"""Objects of a bucket as files to upload: ``s3://bucket/prefix``, also ``gs://`` and ``abs://``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import cast

from mememime_proxy.client.errors import FileError
from mememime_proxy.client.inputs.content import FileContent, StoredObject
from mememime_proxy.client.inputs.name_filter import Filter
from mememime_proxy.client.inputs.scan import Entry
from mememime_proxy.errors import StorageError
from mememime_proxy.storage.protocol import ObjectInfo, Storage
from mememime_proxy.storage.registry import Storages


def is_bucket(origin: str) -> bool:
    """Whether this origin is a bucket."""
    return "://" in origin


async def objects(storages: Storages, origin: str, name_filter: Filter) -> AsyncIterator[Entry]:
    """Yield the objects below ``origin``, also those that are left out.

    Raises FileError where its storage is not configured or fails.
    """
    scheme, _, rest = origin.partition("://")
    bucket, _, prefix = rest.partition("/")
    reader = storages.reader(scheme, bucket)
    if reader is None:
        raise FileError(
            f"{origin}: no storage is configured for it; see MEMEMIME_USE_S3 and the other settings of storages"
        )
    storage = cast(Storage, reader)  # every reader of a registry is a complete storage
    # Paths start after the last slash of the prefix: s3://bucket/ph has ph1.jpg and ph2.jpg under these names.
    folder = prefix[: prefix.rfind("/") + 1]

    def entry(info: ObjectInfo) -> Entry:
        def content() -> FileContent:
            return StoredObject(reader, info.key, info.size, info.etag)

        path = info.key.removeprefix(folder)
        return Entry(
            place=f"{scheme}://{bucket}/{info.key}", path=path, open=content, left_out=name_filter.reason(path)
        )

    try:
        async for info in storage.list(prefix):
            if not info.key.endswith("/"):
                yield entry(info)
    except StorageError as error:
        raise FileError(f"{origin}: {error.detail}") from error
