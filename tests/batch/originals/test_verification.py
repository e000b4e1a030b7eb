"""Verification of one original at a time, with the scrubber's marks."""

import pytest

from mememime_proxy.batch.model import BatchItem, UnitState
from mememime_proxy.batch.originals.verification import open_verification
from mememime_proxy.batch.spec import BatchSpec
from mememime_proxy.errors import AssetNotFoundError, OriginalDefectError
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.migrate import bring_up
from mememime_proxy.resources.database.schema import ASSETS
from mememime_proxy.storage.asset_keys import asset_key
from tests.support.batch_uploads import upload_settings
from tests.support.resource_backend import in_folder


class Parts:
    def __init__(self, settings):
        self.settings = settings


async def test_originals_are_verified_now_and_marked(tmp_path):
    settings = upload_settings(tmp_path)
    await bring_up(settings.database_url)
    database = Database(settings.database_url)
    await database.start()

    async def verify(digest, hours=0.0):
        spec = BatchSpec(command="verify", parameters={"hours": hours}, input="")
        async with open_verification(Parts(settings), spec) as handler, handler.chunk([]) as worker:
            (outcome,) = await worker.process(BatchItem(f"asset://{digest}"))
        return outcome.state

    async with in_folder(database, tmp_path) as backend:
        right, lost = await backend.asset(b"right"), await backend.asset(b"lost")
        await backend.alias("right", right)
        await backend.storage.delete(asset_key(lost))
        assert await verify(right) is UnitState.DONE
        assert await verify(right) is UnitState.DONE
        assert await verify(right, hours=1) is UnitState.SKIPPED
        with pytest.raises(OriginalDefectError, match="missing"):
            await verify(lost, hours=1)
        with pytest.raises(AssetNotFoundError):
            await verify("0" * 64)
        states = {row["sha256"]: (row["state"], row["reason"]) for row in await backend.rows(ASSETS)}
        assert states == {right: ("ready", ""), lost: ("quarantined", "object.missing")}
        await backend.storage.put(asset_key(lost), b"lost")
        assert await verify(lost) is UnitState.DONE
        assert {row["state"] for row in await backend.rows(ASSETS)} == {"ready"}
    await database.close()
