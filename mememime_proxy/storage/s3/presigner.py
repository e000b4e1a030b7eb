"""Presigned multipart uploads of S3."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mememime_proxy.errors import ObjectNotFoundError, PreconditionFailedError, StorageDeniedError, StorageError
from mememime_proxy.storage.protocol import ObjectInfo

if TYPE_CHECKING:
    from mememime_proxy.storage.s3.bucket import S3Bucket


class S3Presigner:
    """A ``Presigner`` on one bucket."""

    def __init__(self, bucket: S3Bucket) -> None:
        self._bucket = bucket

    async def begin(self, key: str, content_type: str) -> str:
        """See ``Presigner``."""
        wanted = self._bucket.name(key) | {"ContentType": content_type}
        answer = await self._bucket.ask("create_multipart_upload", wanted)
        return str(answer["UploadId"])

    async def address(self, key: str, upload: str, number: int, lives: int) -> str:
        """See ``Presigner``. Nobody is asked for it."""
        wanted = self._bucket.name(key) | {"UploadId": upload, "PartNumber": number}
        made: Any = self._bucket.client.sdk.generate_presigned_url("upload_part", Params=wanted, ExpiresIn=lives)
        return str(await made)

    async def complete(self, key: str, upload: str, parts: Sequence[tuple[int, str]], size: int) -> ObjectInfo:
        """See ``Presigner``. The object is looked at, whatever the answer to the request was."""
        listed = [{"PartNumber": number, "ETag": etag} for number, etag in sorted(parts)]
        wanted = self._bucket.name(key) | {"UploadId": upload, "MultipartUpload": {"Parts": listed}}
        refused: StorageError | None = None
        try:
            await self._bucket.ask("complete_multipart_upload", wanted)
        except StorageDeniedError:
            raise
        except StorageError as error:
            # It may have been carried out with its answer lost, by this request or by one before it.
            refused = error
        try:
            info = await self._bucket.head(key)
        except ObjectNotFoundError:
            if refused is None or type(refused) in {StorageError, ObjectNotFoundError}:
                raise PreconditionFailedError("the parts are not those that were sent") from refused
            raise refused from None
        if info.size != size:
            raise PreconditionFailedError(f"the parts make {info.size} bytes, {size} were announced")
        return info

    async def abort(self, key: str, upload: str) -> None:
        """See ``Presigner``."""
        with contextlib.suppress(ObjectNotFoundError):
            await self._bucket.ask("abort_multipart_upload", self._bucket.name(key) | {"UploadId": upload})
