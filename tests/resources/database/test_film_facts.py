"""Rows of what is known of films and sound."""

import pytest
from sqlalchemy import select

from mememime_proxy.resources.assets.removal import Removal
from mememime_proxy.resources.database.film_facts import (
    add_film_facts,
    find_film_facts,
    has_loudness,
    replace_film_facts,
)
from mememime_proxy.resources.database.schema import ASSETS
from tests.support.resource_backend import in_folder


@pytest.fixture
async def backend(database, tmp_path):
    async with in_folder(database, tmp_path) as instance:
        yield instance


async def test_inspection_adds_and_measuring_replaces_and_removal_deletes(backend):
    first, second = await backend.asset(b"film"), await backend.asset(b"sound")
    database = backend.database
    async with database.write() as tx:
        await add_film_facts(tx, database, {first: b"tables", second: b""}, backend.now)
        assert not await has_loudness(tx, first)
        await replace_film_facts(tx, database, first, b"measured", backend.now)
        await add_film_facts(tx, database, {first: b"tables"}, backend.now)
        assert await has_loudness(tx, first)
        row = (await tx.execute(select(ASSETS).where(ASSETS.c.sha256 == first))).one()
    assert await find_film_facts(database, first) == b"measured"
    assert await find_film_facts(database, second) == b""
    assert await Removal(database, backend.storage).remove(first, row.state, row.changed, backend.now)
    assert await find_film_facts(database, first) == b""
