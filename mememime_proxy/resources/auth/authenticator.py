"""The authenticator: from an Authorization header to a principal.

A credential is an API key, the administrator's key of the settings, or an upload token.
"""

from __future__ import annotations

import hmac
import re
import time
from collections.abc import Callable

from cachetools import TTLCache

from mememime_proxy.errors import RoleError, UnauthenticatedError
from mememime_proxy.resources.auth.api_keys import DEFAULT_TENANT, PREFIX, ApiKeys, StoredKey, hash_secret
from mememime_proxy.resources.auth.principal import Principal, Role
from mememime_proxy.resources.auth.rate_limit import RateLimiter
from mememime_proxy.resources.auth.upload_tokens import UploadTokens

_API_KEY = re.compile(rf"{PREFIX}(?P<id>[0-9a-f]{{32}})_(?P<secret>[A-Za-z0-9_-]{{43}})", re.ASCII)
ADMIN_KEY_ID = "admin"
"""In place of an id, for the administrator's key of the settings."""
_CACHE_TIME = 2.0
"""Seconds for which a valid key is not looked up again: a key that another process revokes works for so long."""
_CACHE_SIZE = 4096
_NO_HASH = hash_secret("")


class Authenticator:
    """Authenticates requests and counts them against the rate limit of their key."""

    def __init__(
        self,
        keys: ApiKeys,
        tokens: UploadTokens,
        admin_key: str,
        clock: Callable[[], int],
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """``admin_key``: '' = none. ``seconds``: the clock of rate limits and of the cache."""
        self._keys = keys
        self.use(tokens, admin_key)
        self._clock = clock
        self._rate_limiter = RateLimiter(seconds)
        self._cache: TTLCache[str, StoredKey] = TTLCache(_CACHE_SIZE, _CACHE_TIME, seconds)

    def use(self, tokens: UploadTokens, admin_key: str) -> None:
        """Accept these tokens and this key of the administrator from now on."""
        self._tokens = tokens
        self._admin_hash = hash_secret(admin_key) if admin_key else ""

    async def authenticate(self, authorization: str, *, accept_tokens: bool) -> Principal:
        """Return the principal of an Authorization header.

        Raises UnauthenticatedError for an invalid or expired credential, RoleError for an upload token where tokens are
        not accepted, RateError, and DatabaseError where keys cannot be looked up.
        """
        scheme, _, credential = authorization.partition(" ")
        if scheme.lower() != "bearer" or not credential:
            raise UnauthenticatedError("expected Authorization: Bearer, with an API key or an upload token")
        credential = credential.strip()
        if self._admin_hash and hmac.compare_digest(hash_secret(credential), self._admin_hash):
            return Principal(tenant=DEFAULT_TENANT, role=Role.ADMIN, credential=f"key:{ADMIN_KEY_ID}")
        if credential.startswith(PREFIX):
            return await self._authenticate_key(credential)
        principal = self._tokens.authenticate(credential)
        if not accept_tokens:
            raise RoleError("upload tokens are accepted for uploads only")
        return principal

    async def _authenticate_key(self, text: str) -> Principal:
        text_hash = hash_secret(text)
        stored = self._cache.get(text_hash)
        if stored is None:
            stored = self._cache[text_hash] = await self._look_up(text)
        return self._principal(stored)

    def _principal(self, stored: StoredKey) -> Principal:
        key = stored.key
        if key.revoked is not None or (key.expires is not None and key.expires <= self._clock()):
            raise UnauthenticatedError("the credential is invalid")
        self._rate_limiter.take(key.id, stored.requests_per_minute)
        return Principal(tenant=key.tenant, role=key.role, credential=f"key:{key.id}", prefix=key.prefix)

    async def authenticate_session(self, key_id: str, secret_hash: str) -> Principal:
        """Return the principal of a session that the key with this id and hash began.

        Raises as ``authenticate``: the key may be revoked or have expired meanwhile, and has the same rate limit.
        """
        if key_id == ADMIN_KEY_ID:
            if not self._admin_hash or not hmac.compare_digest(secret_hash, self._admin_hash):
                raise UnauthenticatedError("the credential is invalid")
            return Principal(tenant=DEFAULT_TENANT, role=Role.ADMIN, credential=f"key:{ADMIN_KEY_ID}")
        stored = self._cache.get(key_id)
        if stored is None:
            stored = await self._keys.get(key_id)
            if stored is None:
                raise UnauthenticatedError("the credential is invalid")
            self._cache[key_id] = stored
        return self._principal(stored)

    async def _look_up(self, text: str) -> StoredKey:
        match = _API_KEY.fullmatch(text)
        stored = await self._keys.get(match["id"]) if match else None
        # Compared in any case: the time of a refusal does not say whether there is such a key.
        secret_hash = hash_secret(match["secret"] if match else "x")
        if not hmac.compare_digest(secret_hash, stored.secret_hash if stored else _NO_HASH) or stored is None:
            raise UnauthenticatedError("the credential is invalid")
        return stored

    def clear_cache(self) -> None:
        """Look up every key again."""
        self._cache.clear()
