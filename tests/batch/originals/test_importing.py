"""Imports: what an upload guarantees, names by templates, and nothing twice."""

import os

import pytest

from mememime_proxy.batch.inputs.local import read_folder
from mememime_proxy.batch.model import BatchItem, UnitState
from mememime_proxy.batch.originals.importing import ImportParameters, alias_choice, open_import
from mememime_proxy.batch.spec import BatchSpec
from mememime_proxy.errors import (
    AliasNameError,
    AliasTakenError,
    BatchUsageError,
    ImageError,
    MememimeError,
    QuotaError,
    SourceNotFoundError,
)
from mememime_proxy.resources.aliases.model import AliasContent
from mememime_proxy.resources.auth.principal import Principal, Role
from mememime_proxy.resources.database.schema import TENANTS
from tests.support.batch_uploads import opened_uploads
from tests.test_mirror import ROOT

SAMPLES = ROOT / "config" / "samples"
OWNER = Principal(tenant="default", role=Role.WRITE, credential="key:x")


@pytest.fixture
async def parts(tmp_path):
    (tmp_path / "originals").mkdir()
    for name in ("astronaut.jpg", "coffee.jpg"):
        (tmp_path / "originals" / name).write_bytes((SAMPLES / name).read_bytes())
    async with opened_uploads(tmp_path) as parts:
        yield parts


async def imported(parts, folder, only="", **parameters):
    """Import a folder, or one file of it, and return states and errors by name."""
    spec = BatchSpec(command="import", parameters=parameters, input="")
    found = {}
    async with open_import(parts, spec) as handler:
        for item in read_folder(folder / "originals", folder / "originals"):
            async with handler.chunk([item]) as worker:
                if not only or item.name == only:
                    try:
                        (outcome,) = await worker.process(item)
                        found[item.name] = outcome.state
                    except MememimeError as error:
                        found[item.name] = type(error)
    return found


async def alias_of(parts, name):
    return await (await parts.uploads()).steps.aliases.get(name)


async def test_originals_become_assets_once(parts, tmp_path):
    (tmp_path / "originals" / "bad.jpg").write_bytes((SAMPLES / "coffee.jpg").read_bytes()[:900])
    states = await imported(parts, tmp_path, alias="new/{path}")
    assert issubclass(states.pop("bad"), ImageError)
    assert set(states.values()) == {UnitState.DONE}
    alias = await alias_of(parts, "new/coffee")
    content = (SAMPLES / "coffee.jpg").read_bytes()
    assert (alias.version, alias.tenant, alias.asset.size) == (1, "default", len(content))
    assert alias.asset.facts["phash"]
    (tmp_path / "originals" / "bad.jpg").unlink()
    skipped = {"astronaut": UnitState.SKIPPED, "coffee": UnitState.SKIPPED}
    assert await imported(parts, tmp_path, alias="new/{path}", revalidates=True) == skipped
    path = tmp_path / "originals" / "coffee.jpg"
    path.write_bytes(bytes(path.stat().st_size))
    os.utime(path, (5, 5))
    assert await imported(parts, tmp_path, alias="new/{path}") == skipped, "alias, date and size were not enough"
    assert issubclass((await imported(parts, tmp_path, alias="new/{path}", revalidates=True))["coffee"], ImageError)
    assert (await alias_of(parts, "new/coffee")).version == 1


async def test_alias_moves_with_a_changed_original_and_has_its_attributes(parts, tmp_path):
    await imported(parts, tmp_path, alias="{stem}")
    before = await alias_of(parts, "coffee")
    steps = (await parts.uploads()).steps
    await steps.aliases.set(OWNER, "coffee", AliasContent(before.asset.sha256, tags=("a",)))
    (tmp_path / "originals" / "coffee.jpg").write_bytes((SAMPLES / "astronaut.jpg").read_bytes())
    assert await imported(parts, tmp_path, alias="{stem}") == {
        "astronaut": UnitState.SKIPPED, "coffee": UnitState.DONE,
    }  # fmt: skip
    after = await alias_of(parts, "coffee")
    assert (after.version, after.content.tags) == (3, ("a",))
    assert after.asset.sha256 == (await alias_of(parts, "astronaut")).asset.sha256 != before.asset.sha256


async def test_quota_and_names_of_another_tenant(parts, tmp_path):
    database = (await parts.uploads()).database
    async with database.write() as tx:
        await tx.execute(database.insert(TENANTS).values(name="small", max_assets=1, created=0))
    assert await imported(parts, tmp_path, alias="s/{path}", tenant="small") == {
        "astronaut": UnitState.DONE, "coffee": QuotaError,
    }  # fmt: skip
    assert await imported(parts, tmp_path, alias="s/{path}") == {
        "astronaut": AliasTakenError, "coffee": UnitState.DONE,
    }  # fmt: skip
    assert await imported(parts, tmp_path, only="coffee", alias="{exif|undated}/{stem}-{sha256:4}") == {
        "coffee": UnitState.DONE,
    }  # fmt: skip
    assert await imported(parts, tmp_path, only="coffee", alias="a/../{path}") == {"coffee": AliasNameError}
    with pytest.raises(BatchUsageError, match="--tenant"):
        await imported(parts, tmp_path, tenant="nobody")
    spec = BatchSpec(command="import", parameters={}, input="")
    async with open_import(parts, spec) as handler:
        with pytest.raises(SourceNotFoundError):
            await handler.process(BatchItem("local:///none.jpg"))


@pytest.mark.parametrize("parameters", [ImportParameters(alias="{none}"), ImportParameters(renames=("s/a",))])
def test_wrong_template_is_refused(parameters):
    with pytest.raises(BatchUsageError, match="--alias, --rename: found"):
        alias_choice(parameters)
