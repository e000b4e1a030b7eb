"""Aliases on both databases: one owner, compare-and-set, versions, tombstones."""

from __future__ import annotations

import asyncio
import itertools
import unicodedata

import pytest
from sqlalchemy import select

from mememime_proxy.errors import (
    AliasNotFoundError,
    AliasTakenError,
    AssetNotFoundError,
    ConflictError,
    RoleError,
    VersionError,
)
from mememime_proxy.resources.aliases.model import AliasCondition, AliasContent
from mememime_proxy.resources.aliases.service import Aliases
from mememime_proxy.resources.auth.principal import Principal, Role
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.outbox import SECOND_PURGE, Outbox
from mememime_proxy.resources.database.schema import ALIAS_VERSIONS, ASSETS, HOLDINGS, OUTBOX, TENANTS
from tests.support.clock import Clock

A, B = "a" * 64, "b" * 64
TOMBSTONE = 1000
ABSENT = AliasCondition(absent=True)


def principal(tenant="red", role=Role.WRITE, prefix=""):
    return Principal(tenant=tenant, role=role, credential=f"key:{tenant}", prefix=prefix)


RED, BLUE, ADMIN = principal(), principal("blue"), principal("default", Role.ADMIN)


@pytest.fixture
def clock():
    return Clock(1_700_000_000_000)


async def give(database, sha256, *tenants, state="ready"):
    async with database.write() as tx:
        await tx.execute(
            database.insert(ASSETS)
            .values(sha256=sha256, state=state, size=1, stored_sha256=sha256, stored_size=1, media_type="image/png",
                    facts={"media_type": "image/png", "format": "png", "width": 2, "height": 3}, created=0, changed=0)
            .on_conflict_do_nothing()
        )  # fmt: skip
        for tenant in tenants:
            await tx.execute(database.insert(TENANTS).values(name=tenant, created=0).on_conflict_do_nothing())
            await tx.execute(database.insert(HOLDINGS).values(tenant=tenant, sha256=sha256, created=0))


@pytest.fixture
async def purges():
    return []


@pytest.fixture
async def aliases(database, clock, purges):
    await give(database, A, "default", "red", "blue")
    await give(database, B, "red")
    return Aliases(database, clock, tombstone=TOMBSTONE, outbox=Outbox(lambda: purges.append(1)))


async def test_alias_is_created_and_moved(aliases):
    content = AliasContent(sha256=A, focal=(0.25, 0.5), preset="card", tags=("x", "y", "x"))
    row, created = await aliases.set(RED, "shop/cup", content)
    assert (created, row.version, *row.content) == (
        True, 1, A, (0.25, 0.5), "card", ("x", "y")
    )  # fmt: skip
    assert (row.asset.sha256, row.asset.state, row.asset.facts["width"]) == (A, "ready", 2)
    row, created = await aliases.set(RED, "shop/cup", AliasContent(sha256=B), AliasCondition(version=1))
    assert (created, row.version, *row.content) == (False, 2, B, None, "", ())
    assert (await aliases.get("shop/cup")).content.sha256 == B


@pytest.mark.parametrize(
    "condition", [AliasCondition(version=1), AliasCondition(version=3), ABSENT], ids=["stale", "to come", "absent"]
)
async def test_alias_failed_condition_changes_nothing(aliases, condition):
    await aliases.set(RED, "a", AliasContent(sha256=A))
    await aliases.set(RED, "a", AliasContent(sha256=B))
    with pytest.raises(VersionError):
        await aliases.set(RED, "a", AliasContent(sha256=A), condition)
    with pytest.raises(VersionError):
        await aliases.delete(RED, "a", condition)
    row = await aliases.get("a")
    assert (row.version, row.content.sha256) == (2, B)


