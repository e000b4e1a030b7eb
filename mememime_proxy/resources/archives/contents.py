"""What an archive has: assets in the order of the request, each with the name that people know it by."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Select, func, select

from mememime_proxy.errors import OverloadError
from mememime_proxy.formats import FORMATS
from mememime_proxy.resources.assets.model import AssetRow
from mememime_proxy.resources.auth.principal import Principal
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.schema import ALIASES, ASSETS, HOLDINGS
from mememime_proxy.resources.database.states import AliasState, AssetState

MAX_ASSETS: Final = 10_000
"""In one archive."""
_BATCH: Final = 500
"""Rows of one query."""
_AT_ONCE: Final = 4
"""Archives that one process makes at the same time."""


class ArchivedAsset(NamedTuple):
    """An asset, the name of its file or else its first alias, and the ending for its type."""

    asset: AssetRow
    name: str
    extension: str


class Archives:
    """Looks up what archives have."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._count = 0

    @contextlib.contextmanager
    def take_slot(self) -> Iterator[None]:
        """Take one of the slots for archives; OverloadError where none is free."""
        if self._count >= _AT_ONCE:
            raise OverloadError(f"{self._count} archives are being made")
        self._count += 1
        try:
            yield
        finally:
            self._count -= 1

    async def assets(self, digests: Sequence[str], principal: Principal) -> AsyncIterator[ArchivedAsset]:
        """Yield the ready assets among ``digests`` that the principal may read, each once. DatabaseError."""
        distinct = list(dict.fromkeys(digests))
        for start in range(0, len(distinct), _BATCH):
            part = distinct[start : start + _BATCH]
            async with self._database.read() as tx:
                rows = {row.sha256: row for row in await tx.execute(_query(part, principal))}
            for row in (rows[digest] for digest in part if digest in rows):
                kind = str(row.facts.get("format", ""))
                extension = FORMATS[kind].extension.lstrip(".") if kind in FORMATS else kind
                alias = (row.alias or "").replace("/", "-")
                yield ArchivedAsset(AssetRow.of_row(row), row.filename or alias or row.sha256[:12], extension)


def _query(digests: Sequence[str], principal: Principal) -> Select[Any]:
    holds: list[ColumnElement[bool]] = [HOLDINGS.c.sha256 == ASSETS.c.sha256]
    names: list[ColumnElement[bool]] = [ALIASES.c.sha256 == ASSETS.c.sha256, ALIASES.c.state == AliasState.ACTIVE]
    if not principal.is_admin:
        holds.append(HOLDINGS.c.tenant == principal.tenant)
        names.append(ALIASES.c.tenant == principal.tenant)
    filename = select(func.max(HOLDINGS.c.filename)).where(*holds).scalar_subquery()
    alias = select(func.min(ALIASES.c.name)).where(*names).scalar_subquery()
    query = select(ASSETS, filename.label("filename"), alias.label("alias"))
    query = query.where(ASSETS.c.sha256.in_(digests), ASSETS.c.state == AssetState.READY)
    return query if principal.is_admin else query.where(select(HOLDINGS.c.sha256).where(*holds).exists())
