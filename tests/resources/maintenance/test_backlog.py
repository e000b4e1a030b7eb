"""Metrics of uploads, outbox, scrubber and janitor have the numbers of what happened."""

import math

import pytest
from sqlalchemy import insert

from mememime_proxy.errors import StorageUnavailableError
from mememime_proxy.resources.assets.model import AssetDefect
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.outbox import Outbox
from mememime_proxy.resources.database.schema import ASSETS, OUTBOX, UPLOADS
from mememime_proxy.resources.maintenance.backlog import Backlog
from mememime_proxy.resources.maintenance.janitor import Janitor
from mememime_proxy.resources.maintenance.scrubber import Scrubber
from mememime_proxy.resources.metrics import ResourceMetrics
from mememime_proxy.settings.settings import Settings
from mememime_proxy.storage.asset_keys import asset_key
from tests.support.resource_backend import DAY, HOUR, in_folder
from tests.support.waiting import wait_until


@pytest.fixture
async def backend(database, tmp_path):
    async with in_folder(database, tmp_path) as instance:
        yield instance


@pytest.fixture
def metrics():
    return ResourceMetrics()


def value(metrics, name, **labels):
    return metrics.registry.get_sample_value(name, labels)


async def test_backlog_of_an_empty_database_is_zero(backend, metrics):
    await Backlog(backend.database, metrics).read()
    for name in ("outbox_purges", "outbox_oldest_seconds", "oldest_unfinished_upload_seconds",
                 "scrub_oldest_check_seconds", "scrub_unchecked_assets"):  # fmt: skip
        assert value(metrics, f"resource_{name}") == 0
    assert value(metrics, "resource_assets", state="quarantined") == 0
    assert value(metrics, "resource_open_uploads", state="receiving") == 0


async def test_lag_is_zero_on_a_primary_and_unknown_where_the_database_cannot_be_had(backend, metrics, closed_port):
    await Backlog(backend.database, metrics).read_replica_lag()
    assert value(metrics, "resource_replica_lag_seconds") == 0
    gone = Database(f"postgresql://nobody@127.0.0.1:{closed_port}/none")
    await gone.start()
    await Backlog(gone, metrics).read_replica_lag()
    await gone.close()
    assert math.isnan(value(metrics, "resource_replica_lag_seconds"))


async def test_backlog_counts_rows_and_their_ages(backend, metrics):
    for number in range(3):
        await backend.upload(b"a", state="receiving" if number else "verifying")
    await backend.upload(b"a", state="done")
    ready, bad = await backend.asset(b"ready"), await backend.asset(b"bad", "quarantined")
    await backend.asset(b"new")
    async with backend.database.write() as tx:
        for age in (HOUR, 2 * HOUR):
            row = {"source": "alias://a", "attempts": 0, "created": backend.now - age, "due": backend.now}
            await tx.execute(insert(OUTBOX).values(**row))
        await tx.execute(ASSETS.update().where(ASSETS.c.sha256 == ready).values(checked=backend.now - DAY))
        await tx.execute(ASSETS.update().where(ASSETS.c.sha256 == bad).values(checked=backend.now - 9 * DAY))
        await tx.execute(UPLOADS.update().where(UPLOADS.c.state == "verifying").values(changed=backend.now - HOUR))
    await Backlog(backend.database, metrics).read()
    assert value(metrics, "resource_open_uploads", state="receiving") == 2
    assert value(metrics, "resource_open_uploads", state="verifying") == 1
    assert value(metrics, "resource_oldest_unfinished_upload_seconds") == pytest.approx(3600, abs=60)
    assert value(metrics, "resource_outbox_purges") == 2
    assert value(metrics, "resource_outbox_oldest_seconds") == pytest.approx(7200, abs=60)
    assert value(metrics, "resource_assets", state="quarantined") == 1
    assert value(metrics, "resource_scrub_oldest_check_seconds") == pytest.approx(86400, abs=60)
    assert value(metrics, "resource_scrub_unchecked_assets") == 1


async def test_backlog_reads_at_its_start(backend, metrics):
    await backend.asset(b"bad", "quarantined")
    backlog = Backlog(backend.database, metrics)
    backlog.start()
    await wait_until(lambda: value(metrics, "resource_assets", state="quarantined") == 1)
    await backlog.close()


async def test_janitor_counts_what_it_removes_and_what_fails(backend, metrics):
    instance = Janitor(Settings(), backend.database, backend.storage, backend.clock, Outbox(), metrics)
    await backend.upload(b"a")
    backend.now += HOUR + 1
    await instance.round()
    assert value(metrics, "resource_cleanup_items_total", step="uploads expired") == 1
    assert value(metrics, "resource_cleanup_items_total", step="uploads cleared") == 1

    async def fail(key):
        raise StorageUnavailableError("away")

    await backend.upload(b"b")
    backend.now += HOUR + 1
    backend.storage.delete = fail
    await instance.round()
    assert value(metrics, "resource_cleanup_failures_total", step="uploads cleared") == 1


async def test_scrubber_counts_results_and_bytes(backend, metrics, tmp_path):
    await backend.asset(b"intact")
    rotten = await backend.asset(b"rotten")
    await backend.asset(b"missing", stored=False)
    (tmp_path / "assets" / asset_key(rotten)).write_bytes(b"r0tten")
    scrubber = Scrubber(backend.database, backend.storage, backend.clock, DAY, Outbox(), metrics, pace=float("inf"))
    await scrubber.round()
    for result in ("ok", AssetDefect.CORRUPT, AssetDefect.MISSING):
        assert value(metrics, "resource_scrubbed_assets_total", result=result) == 1
    assert value(metrics, "resource_scrubbed_bytes_total") == 3 * len(b"rotten")