async def test_alias_missing_matches_no_version(aliases):
    for condition in (AliasCondition(version=1), AliasCondition(exists=True)):
        with pytest.raises(VersionError):
            await aliases.set(RED, "a", AliasContent(sha256=A), condition)
    await aliases.set(RED, "a", AliasContent(sha256=A), ABSENT)
    await aliases.set(RED, "a", AliasContent(sha256=A), AliasCondition(exists=True))


async def test_alias_of_an_unready_or_foreign_asset_is_refused(aliases, database):
    await give(database, "c" * 64, "red", state="quarantined")
    with pytest.raises(ConflictError):
        await aliases.set(RED, "a", AliasContent(sha256="c" * 64))
    with pytest.raises(AssetNotFoundError):
        await aliases.set(BLUE, "a", AliasContent(sha256=B))
    with pytest.raises(AssetNotFoundError):
        await aliases.set(RED, "a", AliasContent(sha256="d" * 64))
    with pytest.raises(AliasNotFoundError):
        await aliases.get("a")
    await aliases.set(ADMIN, "a", AliasContent(sha256=B))


async def test_alias_outside_the_prefix_of_the_key_is_refused(aliases):
    for wrong in (principal(prefix="shop/"), principal(role=Role.READ)):
        with pytest.raises(RoleError):
            await aliases.set(wrong, "other", AliasContent(sha256=A))
        with pytest.raises(RoleError):
            await aliases.delete(wrong, "other")
    await aliases.set(principal(prefix="shop/"), "shop/x", AliasContent(sha256=A))


async def test_alias_name_of_another_tenant_and_confusable_names_are_taken(aliases):
    await aliases.set(RED, "ape", AliasContent(sha256=A))
    for name in ("ape", "APE", "\u0430\u0440\u0435"):
        with pytest.raises(AliasTakenError):
            await aliases.set(BLUE, name, AliasContent(sha256=A))
    for name in ("Ape", "\u0430\u0440\u0435"):
        with pytest.raises(AliasTakenError, match="looks like ape"):
            await aliases.set(RED, name, AliasContent(sha256=A))
    with pytest.raises(AliasNotFoundError):
        await aliases.delete(BLUE, "ape")
    with pytest.raises(AliasNotFoundError):
        await aliases.versions(BLUE, "ape", 10)
    with pytest.raises(AliasNotFoundError):
        await aliases.roll_back(BLUE, "ape", 1)


@pytest.mark.promise("G12")
async def test_alias_tombstone_is_reserved_for_its_tenant(aliases, clock):
    await aliases.set(RED, "a", AliasContent(sha256=A))
    await aliases.delete(RED, "a", AliasCondition(version=1))
    with pytest.raises(AliasNotFoundError):
        await aliases.get("a")
    with pytest.raises(AliasNotFoundError):
        await aliases.delete(RED, "a")
    with pytest.raises(AliasTakenError):
        await aliases.set(BLUE, "a", AliasContent(sha256=A))
    with pytest.raises(AliasTakenError):
        await aliases.set(RED, "A", AliasContent(sha256=A))
    row, created = await aliases.set(RED, "a", AliasContent(sha256=A), ABSENT)
    assert (created, row.version) == (True, 3)
    await aliases.delete(RED, "a")
    clock.now += TOMBSTONE
    row, created = await aliases.set(BLUE, "a", AliasContent(sha256=A), ABSENT)
    assert (created, row.tenant, row.version, row.created) == (True, "blue", 5, clock.now)
    # What red's alias stood for, blue is not purges.
    assert [each.version for each in await aliases.versions(BLUE, "a", 10)] == [5]
    with pytest.raises(AliasNotFoundError):
        await aliases.roll_back(BLUE, "a", 3)


async def test_alias_confusable_name_of_an_expired_tombstone_is_free(aliases, clock):
    await aliases.set(RED, "a", AliasContent(sha256=A, tags=("t",)))
    await aliases.delete(RED, "a")
    clock.now += TOMBSTONE
    row, created = await aliases.set(BLUE, "A", AliasContent(sha256=A))
    assert (created, row.name, row.version) == (True, "A", 1)
    assert len(await aliases.versions(BLUE, "A", 10)) == 1


