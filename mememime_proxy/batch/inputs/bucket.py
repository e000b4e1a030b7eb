"""Input of a bucket: the pictures below ``s3://bucket/prefix``, also ``gs://`` and ``abs://``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import cast

from mememime_proxy.batch.model import BatchItem
from mememime_proxy.errors import BatchInputError, BatchUsageError, StorageError
from mememime_proxy.service.conditional import parse_http_date
from mememime_proxy.settings import sections
from mememime_proxy.settings.settings import Settings
from mememime_proxy.storage.content_types import guess_content_type
from mememime_proxy.storage.protocol import Storage
from mememime_proxy.storage.registry import Storages


class BucketInput:
    """Objects with the extension of a picture, in the order of their keys."""

    is_local = False

    def __init__(self, settings: Settings, place: str) -> None:
        """SettingsError where the storages are configured wrongly."""
        self._config = sections.storages_config(settings, writes_assets=False)
        self._place = place

    def digest(self) -> str:
        """See ``BatchInput``."""
        return ""

    async def items(self) -> AsyncIterator[BatchItem]:
        """See ``BatchInput``."""
        scheme, _, rest = self._place.partition("://")
        bucket, _, prefix = rest.partition("/")
        storages = Storages(self._config)
        await storages.start()
        try:
            reader = storages.reader(scheme, bucket)
            if reader is None:
                raise BatchUsageError(
                    f"--from: no storage is configured for {self._place!r}; see MEMEMIME_USE_S3 and the like"
                )
            async for info in cast(Storage, reader).list(prefix):
                if not guess_content_type(info.key).startswith("image/"):
                    continue
                name = info.key.rpartition(".")[0]
                changed = float(parse_http_date(info.last_modified) or 0)
                yield BatchItem(f"{scheme}://{bucket}/{info.key}", name=name, changed=changed, size=info.size)
        except StorageError as error:
            raise BatchInputError(f"{self._place}: {error.detail}") from error
        finally:
            await storages.close()
