"""What a client wants of the bytes that it sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.errors import DigestError
from mememime_proxy.resources.aliases.names import normalised
from mememime_proxy.resources.aliases.service import ANY, Aliases, Condition, Content
from mememime_proxy.resources.assets.repository import Asset
from mememime_proxy.resources.auth.principal import Caller
from mememime_proxy.resources.http.preconditions import condition


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


async def set_alias(aliases: Aliases, tx: AsyncConnection, caller: Caller, wish: Wish, asset: Asset) -> None:
    """The wish's alias points at the asset, which says so."""
    if wish.alias:
        change = await aliases.set_in(tx, caller, wish.alias, Content(sha256=asset.sha256), wish.condition)
        asset.alias, asset.alias_version = wish.alias, change.version
