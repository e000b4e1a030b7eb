"""One upload: its row, its intent, and in whose name it is finished."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final, Self

import msgspec
from sqlalchemy import Row

from mememime_proxy.errors import MememimeError, UploadGoneError, error_from_code
from mememime_proxy.resources.aliases.model import UNCONDITIONAL, AliasCondition
from mememime_proxy.resources.auth.principal import Principal, Role, TokenClaims
from mememime_proxy.resources.database.states import OPEN_UPLOADS, UploadKind, UploadState

FINISHABLE = (UploadKind.TUS, UploadKind.FINAL, UploadKind.MULTIPART)
"""Kinds of uploads that become assets themselves."""
_MAX_FILENAME: Final = 255
"""Characters."""


class UploadIntent(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The intent of an upload of any kind: digest, alias, condition, name of the file."""

    sha256: str = ""
    """The digest that the bytes have to have; '' = any."""
    alias: str = ""
    """Normalised; '' = none."""
    condition: AliasCondition = UNCONDITIONAL
    """The state that the alias has to be in."""
    filename: str = ""
    """The name of the file, without its folder; '' = unknown."""


class _StoredPrincipal(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    role: str
    prefix: str = ""
    claims: TokenClaims | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A row of UPLOADS. Times are milliseconds since 1970."""

    id: str
    kind: UploadKind
    principal: Principal
    """Whoever began it."""
    intent: UploadIntent
    length: int | None
    size_limit: int
    expires: int
    state: UploadState = UploadState.RECEIVING
    received: int = 0
    metadata: dict[str, str] = field(default_factory=dict)
    """Upload-Metadata as the client sent it: values in base64."""
    parts: tuple[str, ...] = ()
    final_upload: str = ""
    part_size: int = 0
    storage_upload_id: str = ""
    sha256: str = ""
    error_code: str = ""
    error_detail: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether all bytes have come."""
        return self.received == self.length

    @property
    def is_due(self) -> bool:
        """Whether it can be finished now."""
        return self.received == self.length and self.state in OPEN_UPLOADS and self.kind in FINISHABLE

    def error(self) -> MememimeError:
        """Return the error that it failed with, the same each time."""
        return error_from_code(self.error_code, self.error_detail) or UploadGoneError(self.error_detail)

    def is_visible_to(self, principal: Principal) -> bool:
        """Whether the principal may see it, and go on with it.

        An administrator sees all, a key those of its tenant; a token those that it began, that a token of the same
        subject began, and the one that it names.
        """
        if self.principal.tenant != principal.tenant:
            return principal.is_admin
        claims, own = principal.claims, self.principal.claims
        if claims is None or claims.upload == self.id or self.principal.credential == principal.credential:
            return True
        return bool(claims.subject) and own is not None and own.subject == claims.subject

    @classmethod
    def of_row(cls, row: Row[Any]) -> Self:
        """Return the upload of a row."""
        stored = msgspec.convert(row.principal, _StoredPrincipal)
        return cls(
            id=row.id,
            kind=UploadKind(row.kind),
            state=UploadState(row.state),
            length=row.length,
            received=row.received,
            metadata=row.metadata,
            intent=msgspec.convert(row.intent, UploadIntent),
            principal=Principal(
                tenant=row.tenant,
                role=Role[stored.role.upper()],
                credential=row.credential,
                prefix=stored.prefix,
                claims=stored.claims,
            ),
            size_limit=row.size_limit,
            parts=tuple(row.parts),
            final_upload=row.final_upload or "",
            part_size=row.part_size or 0,
            storage_upload_id=row.storage_upload_id,
            sha256=row.sha256 or "",
            error_code=row.error_code,
            error_detail=row.error_detail,
            expires=row.expires,
        )

    def columns(self, now: int) -> dict[str, Any]:
        """Return the columns of a new row."""
        principal = self.principal
        stored = _StoredPrincipal(role=principal.role.name.lower(), prefix=principal.prefix, claims=principal.claims)
        return {
            "id": self.id,
            "tenant": principal.tenant,
            "credential": principal.credential,
            "principal": msgspec.to_builtins(stored),
            "kind": self.kind,
            "state": self.state,
            "length": self.length,
            "received": self.received,
            "metadata": self.metadata,
            "intent": msgspec.to_builtins(self.intent),
            "size_limit": self.size_limit,
            "parts": list(self.parts),
            "part_size": self.part_size or None,
            "storage_upload_id": self.storage_upload_id,
            "created": now,
            "changed": now,
            "expires": self.expires,
        }


def file_name(text: str) -> str:
    """Return the last part of a path that a client sent, of either kind of machine, as a text column can have it."""
    name = re.split(r"[/\\]", text.strip())[-1]
    return printable("".join(c for c in name if c.isprintable()), _MAX_FILENAME)


def printable(text: str, limit: int) -> str:
    """Return ``text`` as a text column can have it: valid UTF-8 without NUL, cut to ``limit`` characters."""
    return text[:limit].encode("utf-8", "replace").decode().replace("\0", "?")