async def test_roll_back_restores_an_earlier_version(aliases, database):
    await aliases.set(RED, "a", AliasContent(sha256=A, focal=(0.1, 0.2), preset="p", tags=("t",)))
    await aliases.set(RED, "a", AliasContent(sha256=B))
    row, _ = await aliases.roll_back(RED, "a", 1, AliasCondition(version=2))
    assert (row.version, *row.content) == (3, A, (0.1, 0.2), "p", ("t",))
    with pytest.raises(VersionError):
        await aliases.roll_back(RED, "a", 2, AliasCondition(version=2))
    for missing in (0, 9):
        with pytest.raises(AliasNotFoundError):
            await aliases.roll_back(RED, "a", missing)
    await aliases.delete(RED, "a")
    with pytest.raises(AliasNotFoundError):
        await aliases.roll_back(RED, "a", 4)  # the deletion itself
    row, created = await aliases.roll_back(RED, "a", 2)
    assert (created, row.version, row.content.sha256) == (True, 5, B)
    versions = [(each.version, each.action, each.content.sha256) for each in await aliases.versions(RED, "a", 10)]
    assert versions == [(5, "rollback", B), (4, "delete", ""), (3, "rollback", A), (2, "set", B), (1, "set", A)]


async def test_roll_back_to_a_removed_asset_is_refused(aliases, database):
    await aliases.set(RED, "a", AliasContent(sha256=B))
    await aliases.set(RED, "a", AliasContent(sha256=A))
    async with database.write() as tx:
        await tx.execute(ASSETS.update().where(ASSETS.c.sha256 == B).values(state="deleted"))
    with pytest.raises(ConflictError):
        await aliases.roll_back(RED, "a", 1)


