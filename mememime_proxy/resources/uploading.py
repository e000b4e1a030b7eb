"""What every way in has in common: who may send what, how much, and which alias it gets."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.errors import DigestError, UploadTooLargeError, UploadTypeError
from mememime_proxy.resources import quotas
from mememime_proxy.resources.aliases import ANY, Aliases, Condition, Content
from mememime_proxy.resources.api import Call
from mememime_proxy.resources.assets import Asset
from mememime_proxy.resources.bodies import chunks
from mememime_proxy.resources.caller import Caller
from mememime_proxy.resources.context import Services
from mememime_proxy.resources.names import normalised
from mememime_proxy.resources.preconditions import condition
from mememime_proxy.resources.spool import Spooled
from mememime_proxy.resources.upload_tokens import spend


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What shall become of an upload's bytes."""

    sha256: str = ""
    """The digest that they have to have; '' = any."""
    alias: str = ""
    """Normalised; '' = none."""
    condition: Condition = ANY
    """Of the alias."""

    @classmethod
    def of(cls, caller: Caller, *, sha256: str = "", alias: str = "", headers: Mapping[str, str] | None = None) -> Wish:
        """Checks what can be checked before a byte has come. AliasNameError, RoleError, RequestError, DigestError."""
        if caller.scope and caller.scope.sha256 and sha256 and sha256 != caller.scope.sha256:
            raise DigestError(f"the token is good for {caller.scope.sha256}")
        name = normalised(alias) if alias else ""
        if name:
            caller.may_name(name)
        return cls(sha256=sha256, alias=name, condition=condition(headers or {}))


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

    async def also(tx: AsyncConnection, sha256: str) -> None:
        await spend(services.database, tx, caller)
        await set_alias(services.aliases, tx, caller, wish, sha256)

    asset, new = await services.ingest.finish(spooled, caller, declared=wish.sha256, also=also)
    asset.alias = wish.alias or None
    return asset, new


async def set_alias(aliases: Aliases, tx: AsyncConnection, caller: Caller, wish: Wish, sha256: str) -> None:
    """The wish's alias points at the asset."""
    if wish.alias:
        await aliases.set_in(tx, caller, wish.alias, Content(sha256=sha256), wish.condition)


async def receive(call: Call, spooled: Spooled) -> None:
    """The body of a request, into the spool; see ``bodies.chunks`` for what it raises."""
    async for chunk in chunks(call, limit(call.services, call.known)):
        await spooled.write(chunk)
