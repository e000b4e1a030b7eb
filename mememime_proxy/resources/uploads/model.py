"""One resumable upload: its row, what is to become of it, and who may see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import Row

from mememime_proxy.errors import MememimeError, UploadGoneError, error_from_code
from mememime_proxy.resources.aliases.service import Condition
from mememime_proxy.resources.auth.principal import Caller, Role, Scope
from mememime_proxy.resources.uploads.tus_protocol import Metadata

SINGLE: Final = "tus"
PART: Final = "partial"
"""May be put together with others."""
JOINED: Final = "joined"
"""A part that has been; its pieces are its whole's, whose bytes it counts no more."""
WHOLE: Final = "final"
KINDS: Final = (SINGLE, PART, JOINED, WHOLE)

RECEIVING: Final = "receiving"
VERIFYING: Final = "verifying"
DONE: Final = "done"
FAILED: Final = "failed"
TERMINATED: Final = "terminated"
EXPIRED: Final = "expired"
OPEN: Final = (RECEIVING, VERIFYING)


class Wanted(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What is to become of an upload, and what its creator may do: who finishes it acts for that one."""

    limit: int
    role: int
    prefix: str = ""
    sha256: str = ""
    alias: str = ""
    condition: Condition = Condition()
    token: str = ""
    types: tuple[str, ...] = ()
    only: str = ""
    """The digest that the token asks for."""
    length: int = 0
    """Of a joined part, while it was one of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A row. Times are milliseconds since 1970."""

    id: str
    tenant: str
    credential: str
    kind: str
    state: str
    length: int | None
    received: int
    metadata: Metadata
    wanted: Wanted
    parts: tuple[str, ...]
    """Of a whole: its parts in their order; of a joined part: its whole."""
    sha256: str
    problem: str
    expires: int

    @property
    def is_complete(self) -> bool:
        """Whether all bytes are there."""
        return self.received == self.length

    @property
    def is_due(self) -> bool:
        """Whether it can be made an asset now."""
        return self.is_complete and self.state in OPEN and self.kind in {SINGLE, WHOLE}

    @property
    def caller(self) -> Caller:
        """In whose name it is finished."""
        wanted = self.wanted
        scope = Scope(id=wanted.token, types=wanted.types, sha256=wanted.only) if wanted.token else None
        return Caller(
            tenant=self.tenant,
            role=Role(wanted.role),
            credential=self.credential,
            prefix=wanted.prefix,
            scope=scope,
        )

    def failure(self) -> MememimeError:
        """What it failed of; the same each time somebody asks."""
        code, _, detail = self.problem.partition(": ")
        return error_from_code(code, detail) or UploadGoneError(self.problem)


def problem_of(error: MememimeError) -> str:
    """What ``Upload.failure`` makes an error of."""
    text = f"{error.code}: {error.detail}"[:1000]
    return text.encode("utf-8", "replace").decode().replace("\0", "?")


def is_visible(row: Row[Any] | Upload, caller: Caller) -> bool:
    """Tokens see what they began; keys what is their tenant's."""
    if row.kind not in KINDS:
        return False
    if caller.scope is not None:
        return bool(row.credential == caller.credential)
    return caller.is_admin or bool(row.tenant == caller.tenant)


def upload_of_row(row: Mapping[Any, Any]) -> Upload:
    """The upload of a row's columns by their names."""
    return Upload(
        id=row["id"],
        tenant=row["tenant"],
        credential=row["credential"],
        kind=row["kind"],
        state=row["state"],
        length=row["length"],
        received=row["received"],
        metadata=Metadata(row["metadata"]),
        wanted=msgspec.convert(row["wanted"], Wanted),
        parts=tuple(row["parts"]),
        sha256=row["sha256"] or "",
        problem=row["problem"],
        expires=row["expires"],
    )
