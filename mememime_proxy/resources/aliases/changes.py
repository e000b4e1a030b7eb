"""Changes of many aliases in one transaction: each succeeds or fails by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.errors import (
    AliasNameError,
    AliasNotFoundError,
    AliasTakenError,
    RequestError,
    ResourceError,
    RoleError,
    VersionError,
)
from mememime_proxy.resources.aliases.model import AliasCondition, AliasContent
from mememime_proxy.resources.aliases.service import Aliases
from mememime_proxy.resources.auth.principal import Principal
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.states import AliasState
from mememime_proxy.service.alias_names import normalise

MAX_TAGS: Final = 50
_REFUSALS: Final = (AliasNameError, AliasNotFoundError, AliasTakenError, RequestError, RoleError, VersionError)
"""Each is raised before a row is changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasEdit:
    """What becomes of one alias. ``preset`` None: it stays."""

    name: str
    version: int | None = None
    """The version that it has to be in; None = any."""
    delete: bool = False
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    preset: str | None = None

    def apply(self, content: AliasContent) -> AliasContent:
        """Return the content of the next version. RequestError for too many tags."""
        tags = tuple(dict.fromkeys([*(tag for tag in content.tags if tag not in self.remove_tags), *self.add_tags]))
        if len(tags) > MAX_TAGS:
            raise RequestError(f"the alias {self.name} would have {len(tags)} tags, at most {MAX_TAGS} are allowed")
        return content._replace(tags=tags, preset=content.preset if self.preset is None else self.preset)


class AliasChanges:
    """Changes tags and presets of many aliases, or deletes them."""

    def __init__(self, database: Database, aliases: Aliases, clock: Callable[[], int]) -> None:
        self._database, self._aliases, self._clock = database, aliases, clock

    async def apply(self, principal: Principal, edits: Sequence[AliasEdit]) -> list[int | ResourceError]:
        """Return the new version of each alias, 0 for one that was deleted, or why it was not changed.

        Once this returns, all changes that succeeded are durable. DatabaseError: none was made.
        """
        outcomes: dict[int, int | ResourceError] = {}
        # In one order everywhere, since each waits for others that change the same aliases.
        ordered = sorted(range(len(edits)), key=lambda number: edits[number].name)
        async with self._database.write() as tx:
            for number in ordered:
                try:
                    outcomes[number] = await self._apply(tx, principal, edits[number])
                except _REFUSALS as error:
                    outcomes[number] = error
        return [outcomes[number] for number in range(len(edits))]

    async def _apply(self, tx: AsyncConnection, principal: Principal, edit: AliasEdit) -> int:
        condition, name = AliasCondition(version=edit.version), normalise(edit.name)
        principal.check_alias(name)
        if edit.delete:
            await self._aliases.remove(tx, principal, name, condition, self._clock())
            return 0
        former, version = await self._aliases.lock(tx, principal, name)
        condition.check(name, AliasState.ACTIVE, version)
        content = edit.apply(former)
        if content == former:
            return version
        return (await self._aliases.point(tx, principal, name, content, condition, self._clock())).version
