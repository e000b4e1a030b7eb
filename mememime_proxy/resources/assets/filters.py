"""Filters of lists of assets, as values and as conditions of SQL."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, exists, func, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from mememime_proxy.resources.database.schema import ALIAS_TAGS, ALIASES, ASSETS, HOLDINGS
from mememime_proxy.resources.database.states import AliasState, AssetState
from mememime_proxy.service.alias_names import skeleton

COLOR_DISTANCE: Final = 72
"""Distance in RGB up to which colors are taken for the same, of 441 between black and white."""


class AssetFilter(NamedTuple):
    """What assets of a list have in common; the defaults filter nothing. Times are milliseconds since 1970."""

    state: str = ""
    media_type: str = ""
    min_width: int = 0
    max_width: int = 0
    min_height: int = 0
    max_height: int = 0
    min_size: int = 0
    max_size: int = 0
    """Sides in pixels, sizes in bytes; 0 = no limit."""
    color: int | None = None
    """0xRRGGBB, within COLOR_DISTANCE of the dominant color."""
    since: int | None = None
    before: int | None = None
    """When the tenant got it: from ``since`` on, and not from ``before`` on."""
    tag: str = ""
    """One of its aliases has this tag."""
    alias: str = ""
    """One of its aliases starts with this text."""
    unnamed: bool = False
    """It has no alias."""
    text: str = ""
    """In the name of one of its aliases, in one of their tags, or in the name of its file."""

    @property
    def is_empty(self) -> bool:
        """Whether it filters nothing."""
        return self == NO_FILTER


NO_FILTER: Final = AssetFilter()


class _StateOfRow(ColumnElement[str]):
    """The state of an asset as SQLite reads it in a row, and not in an index. PostgreSQL knows how usual a state is."""

    inherit_cache = True
    type = ASSETS.c.state.type


@compiles(_StateOfRow)
def _state(_element: _StateOfRow, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(ASSETS.c.state, **options)


@compiles(_StateOfRow, "sqlite")
def _state_without_index(_element: _StateOfRow, compiler: SQLCompiler, **options: Any) -> str:
    return f"+{compiler.process(ASSETS.c.state, **options)}"


def conditions(wanted: AssetFilter, tenant: str | None) -> list[ColumnElement[bool]]:
    """Return the conditions on rows of ASSETS, joined with HOLDINGS where there is a tenant; None = all tenants."""
    found: list[ColumnElement[bool]] = []
    created = ASSETS.c.created if tenant is None else HOLDINGS.c.created
    size = ASSETS.c.size if tenant is None else HOLDINGS.c.size
    for column, lowest, highest in (
        (ASSETS.c.width, wanted.min_width, wanted.max_width),
        (ASSETS.c.height, wanted.min_height, wanted.max_height),
        (size, wanted.min_size, wanted.max_size),
    ):
        if lowest:
            found.append(column >= lowest)
        if highest:
            found.append(column <= highest)
    if wanted.state:
        # Nearly all assets are ready: an index of states would give all of them to be sorted.
        state: ColumnElement[str] = _StateOfRow() if wanted.state == AssetState.READY else ASSETS.c.state
        found.append(state == wanted.state)
    if wanted.media_type:
        found.append(ASSETS.c.media_type == wanted.media_type)
    if wanted.color is not None:
        found.append(_is_near(wanted.color))
    if wanted.since is not None:
        found.append(created >= wanted.since)
    if wanted.before is not None:
        found.append(created < wanted.before)
    if wanted.tag:
        found.append(ASSETS.c.sha256.in_(_named(tenant, _has_tag(ALIAS_TAGS.c.tag == wanted.tag))))
    if wanted.alias:
        found.append(ASSETS.c.sha256.in_(_named(tenant, ALIASES.c.name.startswith(wanted.alias, autoescape=True))))
    if wanted.unnamed:
        of_asset = [ALIASES.c.sha256 == ASSETS.c.sha256, *_visible(tenant)]
        found.append(~exists().where(*of_asset))
    if wanted.text:
        found.append(_has_text(wanted.text, tenant))
    return found


def _visible(tenant: str | None) -> list[ColumnElement[bool]]:
    active: list[ColumnElement[bool]] = [ALIASES.c.state == AliasState.ACTIVE]
    return active if tenant is None else [*active, ALIASES.c.tenant == tenant]


def _named(tenant: str | None, condition: ColumnElement[bool]) -> Select[Any]:
    """Return the digests of assets with an alias that meets the condition: one pass, however many assets are listed."""
    return select(ALIASES.c.sha256).where(ALIASES.c.sha256.is_not(None), *_visible(tenant), condition)


def _has_tag(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return ALIASES.c.name.in_(select(ALIAS_TAGS.c.name).where(condition))


def _has_text(text: str, tenant: str | None) -> ColumnElement[bool]:
    lowered = text.lower()
    in_alias = or_(
        ALIASES.c.skeleton.contains(skeleton(text), autoescape=True),
        _has_tag(func.lower(ALIAS_TAGS.c.tag).contains(lowered, autoescape=True)),
    )
    in_file: ColumnElement[bool] | ScalarSelect[Any] = func.lower(HOLDINGS.c.filename).contains(
        lowered, autoescape=True
    )
    if tenant is None:
        in_file = ASSETS.c.sha256.in_(select(HOLDINGS.c.sha256).where(in_file))
    return or_(ASSETS.c.sha256.in_(_named(tenant, in_alias)), in_file)


def _is_near(color: int) -> ColumnElement[bool]:
    """Return whether the squares of the distances in red, green and blue are small enough together."""
    column = ASSETS.c.dominant_color
    squares = []
    for shift in (16, 8, 0):
        distance = column.op("/")(1 << shift).op("%")(256).op("-")((color >> shift) & 255)
        squares.append(distance.op("*")(distance))
    total = squares[0].op("+")(squares[1]).op("+")(squares[2])
    return and_(column.is_not(None), total <= COLOR_DISTANCE**2)
