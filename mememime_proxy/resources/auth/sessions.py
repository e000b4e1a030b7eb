"""Sessions of the console: begun with an API key, known by a signed cookie, ended by log-out, time or revocation."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from typing import Final, NamedTuple

from sqlalchemy import delete, select, update

from mememime_proxy.errors import ForbiddenError, RequestError, RoleError, UnauthenticatedError
from mememime_proxy.resources.auth.api_keys import hash_secret
from mememime_proxy.resources.auth.authenticator import ADMIN_KEY_ID, Authenticator
from mememime_proxy.resources.auth.principal import Principal
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.schema import SESSIONS, TOKEN_USES
from mememime_proxy.service.tokens import SIGN_IN_SCOPE, Tokens

LIFETIME: Final = 12 * 3600
"""Seconds after which a session ends."""
IDLE: Final = 2 * 3600
"""Seconds without a request after which it ends."""
LINK_LIFETIME: Final = 12 * 3600
"""Seconds for which a sign-in link can be used, once."""
_SCOPE: Final = "console"
_MARK: Final = 60
"""Seconds between two notes of when a session was used."""


class ConsoleSession(NamedTuple):
    """A session of the console, with the principal that it is valid for now."""

    id: str
    principal: Principal
    csrf_token: str
    """What a request that changes something has to send."""


class Sessions:
    """All methods may raise DatabaseError."""

    def __init__(
        self, database: Database, authenticator: Authenticator, keys: tuple[bytes, ...], clock: Callable[[], int]
    ) -> None:
        """``keys``: MEMEMIME_TOKEN_KEY; without one there are no sessions. ``clock``: milliseconds."""
        self._database = database
        self._authenticator = authenticator
        self._clock = clock
        self.use(keys)

    def use(self, keys: tuple[bytes, ...]) -> None:
        """Sign with the first of ``keys`` from now on, and accept each."""
        self._cookies = Tokens(keys, _SCOPE, lambda: self._clock() / 1000) if keys else None
        self._links = Tokens(keys, SIGN_IN_SCOPE, lambda: self._clock() / 1000) if keys else None
        self._csrf_key = keys[0] if keys else b""

    async def begin(self, api_key: str) -> tuple[ConsoleSession, str]:
        """Begin a session with an API key; return it with the value of its cookie.

        UnauthenticatedError for an invalid key; RequestError where the service has no key for sessions.
        """
        principal = await self._authenticator.authenticate(f"Bearer {api_key}", accept_tokens=False)
        key_id = principal.credential.removeprefix("key:")
        # A key of the database is looked up again by its id; that of the settings may have changed.
        key_hash = hash_secret(api_key.strip()) if key_id == ADMIN_KEY_ID else ""
        return await self._begin(key_id, key_hash, principal)

    async def begin_with_link(self, token: str, admin_key: str) -> tuple[ConsoleSession, str]:
        """Begin a session of the administrator by a sign-in link, which is used up.

        ``admin_key``: that of the settings; '' = no link is accepted: it works on the machine of the service only.
        UnauthenticatedError for one that is invalid, old, or was used before.
        """
        links = self._require(self._links)
        try:
            claims = links.verify(token, LINK_LIFETIME)
        except ForbiddenError as error:
            raise UnauthenticatedError("the sign-in link is invalid or too old") from error
        match claims:
            case {"id": str(link_id)} if len(link_id) == 32 and admin_key:
                pass
            case _:
                raise UnauthenticatedError("the sign-in link is invalid")
        row = {"token": link_id, "uses": 1, "expires": self._clock() + 1000 * LINK_LIFETIME}
        async with self._database.write() as tx:
            used = await tx.execute(self._database.insert(TOKEN_USES).values(row).on_conflict_do_nothing())
        if used.rowcount != 1:
            raise UnauthenticatedError("the sign-in link was used before")
        return await self.begin(admin_key)

    async def find(self, cookie: str) -> ConsoleSession:
        """Return the session of a cookie. UnauthenticatedError where it has ended; and as for its key."""
        ended = UnauthenticatedError("there is no session, or it has ended: sign in")
        try:
            claims = self._require(self._cookies).verify(cookie)
        except ForbiddenError:
            raise ended from None
        now = self._clock()
        session_id = claims.get("id") if isinstance(claims, dict) else None
        async with self._database.read() as tx:
            row = (await tx.execute(select(SESSIONS).where(SESSIONS.c.id == session_id))).one_or_none()
        if row is None or now - row.created > 1000 * LIFETIME or now - row.used > 1000 * IDLE:
            raise ended
        principal = await self._authenticator.authenticate_session(row.key_id, row.key_hash)
        if now - row.used > 1000 * _MARK and not self._database.read_only:
            async with self._database.write() as tx:
                await tx.execute(update(SESSIONS).where(SESSIONS.c.id == row.id).values(used=now))
        return ConsoleSession(row.id, principal, self._csrf_token(row.id))

    async def end(self, session_id: str) -> None:
        """End a session: its cookie is worth nothing from now on."""
        async with self._database.write() as tx:
            await tx.execute(delete(SESSIONS).where(SESSIONS.c.id == session_id))

    def check_csrf(self, session: ConsoleSession, token: str) -> None:
        """Raise RoleError unless ``token`` is that of the session."""
        if not hmac.compare_digest(token.encode("utf-8", "replace"), session.csrf_token.encode()):
            raise RoleError("found no valid X-CSRF-Token, expected that of GET /console/api/session")

    async def _begin(self, key_id: str, key_hash: str, principal: Principal) -> tuple[ConsoleSession, str]:
        cookies, now, session_id = self._require(self._cookies), self._clock(), secrets.token_hex(16)
        row = {"id": session_id, "key_id": key_id, "key_hash": key_hash, "created": now, "used": now}
        async with self._database.write() as tx:
            # Those that have ended are of no use to anybody.
            await tx.execute(delete(SESSIONS).where(SESSIONS.c.used < now - 1000 * LIFETIME))
            await tx.execute(SESSIONS.insert().values(row))
        cookie = cookies.issue({"id": session_id, "key": key_id})
        return ConsoleSession(session_id, principal, self._csrf_token(session_id)), cookie

    def _csrf_token(self, session_id: str) -> str:
        return hmac.digest(self._csrf_key, f"console csrf {session_id}".encode(), "sha256").hex()

    @staticmethod
    def _require(tokens: Tokens | None) -> Tokens:
        if tokens is None:
            raise RequestError("this service has no sessions: MEMEMIME_TOKEN_KEY is not set")
        return tokens
