"""Facts are replaced as a whole, with their column, unless the asset has changed meanwhile."""

import pytest

from mememime_proxy.errors import AssetNotFoundError, ConflictError
from mememime_proxy.resources.assets.facts import FactsRenewal
from mememime_proxy.resources.database.schema import ASSETS
from tests.support.resource_backend import in_folder

FACTS = {"media_type": "image/webp", "phash": "8000000000000001", "height": 4, "dominant_color": "#00ff01"}


@pytest.fixture
async def backend(database, tmp_path):
    async with in_folder(database, tmp_path) as instance:
        yield instance


async def test_facts_are_replaced_once(backend):
    digest = await backend.asset(b"bytes")
    rows = FactsRenewal(backend.database, backend.clock)
    stored = await rows.find(digest)
    assert stored.lacks(("phash",))
    assert await rows.renew(stored, FACTS)
    row = await backend.row(ASSETS)
    assert (row["facts"], row["phash"], row["media_type"]) == (FACTS, 1 - (1 << 63), "image/webp")
    assert (row["width"], row["height"], row["dominant_color"]) == (None, 4, 0x00FF01)
    assert row["changed"] > stored.asset.changed
    with pytest.raises(ConflictError):
        await rows.renew(stored, FACTS | {"phash": "1" * 16})
    again = await rows.find(digest)
    assert not again.lacks(("phash",))
    assert again.lacks(("phash", "width"))
    assert not await rows.renew(again, FACTS)
    await backend.change(ASSETS, phash=None)
    assert (await rows.find(digest)).lacks(())
    assert (await backend.row(ASSETS))["changed"] == row["changed"]


async def test_asset_that_is_not_ready_is_refused(backend):
    digest = await backend.asset(b"bytes", "quarantined")
    with pytest.raises(AssetNotFoundError, match="quarantined"):
        await FactsRenewal(backend.database, backend.clock).find(digest)
