"""Knows callers by what they carry: an API key, the administrator's key of the settings, or an upload token."""

from __future__ import annotations

import hmac
import re
import time
from collections.abc import Callable

from cachetools import TTLCache

from mememime_proxy.errors import RoleError, UnauthenticatedError
from mememime_proxy.resources.auth.api_keys import DEFAULT_TENANT, PREFIX, Key, Keys, digest
from mememime_proxy.resources.auth.principal import Caller, Role
from mememime_proxy.resources.auth.rate_limit import Rates
from mememime_proxy.resources.auth.upload_tokens import UploadTokens

_API_KEY = re.compile(rf"{PREFIX}(?P<id>[0-9a-f]{{32}})_(?P<secret>[A-Za-z0-9_-]{{43}})", re.ASCII)
_REMEMBERED = 2.0
"""Seconds for which a key that was good is taken for good: so long a revoked one may go on."""
_MAX_REMEMBERED = 4096
_NONE = digest("")


class Auth:
    """An ``Authenticator``."""

    def __init__(
        self,
        keys: Keys,
        tokens: UploadTokens,
        admin_key: str,
        clock: Callable[[], int],
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """``admin_key``: '' = none. ``seconds``: the clock of rates and of what is remembered."""
        self._keys = keys
        self._tokens = tokens
        self._admin = digest(admin_key) if admin_key else ""
        self._clock = clock
        self._rates = Rates(seconds)
        self._good: TTLCache[str, tuple[Key, int | None]] = TTLCache(_MAX_REMEMBERED, _REMEMBERED, seconds)

    async def caller(self, authorization: str, *, tokens: bool) -> Caller:
        """See ``Authenticator``. DatabaseError where keys cannot be looked up."""
        scheme, _, credential = authorization.partition(" ")
        if scheme.lower() != "bearer" or not credential:
            raise UnauthenticatedError("expected Authorization: Bearer, with an API key or a token")
        credential = credential.strip()
        if self._admin and hmac.compare_digest(digest(credential), self._admin):
            return Caller(tenant=DEFAULT_TENANT, role=Role.ADMIN, credential="key:admin")
        if credential.startswith(PREFIX):
            return await self._by_key(credential)
        caller = self._tokens.caller(credential)
        if not tokens:
            raise RoleError("upload tokens are good for uploads only")
        return caller

    async def _by_key(self, credential: str) -> Caller:
        whole = digest(credential)
        known = self._good.get(whole) or await self._look_up(credential, whole)
        key, per_minute = known
        if key.revoked is not None or (key.expires is not None and key.expires <= self._clock()):
            raise UnauthenticatedError("the credential is not good")
        self._rates.take(key.id, per_minute)
        return Caller(tenant=key.tenant, role=key.role, credential=f"key:{key.id}", prefix=key.prefix)

    async def _look_up(self, credential: str, whole: str) -> tuple[Key, int | None]:
        spelt = _API_KEY.fullmatch(credential)
        found = await self._keys.found(spelt["id"]) if spelt else None
        kept = found[1] if found else _NONE
        if not hmac.compare_digest(digest(spelt["secret"] if spelt else "x"), kept) or found is None:
            raise UnauthenticatedError("the credential is not good")
        self._good[whole] = (found[0], found[2])
        return self._good[whole]

    def forget(self) -> None:
        """Keys are looked up again."""
        self._good.clear()
