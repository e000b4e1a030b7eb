"""Lists on both databases have the rows, and the order, of a plain filter in Python."""

import hashlib
import random

import pytest
from sqlalchemy import text

from mememime_proxy.resources.assets.catalogue import AssetList, AssetOrder, Catalogue, _page
from mememime_proxy.resources.assets.filters import COLOR_DISTANCE, AssetFilter
from mememime_proxy.resources.assets.positions import Place, Positions
from mememime_proxy.resources.database.schema import ALIAS_TAGS, ALIASES, ASSETS, HOLDINGS, TENANTS

TYPES = ("image/png", "image/jpeg", "image/avif")
COLORS = (0xFF0000, 0x10F010, 0x0000FF, None)


def rows(count=60):
    """Assets of two tenants, with equal sizes and times among them."""
    rng = random.Random(5)
    for number in range(count):
        yield {
            "sha256": hashlib.sha256(str(number).encode()).hexdigest(), "size": rng.randrange(1, 9),
            "created": 1000 + rng.randrange(12), "media_type": rng.choice(TYPES), "width": rng.randrange(1, 500),
            "height": rng.randrange(1, 500), "dominant_color": rng.choice(COLORS),
            "state": rng.choice(["ready", "ready", "deleted"]), "tenant": rng.choice(["red", "red", "blue"]),
            "filename": rng.choice(["", "Beach.JPG", "100%_cat.png"]),
            "alias": rng.choice(["", f"shop/{number}", f"Café/{number}"]),
            "tags": rng.choice([[], ["Sale"], ["new", "sale"]]),
        }  # fmt: skip


ROWS = list(rows())


@pytest.fixture
async def catalogue(database):
    async with database.write() as tx:
        for name in ("red", "blue"):
            await tx.execute(TENANTS.insert().values(name=name, created=1))
        for row in ROWS:
            await tx.execute(
                ASSETS.insert().values(
                    **{name: row[name] for name in row if name not in {"tenant", "filename", "alias", "tags"}},
                    reason="", reason_detail="", stored_sha256="", stored_size=1, facts={}, changed=1,
                )
            )  # fmt: skip
            names = ("tenant", "sha256", "size", "filename", "created")
            await tx.execute(HOLDINGS.insert().values(**{name: row[name] for name in names}))
            if alias := row["alias"]:
                await tx.execute(
                    ALIASES.insert().values(
                        name=alias, skeleton=alias.lower(), tenant=row["tenant"], state="active", version=1,
                        sha256=row["sha256"], tags=row["tags"], created=1, changed=1,
                    )
                )  # fmt: skip
                for tag in row["tags"]:
                    await tx.execute(ALIAS_TAGS.insert().values(name=alias, tag=tag))
    instance = Catalogue(database, Positions())
    yield instance
    await instance.close()


def tags(row):
    return row["tags"] if row["alias"] else []


def near(row, color):
    if row["dominant_color"] is None:
        return False
    parts = [((row["dominant_color"] >> shift) & 255) - ((color >> shift) & 255) for shift in (16, 8, 0)]
    return sum(part * part for part in parts) <= COLOR_DISTANCE**2


FILTERS = [
    (AssetFilter(), lambda row: True),
    (AssetFilter(state="ready"), lambda row: row["state"] == "ready"),
    (AssetFilter(media_type="image/png"), lambda row: row["media_type"] == "image/png"),
    (AssetFilter(min_width=100, max_width=300), lambda row: 100 <= row["width"] <= 300),
    (AssetFilter(min_height=200), lambda row: row["height"] >= 200),
    (AssetFilter(min_size=3, max_size=5), lambda row: 3 <= row["size"] <= 5),
    (AssetFilter(color=0x00FF00), lambda row: near(row, 0x00FF00)),
    (AssetFilter(color=0xF01010), lambda row: near(row, 0xF01010)),
    (AssetFilter(since=1003, before=1006), lambda row: 1003 <= row["created"] < 1006),
    (AssetFilter(tag="sale"), lambda row: "sale" in tags(row)),
    (AssetFilter(alias="Café/"), lambda row: row["alias"].startswith("Café/")),
    (AssetFilter(unnamed=True), lambda row: not row["alias"]),
    (AssetFilter(text="BEACH"), lambda row: row["filename"] == "Beach.JPG"),
    (AssetFilter(text="%_c"), lambda row: row["filename"] == "100%_cat.png"),
    (AssetFilter(text="hop/1"), lambda row: "shop/1" in row["alias"]),
    (AssetFilter(text="sal"), lambda row: any("sal" in tag.lower() for tag in tags(row))),
    (AssetFilter(tag="' OR 1=1 --"), lambda row: False),
]


def name_of(case):
    return str(case)


def expected(which, accepts):
    chosen = [row for row in ROWS if which.tenant in {None, row["tenant"]} and accepts(row)]
    number = {AssetOrder.DIGEST: lambda row: 0}.get(which.order, lambda row: row[which.order.value])
    return sorted(chosen, key=lambda row: (number(row), row["sha256"]), reverse=which.descending)


async def test_lists_have_the_rows_and_the_order_of_a_plain_filter(catalogue):
    for tenant in ("red", None):
        for order in AssetOrder:
            for number, (wanted, accepts) in enumerate(FILTERS):
                which = AssetList(tenant=tenant, filter=wanted, order=order, descending=number % 2 == 0)
                right = expected(which, accepts)
                found = await catalogue.page(which, limit=1000)
                assert [row.asset.sha256 for row in found] == [row["sha256"] for row in right], which
                assert [row.filename for row in found] == [row["filename"] for row in right]
                assert await catalogue.total(which) == len(right)
    assert all(any(accepts(row) for row in ROWS) for _, accepts in FILTERS[:-1]), "a filter that nothing passes"


@pytest.mark.parametrize("order", AssetOrder)
@pytest.mark.parametrize("descending", [True, False])
async def test_pages_by_key_and_by_number_are_parts_of_the_list(catalogue, order, descending):
    which = AssetList(tenant="red", order=order, descending=descending)
    right = [row["sha256"] for row in expected(which, lambda row: True)]
    key, found = None, []
    while page := await catalogue.page(which, after=key, limit=7):
        found += [row.asset.sha256 for row in page]
        key = page[-1].key
    assert found == right
    for offset in (0, 1, 13, len(right) - 1, len(right), len(right) + 5):
        page = await catalogue.page(which, offset=offset, limit=5)
        assert [row.asset.sha256 for row in page] == right[offset : offset + 5]


@pytest.mark.parametrize("order", AssetOrder)
@pytest.mark.parametrize("tenant", [None, "red"])
async def test_sqlite_reads_pages_in_the_order_of_an_index(database, order, tenant):
    if database.dialect != "sqlite":
        pytest.skip("PostgreSQL chooses by its statistics")
    which = AssetList(tenant=tenant, filter=AssetFilter(state="ready"), order=order, descending=True)
    query = _page(which, Place(None, 0)).limit(201)
    statement = str(query.compile(database.engine.sync_engine, compile_kwargs={"literal_binds": True}))
    async with database.read() as tx:
        plan = " ".join(row.detail for row in await tx.execute(text(f"EXPLAIN QUERY PLAN {statement}")))
    assert "INDEX" in plan
    assert "TEMP B-TREE" not in plan
