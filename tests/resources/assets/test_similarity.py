"""Look-alikes equal a comparison with each asset, on both databases."""

import random

import pytest
from PIL import Image
from sqlalchemy import text

from mememime_proxy.errors import AssetHashMissingError, RequestError
from mememime_proxy.imaging.analysis.placeholders import fingerprint
from mememime_proxy.imaging.analysis.small_picture import SmallPicture
from mememime_proxy.resources.assets.repository import Assets
from mememime_proxy.resources.assets.similarity import Similarity, similarity_parameters, similarity_query
from mememime_proxy.resources.auth.principal import Principal, Role
from mememime_proxy.resources.database.outbox import Outbox
from mememime_proxy.resources.database.perceptual_hash import bit_distance, from_hex, mirrored
from tests.support.hashed_assets import add_hashed_assets, name, planted_hashes, signed
from tests.support.resource_backend import in_folder
from tests.test_mirror import ROOT

RED, BLUE = (Principal(tenant=tenant, role=Role.WRITE, credential="key:x") for tenant in ("red", "blue"))
ADMIN = Principal(tenant="default", role=Role.ADMIN, credential="key:admin")
COUNT = 20_000
"""Assets; `python -m benchmarks alike` compares among a million."""
QUESTIONS = 10


@pytest.fixture
def ask(database):
    """Ask for the neighbours of the asset with a number; the answer has numbers, too."""
    assets, similarity = Assets(database, lambda: 0, Outbox()), Similarity(database)

    async def find(number, principal, distance, limit=1000):
        asset = await assets.get(name(number), principal)
        found, more = await similarity.neighbours(asset, principal, distance=distance, limit=limit)
        return [(each.distance, each.is_mirrored, int(each.asset.sha256, 16)) for each in found], more

    return find


def brute_force(hashes, number, distance, numbers):
    value = hashes[number]
    mirror = mirrored(value)
    found = []
    for other in numbers:
        straight, reverse = bit_distance(value, hashes[other]), bit_distance(mirror, hashes[other])
        if other != number and min(straight, reverse) <= distance:
            found.append((min(straight, reverse), reverse < straight, other))
    return sorted(found)


def photograph_hashes(count):
    """Hashes of windows of photographs, of which many are alike."""
    hashes, windows = [], random.Random(4)
    pictures = []
    for path in sorted((ROOT / "config" / "samples").glob("*.jpg")):
        pictures.append(Image.open(path).convert("RGB"))
        pictures[-1].thumbnail((160, 160))
    for number in range(count):
        picture = pictures[number % len(pictures)]
        left, top = windows.randrange(40), windows.randrange(20)
        window = picture.crop((left, top, left + 72, top + 64))
        small = SmallPicture(window.width, window.height, window.tobytes())
        hashes.append(from_hex(fingerprint(small.brightness())))
    return hashes


async def test_neighbours_equal_brute_force_at_every_distance(database, ask):
    hashes = planted_hashes(COUNT, QUESTIONS, seed=1)
    for number in range(QUESTIONS):  # a mirrored picture for each question, at distance 3
        hashes[COUNT - 1 - number] = mirrored(hashes[number]) ^ (1 << number | 1 << number + 20 | 1 << number + 40)
    await add_hashed_assets(database, hashes, ["red"])
    for number in range(QUESTIONS):
        expected = brute_force(hashes, number, 7, range(COUNT))
        assert len(expected) >= 17
        for distance in range(8):
            found, more = await ask(number, RED, distance)
            assert found == [each for each in expected if each[0] <= distance]
            assert not more


async def test_neighbours_among_photographs_equal_brute_force(database, ask):
    hashes = photograph_hashes(1000)
    await add_hashed_assets(database, hashes, ["red"])
    seen = set()
    for number in range(QUESTIONS):
        expected = brute_force(hashes, number, 7, range(len(hashes)))
        seen |= {distance for distance, _, _ in expected}
        for distance in range(8):
            found, more = await ask(number, RED, distance)
            assert found == [each for each in expected if each[0] <= distance]
            assert not more
    assert seen == set(range(8))


async def test_neighbours_of_other_tenants_are_not_found(database, ask):
    hashes = planted_hashes(200, 1, seed=2)
    await add_hashed_assets(database, hashes, ["red", "blue"])
    found, _ = await ask(0, RED, 7)
    assert found == brute_force(hashes, 0, 7, range(0, 200, 2))
    assert found
    assert (await ask(1, BLUE, 7))[0] == brute_force(hashes, 1, 7, range(1, 200, 2))
    assert (await ask(0, ADMIN, 7))[0] == brute_force(hashes, 0, 7, range(200))


async def test_neighbours_beyond_the_limit_are_announced(database, ask):
    await add_hashed_assets(database, [signed(1 << 63)] * 5, ["red"])
    assert await ask(2, RED, 0, limit=3) == ([(0, False, 0), (0, False, 1), (0, False, 3)], True)
    assert await ask(2, RED, 0, limit=4) == ([(0, False, 0), (0, False, 1), (0, False, 3), (0, False, 4)], False)


async def test_neighbours_that_are_not_ready_are_not_found(database, ask):
    await add_hashed_assets(database, [7], ["red"])
    for number, state in enumerate(("verifying", "quarantined", "deleted", "removing"), 1):
        await add_hashed_assets(database, [7], ["red"], first=number, state=state)
    assert await ask(0, RED, 7) == ([], False)
    assert await ask(3, RED, 7) == ([(0, False, 0)], False)


async def test_neighbours_of_an_asset_without_a_hash_are_an_error(database, tmp_path):
    async with in_folder(database, tmp_path) as backend:
        sha256 = await backend.asset(b"bytes", "quarantined")
        asset = await Assets(database, backend.clock, Outbox()).get(sha256, ADMIN)
        with pytest.raises(AssetHashMissingError, match="is quarantined and has no perceptual hash"):
            await Similarity(database).neighbours(asset, ADMIN, distance=0, limit=1)


@pytest.mark.parametrize("distance", [-1, 8])
async def test_neighbours_at_an_invalid_distance_are_an_error(database, ask, distance):
    await add_hashed_assets(database, [7], ["red"])
    with pytest.raises(RequestError, match=f"found the distance {distance}, expected 0 to 7"):
        await ask(0, RED, distance)


@pytest.mark.parametrize("principal", [RED, ADMIN], ids=["tenant", "admin"])
@pytest.mark.parametrize("distance", [3, 7])
async def test_query_plan_uses_the_index_of_each_band(database, distance, principal):
    hashes = planted_hashes(20_000, 1, seed=3)
    await add_hashed_assets(database, hashes, ["red"])
    is_postgresql = database.dialect == "postgresql"
    if is_postgresql:
        async with database.write() as tx:
            await tx.execute(text("ANALYZE"))
    values = similarity_parameters(hashes[0], distance) | {"asked": name(0), "tenant": "red", "limit": 11}
    async with database.read() as tx:
        statement = similarity_query(database.dialect, principal).params(**values, distance=distance)
        compiled = statement.compile(tx.sync_connection, compile_kwargs={"literal_binds": True})
        explain = "EXPLAIN" if is_postgresql else "EXPLAIN QUERY PLAN"
        plan = "\n".join(str(row[-1]) for row in await tx.execute(text(f"{explain} {compiled}")))
    for number in range(4):
        assert f"ix_assets_phash_band_{number}" in plan
    assert "Seq Scan on assets" not in plan
    assert "SCAN assets" not in plan
    assert "ix_assets_state" not in plan
