"""Who asks, and what that caller may do."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from mememime_proxy.errors import RoleError


class Role(enum.IntEnum):
    """Each role may do what those below it may."""

    READ = 1
    """Facts of assets and aliases."""
    WRITE = 2
    """Uploads, aliases, upload tokens."""
    ADMIN = 3
    """Keys and tenants, and everything of every tenant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What an upload token allows, at most; the fields of its text."""

    id: str
    max_size: int = 0
    """Bytes of one upload; 0 = what the service allows."""
    types: tuple[str, ...] = ()
    """Media types; none = all that the service knows."""
    count: int = 0
    """Uploads that the token is good for; 0 = any number, 1 = single use."""
    sha256: str = ""
    """The only content that may come; '' = any."""
    expires: int = 0
    """Milliseconds since 1970 at which the token ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The bearer of an API key or an upload token."""

    tenant: str
    role: Role
    credential: str
    """``key:ID`` or ``token:ID``, for the record; never the secret."""
    prefix: str = ""
    """Aliases that this caller may write begin with it."""
    scope: Scope | None = None
    """Set for upload tokens: they may upload, set the alias of what they upload, and look at their own uploads."""

    @property
    def is_admin(self) -> bool:
        """Whether other tenants' things are open to this caller."""
        return self.role is Role.ADMIN

    def may_name(self, alias: str) -> None:
        """RoleError unless this caller may write the alias (a normalised name)."""
        if self.role < Role.WRITE or not alias.startswith(self.prefix):
            raise RoleError(f"the credential is good for aliases that begin with {self.prefix!r}")