@pytest.mark.promise("G12")
async def test_alias_thousand_concurrent_creations_create_one(aliases, database, database_url, clock):
    """G12. Half of them come by another process's connections."""
    second = Database(database_url)
    await second.start()
    other = Aliases(second, clock, tombstone=TOMBSTONE, outbox=Outbox())
    names = itertools.cycle(["prize", "PRIZE", "Prize"])

    # All at once would wait for a connection for longer than the pool allows, on a machine with other work.
    in_flight = asyncio.Semaphore(100)

    async def claim(through, who, name):
        try:
            async with in_flight:
                await through.set(who, name, AliasContent(sha256=A), ABSENT)
        except (VersionError, AliasTakenError):
            return None
        return who.tenant, name

    crowd = [claim((aliases, other)[n % 2], (RED, BLUE)[n // 2 % 2], next(names)) for n in range(1000)]
    won = [each for each in await asyncio.gather(*crowd) if each]
    await second.close()
    assert len(won) == 1
    row = await aliases.get(won[0][1])
    assert (row.tenant, row.name, row.version) == (*won[0], 1)


@pytest.mark.promise("G12")
async def test_alias_concurrent_changes_of_one_version_change_it_once(aliases, database, database_url, clock):
    await aliases.set(RED, "a", AliasContent(sha256=A))
    second = Database(database_url)
    await second.start()
    other = Aliases(second, clock, tombstone=TOMBSTONE, outbox=Outbox())

    async def move(through):
        try:
            await through.set(RED, "a", AliasContent(sha256=B), AliasCondition(version=1))
        except VersionError:
            return False
        return True

    moved = await asyncio.gather(*(move((aliases, other)[n % 2]) for n in range(60)))
    assert sum(moved) == 1
    # Without a condition, all do, one after another, and each leaves its version.
    await asyncio.gather(*((aliases, other)[n % 2].set(RED, "a", AliasContent(sha256=A)) for n in range(20)))
    await second.close()
    assert (await aliases.get("a")).version == 22
    async with database.read() as tx:
        versions = (await tx.execute(select(ALIAS_VERSIONS.c.version).order_by(ALIAS_VERSIONS.c.version))).scalars()
        assert list(versions) == list(range(1, 23))


async def test_list_pages_are_stable_during_changes(aliases):
    for n in range(30):
        await aliases.set(RED, f"list/{n:02d}", AliasContent(sha256=A, tags=("even",) if n % 2 == 0 else ()))
    await aliases.set(RED, "lisu", AliasContent(sha256=A))
    await aliases.set(BLUE, "list/99", AliasContent(sha256=A))
    found, after = [], ""
    while rows := await aliases.page(RED, prefix="list/", tag="", text="", after=after, limit=7):
        found += [row.name for row in rows]
        after = rows[-1].name
        await aliases.set(RED, f"list/{after[-2:]}-new", AliasContent(sha256=A))
        await aliases.delete(RED, found[0]) if len(found) == 7 else None
    assert [name for name in found if "new" not in name] == [f"list/{n:02d}" for n in range(30)]
    assert found == sorted(set(found))


async def test_list_is_ordered_by_code_points_and_prefixes_are_exact(aliases):
    names = ["Shop", "Zoo", "a-b", "a/b", "a/😀", "a/\ufffd", "ab", "b", "é/1", "éa"]
    for name in names:
        await aliases.set(RED, name, AliasContent(sha256=A))

    async def listed(prefix):
        rows = await aliases.page(RED, prefix=prefix, tag="", text="", after="", limit=100)
        return [row.name for row in rows]

    assert await listed("") == sorted(names)
    for prefix in ("a", "a/", "S", "s", "e\u0301", "é/", "a/😀", "c", "\U0010ffff"):
        found = unicodedata.normalize("NFC", prefix)
        assert await listed(prefix) == sorted(name for name in names if name.startswith(found))


async def test_list_by_tag_and_by_text(aliases):
    await aliases.set(RED, "Shop/Red-Cup", AliasContent(sha256=A, tags=("cup", "red")))
    await aliases.set(RED, "shop/blue_cup", AliasContent(sha256=A, tags=("cup",)))

    async def names(who=RED, **filters):
        rows = await aliases.page(who, **{"prefix": "", "tag": "", "text": "", "after": "", "limit": 10, **filters})
        return [row.name for row in rows]

    assert await names(tag="red") == ["Shop/Red-Cup"]
    assert await names(text="RED-c") == ["Shop/Red-Cup"]
    assert await names(text="e_c") == ["shop/blue_cup"]
    assert await names(text="%") == []
    assert await names(prefix="shop/") == ["shop/blue_cup"]
    assert await names(who=BLUE) == []
    assert await names(who=ADMIN) == await names(who=None) == ["Shop/Red-Cup", "shop/blue_cup"]


async def test_outbox_has_two_entries_for_each_committed_change(aliases, database, clock, purges):
    await aliases.set(RED, "a", AliasContent(sha256=A))
    with pytest.raises(VersionError):
        await aliases.set(RED, "a", AliasContent(sha256=A), ABSENT)
    await aliases.delete(RED, "a")
    async with database.read() as tx:
        rows = (await tx.execute(select(OUTBOX.c.source, OUTBOX.c.due).order_by(OUTBOX.c.id))).all()
    assert [tuple(row) for row in rows] == [("alias://a", clock.now), ("alias://a", clock.now + SECOND_PURGE)] * 2
    assert len(purges) == 2


def test_postgresql_orders_names_by_code_points_in_every_locale(postgres):
    """Its server may speak any; the one of these tests speaks none."""
    query = "SELECT table_name, collation_name FROM information_schema.columns WHERE column_name = 'name'"
    collations = dict(line.split("|") for line in postgres.sql(query, "template_mememime").splitlines())
    assert [collations[table] for table in ("aliases", "alias_tags", "alias_versions")] == ["C", "C", "C"]
