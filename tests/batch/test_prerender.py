"""The job of an upload's variants."""

import msgspec
import pytest

from mememime_proxy.batch.model import BatchItem
from mememime_proxy.batch.prerender import prerender_jobs
from mememime_proxy.batch.spec import BatchSpec
from mememime_proxy.errors import SettingsError
from mememime_proxy.settings.settings import load


def jobs(**settings):
    variables = {f"MEMEMIME_{name.upper()}": value for name, value in settings.items()}
    return prerender_jobs(load(variables, keys_needed=False))


def test_without_presets_there_is_no_job():
    assert jobs() is None


def test_preset_that_is_not_defined_is_refused():
    with pytest.raises(SettingsError, match=r"MEMEMIME_PRERENDER: found 'crad', expected presets of .*: card"):
        jobs(prerender="card,crad", presets="card=w:9")


def test_service_without_presets_leaves_them_to_the_worker():
    assert jobs(prerender="card") is not None


def test_job_has_small_chunks_for_the_tenant_and_comes_before_batches():
    new = jobs(prerender="card,thumb", presets="card=w:9,thumb=w:5")([f"alias://{each}" for each in range(150)], "shop")
    spec = msgspec.convert(new.input, BatchSpec)
    assert (new.kind, new.tenant, new.priority > 0) == ("batch", "shop", True)
    assert tuple(spec.parameters["presets"]) == ("card", "thumb")
    chunks = list(new.chunks)
    assert [chunk.items for chunk in chunks] == [200, 100]
    assert msgspec.convert(chunks[1].payload, list[BatchItem])[0] == BatchItem("alias://100")
