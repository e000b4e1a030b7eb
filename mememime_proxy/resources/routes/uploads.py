"""What the routes of uploads share: the condition of the alias, the check of room, the response, the errors."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from msgspec import Meta

from mememime_proxy.errors import (
    AliasNameError,
    AliasTakenError,
    ConflictError,
    DigestError,
    ImageError,
    QuotaError,
    StorageFullError,
    UploadTooLargeError,
    UploadTypeError,
    VersionError,
)
from mememime_proxy.resources.aliases.model import AliasCondition
from mememime_proxy.resources.assets.model import Asset
from mememime_proxy.resources.auth import quotas
from mememime_proxy.resources.http.call import Call, json_response
from mememime_proxy.resources.http.endpoint import Header
from mememime_proxy.resources.uploads import admission
from mememime_proxy.resources.uploads.finalizer import Published

AliasText = Annotated[str, Meta(max_length=1020)]
"""The name of an alias before it is normalised."""
FileName = Annotated[str, Meta(max_length=1024)]
"""The name of a file; what is in front of its last slash is dropped, and what is behind 255 characters."""
UPLOAD_ERRORS = (
    AliasNameError,
    AliasTakenError,
    ConflictError,
    DigestError,
    ImageError,
    QuotaError,
    StorageFullError,
    UploadTooLargeError,
    UploadTypeError,
    VersionError,
)
"""What an upload may end in."""
CONDITION_HEADERS = (
    Header(name="If-Match", description="The required version of the alias; `*`: it must exist."),
    Header(name="If-None-Match", description="`*`: the alias may not exist."),
)


def alias_condition(call: Call) -> AliasCondition:
    """Return the condition of the alias that the request's headers set. RequestError."""
    headers = call.request.headers
    return AliasCondition.of_headers(headers.get("If-Match", ""), headers.get("If-None-Match", ""))


def size_limit(call: Call) -> int:
    """Return how many bytes one upload of the principal may have."""
    return admission.size_limit(call.require_principal(), call.services.settings.upload_max_size)


async def check_quota(call: Call, size: int) -> None:
    """Raise QuotaError where there is no room now; it is checked again when the asset becomes the tenant's."""
    async with call.services.database.read() as tx:
        await quotas.check_quota(tx, call.require_principal().tenant, size)


def published_asset(published: Published) -> Asset:
    """Return the JSON of the asset that an upload has become."""
    return Asset.of_row(published.asset, published.alias, published.alias_version)


def published_response(published: Published) -> web.Response:
    """Return the response to an upload in one request."""
    asset = published_asset(published)
    headers = {"ETag": asset.etag(), "Location": f"/assets/{asset.sha256}"}
    return json_response(asset, 201 if published.is_new else 200, headers)
