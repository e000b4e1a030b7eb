"""Principals of requests, and their permissions."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta

from mememime_proxy.errors import RoleError


class Role(enum.IntEnum):
    """Roles of API keys; each role includes those below it."""

    READ = 1
    """Facts of assets and aliases."""
    WRITE = 2
    """Uploads, aliases, upload tokens."""
    ADMIN = 3
    """Keys and tenants, and the data of every tenant."""


class TokenClaims(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The claims of an upload token, which limit its uploads."""

    id: Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
    tenant: str = ""
    expires: int = 0
    """Milliseconds since 1970 at which the token ends."""
    prefix: str = ""
    """Aliases that the token may write start with it."""
    max_size: Annotated[int, Meta(ge=0)] = 0
    """Bytes of one upload; 0 = the limit of the service."""
    types: tuple[str, ...] = ()
    """Media types; empty = all that the service accepts."""
    count: Annotated[int, Meta(ge=0)] = 0
    """Uploads that the token may be used for; 0 = any number."""
    sha256: str = ""
    """The only content that may be uploaded; '' = any."""
    subject: str = ""
    """Whom the token is for, in words of its issuer: uploads go on with another token of the same one; '' = nobody."""
    upload: str = ""
    """The only upload that the token is valid for, which exists already; '' = new ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The bearer of an API key or an upload token."""

    tenant: str
    role: Role
    credential: str
    """``key:ID`` or ``token:ID``, for records; never the secret."""
    prefix: str = ""
    """Aliases that this principal may write start with it."""
    claims: TokenClaims | None = None
    """Set for upload tokens: they may upload, set the alias of their upload, and read their own uploads."""

    @property
    def is_admin(self) -> bool:
        """Whether the principal may use the data of other tenants."""
        return self.role is Role.ADMIN

    def check_creation(self) -> None:
        """Raise RoleError unless the principal may begin uploads."""
        if self.claims is not None and self.claims.upload:
            raise RoleError(f"the token is valid for the upload {self.claims.upload} only")

    def check_alias(self, alias: str) -> None:
        """Raise RoleError unless the principal may write the alias (a normalised name)."""
        if self.role < Role.WRITE or not alias.startswith(self.prefix):
            raise RoleError(f"the credential may only write aliases that start with {self.prefix!r}")
