"""What is in a token, for people: its claims, which key made it, and whether it is valid now."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mememime_proxy.errors import ForbiddenError
from mememime_proxy.service.tokens import CLOCK_SKEW, PURGE_LIFETIME, PURGE_SCOPE, Tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenContents:
    """The contents of a token."""

    scope: str
    """``upload`` or ``purge``; '' where no key fits, so that it is not known."""
    key: str
    """The key that made it, by its number; '' for none."""
    issued: datetime
    claims: Any
    problem: str
    """Why it is not valid; '' = it is."""


def inspect_token(token: str, keys: Mapping[str, Sequence[bytes]], now: float | None = None) -> TokenContents:
    """Return the contents of ``token``. ``keys``: by their scopes. Raises ValueError where it is no token at all."""
    now = time.time() if now is None else now
    for scope, secrets in keys.items():
        for number, secret in enumerate(secrets, 1):
            try:
                claims, issued = Tokens(secret, scope).read(token)
            except ForbiddenError:
                continue
            problem = _problem(scope, claims, issued.timestamp(), now)
            label = f"{scope} key {number} of {len(secrets)}"
            return TokenContents(scope=scope, key=label, issued=issued, claims=claims, problem=problem)
    contents = Tokens(b"x", "unknown").read_unverified(token)
    if contents is None:
        raise ValueError("this is no token: it has not the three parts of one, claims.time.signature")
    claims, issued = contents
    return TokenContents(scope="", key="", issued=issued, claims=claims, problem="no key of this environment made it")


def _problem(scope: str, claims: Any, issued: float, now: float) -> str:
    if issued > now + CLOCK_SKEW:
        return f"it was issued {issued - now:.0f} s from now; compare the clocks"
    expires = issued + PURGE_LIFETIME
    if scope != PURGE_SCOPE:
        expires = claims.get("expires", 0) / 1000 if isinstance(claims, dict) else 0
    return f"it expired {now - expires:.0f} s ago" if expires <= now else ""
