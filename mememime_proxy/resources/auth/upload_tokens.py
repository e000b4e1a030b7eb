"""Upload tokens: signed leave to upload so much of such kinds, for a while, to be handed to a browser."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.errors import ForbiddenError, RequestError, RoleError, UnauthenticatedError
from mememime_proxy.resources.auth.principal import Caller, Role, Scope
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.schema import TOKEN_USES
from mememime_proxy.service.tokens import Tokens

_SCOPE = "upload"
MAX_LIFE = 7 * 86400
"""Seconds."""


class Said(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The text of a token. ``expires``: milliseconds since 1970."""

    id: Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
    tenant: str
    expires: int
    prefix: str = ""
    max_size: Annotated[int, Meta(ge=0)] = 0
    types: tuple[str, ...] = ()
    count: Annotated[int, Meta(ge=0)] = 0
    sha256: str = ""


class UploadTokens:
    """Makes and reads tokens with the keys of TOKEN_KEY; they are good for nothing but uploads."""

    def __init__(self, keys: tuple[bytes, ...], clock: Callable[[], int]) -> None:
        self._tokens = Tokens(keys, _SCOPE) if keys else None
        self._clock = clock

    def make(self, caller: Caller, wanted: Scope, prefix: str, life: int) -> tuple[str, Scope]:
        """A token for ``life`` seconds, that allows no more than ``caller`` may. RequestError, RoleError."""
        if self._tokens is None:
            raise RequestError("this service has no MEMEMIME_TOKEN_KEY, so it gives out no tokens")
        if not prefix.startswith(caller.prefix):
            raise RoleError(f"the credential is good for aliases that begin with {caller.prefix!r}")
        said = Said(
            id=secrets.token_hex(16),
            tenant=caller.tenant,
            expires=self._clock() + 1000 * life,
            prefix=prefix,
            max_size=wanted.max_size,
            types=wanted.types,
            count=wanted.count,
            sha256=wanted.sha256,
        )
        return self._tokens.issue(msgspec.to_builtins(said)), _scope(said)

    def caller(self, token: str) -> Caller:
        """Whom a token makes of its bearer. UnauthenticatedError for one that is not good, or not any more."""
        if self._tokens is None:
            raise UnauthenticatedError("the credential is not good")
        try:
            said = msgspec.convert(self._tokens.verify(token, MAX_LIFE), Said)
        except (ForbiddenError, msgspec.ValidationError) as error:
            raise UnauthenticatedError("the credential is not good") from error
        if said.expires <= self._clock():
            raise UnauthenticatedError("the token has expired")
        return Caller(
            tenant=said.tenant,
            role=Role.WRITE,
            credential=f"token:{said.id}",
            prefix=said.prefix,
            scope=_scope(said),
        )


async def spend(database: Database, tx: AsyncConnection, caller: Caller) -> None:
    """Counts an upload with a token, in the transaction that begins it: both happen or none.

    RoleError where the token is used up, however many ask at once, in however many processes.
    """
    scope = caller.scope
    if scope is None or not scope.count:
        return
    await tx.execute(
        database.insert(TOKEN_USES).values(token=scope.id, uses=0, expires=scope.expires).on_conflict_do_nothing()
    )
    done = await tx.execute(
        update(TOKEN_USES)
        .where(TOKEN_USES.c.token == scope.id, TOKEN_USES.c.uses < scope.count)
        .values(uses=TOKEN_USES.c.uses + 1)
    )
    if done.rowcount != 1:
        raise RoleError("the token is used up")


def _scope(said: Said) -> Scope:
    return Scope(
        id=said.id,
        max_size=said.max_size,
        types=said.types,
        count=said.count,
        sha256=said.sha256,
        expires=said.expires,
    )
