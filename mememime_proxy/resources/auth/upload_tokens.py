"""Upload tokens: signed permissions for a limited time, for browsers."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import msgspec
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.errors import ForbiddenError, RequestError, RoleError, UnauthenticatedError
from mememime_proxy.resources.auth.principal import Principal, Role, TokenClaims
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.schema import TOKEN_USES
from mememime_proxy.service.tokens import UPLOAD_SCOPE, Tokens

MAX_LIFETIME = 7 * 86400
"""Seconds."""


class UploadTokens:
    """Issues and verifies tokens with the keys of TOKEN_KEY; they are accepted for uploads alone."""

    def __init__(self, keys: tuple[bytes, ...], clock: Callable[[], int]) -> None:
        self._tokens = Tokens(keys, UPLOAD_SCOPE, lambda: clock() / 1000) if keys else None
        self._clock = clock

    def issue(
        self,
        principal: Principal,
        lifetime: int,
        *,
        prefix: str = "",
        max_size: int = 0,
        types: tuple[str, ...] = (),
        count: int = 0,
        sha256: str = "",
        subject: str = "",
        upload: str = "",
    ) -> tuple[str, TokenClaims]:
        """Return a token for ``lifetime`` seconds that allows no more than ``principal`` may do.

        For the other arguments see TokenClaims. Raises RequestError where the service has no key for tokens, RoleError.
        """
        if self._tokens is None:
            raise RequestError("this service issues no tokens: MEMEMIME_TOKEN_KEY is not set")
        if not prefix.startswith(principal.prefix):
            raise RoleError(f"the credential may only write aliases that start with {principal.prefix!r}")
        claims = TokenClaims(
            id=secrets.token_hex(16),
            tenant=principal.tenant,
            expires=self._clock() + 1000 * lifetime,
            prefix=prefix,
            max_size=max_size,
            types=types,
            count=count,
            sha256=sha256,
            subject=subject,
            upload=upload,
        )
        return self._tokens.issue(msgspec.to_builtins(claims)), claims

    def authenticate(self, token: str) -> Principal:
        """Return the bearer of a token. Raises UnauthenticatedError for an invalid or expired one."""
        if self._tokens is None:
            raise UnauthenticatedError("the credential is invalid")
        try:
            claims = msgspec.convert(self._tokens.verify(token, MAX_LIFETIME), TokenClaims)
        except (ForbiddenError, msgspec.ValidationError) as error:
            raise UnauthenticatedError("the credential is invalid") from error
        if claims.expires <= self._clock():
            raise UnauthenticatedError("the token has expired")
        return Principal(
            tenant=claims.tenant,
            role=Role.WRITE,
            credential=f"token:{claims.id}",
            prefix=claims.prefix,
            claims=claims,
        )


async def count_token_use(database: Database, tx: AsyncConnection, principal: Principal) -> None:
    """Count an upload with a token, in the transaction that creates the upload: both happen or neither.

    Raises RoleError where the token is for one upload that exists, or has no use left, however many requests come at
    once, in any number of processes.
    """
    principal.check_creation()
    claims = principal.claims
    if claims is None or not claims.count:
        return
    await tx.execute(
        database.insert(TOKEN_USES).values(token=claims.id, uses=0, expires=claims.expires).on_conflict_do_nothing()
    )
    result = await tx.execute(
        update(TOKEN_USES)
        .where(TOKEN_USES.c.token == claims.id, TOKEN_USES.c.uses < claims.count)
        .values(uses=TOKEN_USES.c.uses + 1)
    )
    if result.rowcount != 1:
        raise RoleError("the token has been used as often as it allows")
