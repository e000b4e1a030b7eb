"""What every way in has in common: who may send what, how much, and which alias it gets."""

from __future__ import annotations

import sys

from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.errors import UploadTooLargeError, UploadTypeError
from mememime_proxy.resources.assets.repository import Asset
from mememime_proxy.resources.auth import quotas
from mememime_proxy.resources.auth.principal import Caller
from mememime_proxy.resources.auth.upload_tokens import spend
from mememime_proxy.resources.context import Services
from mememime_proxy.resources.http.endpoint import Call
from mememime_proxy.resources.http.request_body import chunks
from mememime_proxy.resources.uploads.intent import Wish, set_alias
from mememime_proxy.resources.uploads.temp_file import Spooled


def limit(services: Services, caller: Caller) -> int:
    """Bytes that one upload of this caller may have."""
    return min(services.settings.upload_max_size, (caller.scope and caller.scope.max_size) or sys.maxsize)


def check_size(services: Services, caller: Caller, size: int) -> None:
    """UploadTooLargeError."""
    most = limit(services, caller)
    if size > most:
        raise UploadTooLargeError(f"found {size} bytes, at most {most} are allowed")


def check_claimed_type(caller: Caller, media_type: str) -> None:
    """UploadTypeError for a type that the client itself names and its token does not allow; '' = it names none."""
    if media_type and caller.scope and caller.scope.types and media_type not in caller.scope.types:
        raise UploadTypeError(f"found {media_type}, the token allows {', '.join(caller.scope.types)}")


async def check_room(services: Services, caller: Caller, size: int) -> None:
    """QuotaError where there is no room now; it is looked at again when the asset becomes the tenant's."""
    async with services.database.read() as tx:
        await quotas.check_room(tx, caller.tenant, size)


async def finish(services: Services, spooled: Spooled, caller: Caller, wish: Wish) -> tuple[Asset, bool]:
    """The asset of a whole upload, with its alias, in one transaction with the use of the caller's token."""

    async def also(tx: AsyncConnection, asset: Asset) -> None:
        await spend(services.database, tx, caller)
        await set_alias(services.aliases, tx, caller, wish, asset)

    return await services.ingest.finish(spooled, caller, declared=wish.sha256, also=also)


async def receive(call: Call, spooled: Spooled) -> None:
    """The body of a request, into the spool; see ``bodies.chunks`` for what it raises."""
    async for chunk in chunks(call, limit(call.services, call.known)):
        await spooled.write(chunk)
