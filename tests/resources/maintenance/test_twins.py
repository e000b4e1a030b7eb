"""Near-duplicates equal a comparison of each hash with each other one, on both databases."""

import functools

import numpy as np
import pytest

from mememime_proxy.errors import RequestError
from mememime_proxy.resources.maintenance.twins import HashPart, TwinAsset, TwinPair, Twins, TwinTotals, parts
from tests.support.hashed_assets import add_hashed_assets, name, planted_hashes, signed
from tests.support.resource_backend import in_folder

COUNT = 10_000
"""Assets; `python -m benchmarks twins` compares a million."""


@functools.cache
def hashes(count):
    """Random hashes, of which some have twenty neighbours each, and many pictures of one colour."""
    found = planted_hashes(count, 60, seed=3)
    found[-200:] = [0] * 200
    return tuple(found)


@functools.cache
def brute_force(count, distance):
    """Return the pairs of different hashes, as the first of their assets, and the groups of assets."""
    values, first = np.unique(np.array(hashes(count), np.int64), return_index=True)
    pairs = set()
    for number, value in enumerate(values):
        bits = np.bitwise_count((values[number + 1 :] ^ value).view(np.uint64))
        for place in np.flatnonzero(bits <= distance):
            ends = sorted((name(int(first[number])), name(int(first[number + 1 + place]))))
            pairs.add((*ends, int(bits[place])))
    groups = {name(int(each)): {name(int(each))} for each in first}
    for number, value in enumerate(hashes(count)):
        groups[name(int(first[np.searchsorted(values, value)]))].add(name(number))
    for one, other, _ in pairs:
        if groups[one] is not groups[other]:
            joined = groups[one] | groups[other]
            groups |= dict.fromkeys(joined & groups.keys(), joined)
    return pairs, {frozenset(group) for group in groups.values() if len(group) > 1}


async def found(database, tenant, distance, **options):
    totals, groups, pairs = TwinTotals(), {}, []
    async for each in Twins(database, distance, **options).find(tenant, totals):
        if isinstance(each, TwinAsset):
            assert not pairs
            groups.setdefault(each.group, []).append(each.sha256)
        else:
            pairs.append(each)
    return totals, list(groups.values()), pairs


@pytest.mark.parametrize(("count", "distance"), [(2000, 0), (COUNT, 3), (COUNT, 6), (2000, 7)])
async def test_pairs_and_groups_equal_brute_force(database, count, distance):
    await add_hashed_assets(database, hashes(count), ["red"])
    totals, groups, pairs = await found(database, "red", distance)
    expected_pairs, expected_groups = brute_force(count, distance)
    assert len(expected_groups) >= 60
    assert len(set(pairs)) == len(pairs), "a pair was written twice"
    assert set(pairs) == {TwinPair(*each) for each in expected_pairs}
    assert {frozenset(group) for group in groups} == expected_groups
    assert totals == TwinTotals(
        assets=count, hashes=len(set(hashes(count))), pairs=len(pairs), groups=len(groups),
        grouped=sum(map(len, groups)), common=0,
    )  # fmt: skip


async def test_groups_are_of_one_tenant_and_of_ready_assets(database):
    await add_hashed_assets(database, [5, 5, 7, 7], ["red", "blue"])
    await add_hashed_assets(database, [5, 7], ["red"], first=4, state="quarantined")
    assert await Twins(database, 6).tenants() == ["blue", "red"]
    assert [await found(database, tenant, 6) for tenant in ("red", "blue", "nobody")] == [
        (TwinTotals(assets=2, hashes=2, pairs=1, groups=1, grouped=2), [[name(0), name(2)]],
         [TwinPair(name(0), name(2), 1)]),
        (TwinTotals(assets=2, hashes=2, pairs=1, groups=1, grouped=2), [[name(1), name(3)]],
         [TwinPair(name(1), name(3), 1)]),
        (TwinTotals(), [], []),
    ]  # fmt: skip


async def test_group_has_the_names_of_its_assets(database, tmp_path):
    await add_hashed_assets(database, [5, 5], ["somebody"])
    async with in_folder(database, tmp_path) as backend:
        await backend.alias("shop/b", name(1))
        await backend.alias("shop/a", name(1))
        await backend.alias("gone", name(0), state="deleted")
    assert [each async for each in Twins(database, 0).find("somebody", TwinTotals())] == [
        TwinAsset(1, name(0), ""), TwinAsset(1, name(1), "shop/a"),
    ]  # fmt: skip


async def test_common_blocks_are_left_out_and_counted(database):
    """Sixty drawings on one background: the joins by its blocks are left out, and near ones are found by others."""
    background = [number << 40 for number in range(60)]
    await add_hashed_assets(database, [*background, signed(1 << 63), signed(1 << 63 | 1)], ["red"])
    complete, _, pairs = await found(database, "red", 3)
    bounded, _, some = await found(database, "red", 3, common=20)
    assert complete.common == 0
    assert bounded.common > 0
    assert set(some) < set(pairs)
    assert TwinPair(name(60), name(61), 1) in some
    assert len(set(some)) == len(some)


async def test_interrupted_search_can_be_repeated(database):
    await add_hashed_assets(database, [5, 5], ["red"])
    search = Twins(database, 3).find("red", TwinTotals())
    assert await anext(search)
    await search.aclose()
    assert len((await found(database, "red", 3))[1]) == 1


@pytest.mark.parametrize("distance", range(1, 8))
def test_hashes_within_a_distance_are_equal_in_one_part(distance):
    found = parts(distance)
    assert all(part.mask.bit_count() >= 18 for part in found)
    for start in range(64):
        changed = sum(1 << (start + number * 64 // distance) % 64 for number in range(distance))
        for value in (0, signed(0xFEDCBA9876543210)):
            assert any(part.of(value) == part.of(signed((value ^ changed) % (1 << 64))) for part in found)


def test_part_has_the_bits_of_its_blocks_side_by_side():
    part = HashPart([(0, 4), (32, 36), (60, 64)])
    assert part.mask == 0xF000_000F_0000_000F
    assert part.of(signed(0xA123_4567_89AB_CDEC)) == 0xA7C
    assert part.of(5) == 5


def test_distance_beyond_what_answers_allow_is_refused(database):
    with pytest.raises(RequestError, match="0 to 7"):
        Twins(database, 8)
