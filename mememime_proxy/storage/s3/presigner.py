"""Presigned multipart uploads to S3."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from mememime_proxy.errors import ObjectNotFoundError, PreconditionFailedError, StorageDeniedError, StorageError
from mememime_proxy.storage.protocol import ObjectInfo
from mememime_proxy.storage.s3.operations import BucketOperations


class S3Presigner:
    """A ``Presigner`` on one bucket."""

    def __init__(self, operations: BucketOperations) -> None:
        self._operations = operations

    async def create_upload(self, key: str, content_type: str) -> str:
        """Create a multipart upload and return its id; see ``Presigner``."""
        parameters = self._operations.object_parameters(key) | {"ContentType": content_type}
        response = await self._operations.call("create_multipart_upload", parameters)
        return str(response["UploadId"])

    async def presign_part(self, key: str, upload_id: str, number: int, lifetime: int) -> str:
        """Return the URL for a PUT of one part; see ``Presigner``. No request is sent."""
        parameters = self._operations.object_parameters(key) | {"UploadId": upload_id, "PartNumber": number}
        sdk: Any = self._operations.client.sdk
        return str(await sdk.generate_presigned_url("upload_part", Params=parameters, ExpiresIn=lifetime))

    async def complete_upload(
        self, key: str, upload_id: str, parts: Sequence[tuple[int, str]], size: int
    ) -> ObjectInfo:
        """Make the object from its parts; see ``Presigner``. Whatever the response, the object is looked up then."""
        part_list = [{"PartNumber": number, "ETag": etag} for number, etag in sorted(parts)]
        parameters = {"UploadId": upload_id, "MultipartUpload": {"Parts": part_list}}
        refusal: StorageError | None = None
        try:
            await self._operations.call(
                "complete_multipart_upload", self._operations.object_parameters(key) | parameters
            )
        except StorageDeniedError:
            raise
        except StorageError as error:
            # This request or an earlier one may have been carried out and its response lost.
            refusal = error
        try:
            info = await self._operations.head(key)
        except ObjectNotFoundError:
            if refusal is None or type(refusal) in {StorageError, ObjectNotFoundError}:
                raise PreconditionFailedError("the parts are not those that were sent") from refusal
            raise refusal from None
        if info.size != size:
            raise PreconditionFailedError(f"the parts have {info.size} bytes, {size} were announced")
        return info

    async def abort_upload(self, key: str, upload_id: str) -> None:
        """Delete the parts; see ``Presigner``."""
        parameters = self._operations.object_parameters(key) | {"UploadId": upload_id}
        with contextlib.suppress(ObjectNotFoundError):
            await self._operations.call("abort_multipart_upload", parameters)
