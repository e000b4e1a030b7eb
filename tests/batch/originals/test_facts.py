"""Facts are those of an upload, found where they are missing."""

import pytest
from sqlalchemy import select, update

from mememime_proxy.batch.model import BatchItem, UnitState
from mememime_proxy.batch.originals.facts import FactsParameters, check_facts, open_facts
from mememime_proxy.batch.spec import BatchSpec
from mememime_proxy.errors import (
    AliasNotFoundError,
    AssetNotFoundError,
    BatchUsageError,
    OriginalDefectError,
    RequestError,
)
from mememime_proxy.resources.auth.principal import Principal, Role
from mememime_proxy.resources.database.schema import ASSETS
from mememime_proxy.resources.uploads.model import UploadIntent
from mememime_proxy.storage.asset_keys import asset_key
from tests.support.batch_uploads import opened_uploads
from tests.test_mirror import ROOT

OWNER = Principal(tenant="default", role=Role.WRITE, credential="key:x")


@pytest.fixture
async def parts(tmp_path):
    async with opened_uploads(tmp_path) as parts:
        yield parts


async def process(parts, source, **parameters):
    spec = BatchSpec(command="facts", parameters=parameters, input="")
    async with open_facts(parts, spec) as handler, handler.chunk([]) as worker:
        (outcome,) = await worker.process(BatchItem(source))
    return outcome.state


async def test_facts_are_found_again(parts, tmp_path):
    uploads = await parts.uploads()
    async with uploads.parts.temp_files.new() as temp_file:
        await temp_file.write((ROOT / "config" / "samples" / "coffee.jpg").read_bytes())
        published = await uploads.steps.finalizer.finish_body(temp_file, OWNER, UploadIntent(alias="a/coffee"))
    source, original = f"asset://{published.asset.sha256}", published.asset

    async def set_columns(**values):
        async with uploads.database.write() as tx:
            await tx.execute(update(ASSETS).values(**values))

    async def columns():
        async with uploads.database.read() as tx:
            row = (await tx.execute(select(ASSETS))).one()
            return row.facts, row.phash

    complete = await columns()
    assert await process(parts, source) is UnitState.SKIPPED
    await set_columns(phash=None)  # an older process beside a newer one
    assert await process(parts, source, missing=True) is UnitState.DONE
    assert await columns() == complete
    assert await process(parts, source, missing=True) is UnitState.SKIPPED
    lacking = {name: value for name, value in complete[0].items() if name not in {"phash", "blurhash", "exif"}}
    await set_columns(facts=lacking | {"width": 7}, phash=None)
    assert await process(parts, "alias://a/coffee", only=("phash",)) is UnitState.DONE
    assert await columns() == (complete[0] | {"width": 7}, complete[1])
    assert await process(parts, "alias://a/coffee", only=("phash",)) is UnitState.SKIPPED
    assert await process(parts, source) is UnitState.DONE
    assert await columns() == complete
    path = tmp_path / "assets" / asset_key(original.sha256)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(OriginalDefectError, match="corrupt"):
        await process(parts, source)
    path.unlink()
    with pytest.raises(OriginalDefectError, match="missing"):
        await process(parts, source)
    await set_columns(state="quarantined")
    for wrong, error in (
        (source, AssetNotFoundError),
        (f"asset://{'0' * 64}", AssetNotFoundError),
        ("alias://nobody", AliasNotFoundError),
        ("local:///a.jpg", RequestError),
    ):
        with pytest.raises(error):
            await process(parts, wrong)


def test_unknown_fact_is_refused():
    with pytest.raises(BatchUsageError, match="--only: found 'smell', expected facts of media_type"):
        check_facts(FactsParameters(only=("width", "smell")))
