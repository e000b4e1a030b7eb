"""Derivatives in the database: a job for each plan, again where the last one came to nothing."""

import pytest
from sqlalchemy import delete, select, update

from mememime_proxy.errors import RequestError
from mememime_proxy.jobs.queue import JobQueue
from mememime_proxy.jobs.repository import Jobs
from mememime_proxy.jobs.schema import JOBS
from mememime_proxy.resources.assets.derivatives import (
    DerivativePlan,
    Derivatives,
    PlanCheck,
    UploadDerivatives,
    parse_rules,
    record_result,
)
from mememime_proxy.resources.assets.repository import Assets
from mememime_proxy.resources.auth.principal import Principal, Role
from mememime_proxy.resources.database.film_facts import replace_film_facts
from mememime_proxy.resources.database.outbox import Outbox
from mememime_proxy.resources.database.schema import ASSETS, HOLDINGS
from mememime_proxy.urls.config import UrlConfig
from tests.support.resource_backend import TENANT, in_folder

PLAN = DerivativePlan(options="ld:720")
CHECK = PlanCheck(UrlConfig())


@pytest.fixture
async def backend(database, tmp_path):
    async with in_folder(database, tmp_path) as instance:
        yield instance


@pytest.fixture
async def derivatives(backend):
    queue = JobQueue(backend.database)
    await queue.start()
    yield Derivatives(backend.database, Jobs(backend.database, queue, backend.clock), CHECK, backend.clock)
    queue.stop()


async def film(backend, *, seconds=50, media_type="video/mp4", body=b"film"):
    sha256 = await backend.asset(body)
    facts = {"duration_ms": 1000 * seconds}
    async with backend.database.write() as tx:
        await tx.execute(update(ASSETS).where(ASSETS.c.sha256 == sha256).values(media_type=media_type, facts=facts))
    principal = Principal(tenant=TENANT, role=Role.WRITE, credential="key:x")
    return await Assets(backend.database, backend.clock, Outbox(None)).get(sha256, principal)


async def create(backend, derivatives, asset, plan=PLAN):
    async with backend.database.write() as tx:
        return await derivatives.create(tx, asset, plan, TENANT, "key:x")


async def change(backend, statement):
    async with backend.database.write() as tx:
        await tx.execute(statement)


async def test_plan_has_one_job_with_a_part_for_each_twenty_seconds_and_the_file(backend, derivatives):
    asset = await film(backend)
    job = await create(backend, derivatives, asset)
    assert await create(backend, derivatives, asset) == job
    stream = await create(backend, derivatives, asset, DerivativePlan(options="ld:720", format="m3u8"))
    assert stream != job
    first, second = await derivatives.find_all(asset.sha256, TENANT)
    assert sorted((each.format, each.job.chunks.total) for each in (first, second)) == [("m3u8", 3), ("mp4", 4)]
    assert await derivatives.find_all(asset.sha256, "another") == []


async def test_job_that_came_to_nothing_and_a_file_that_is_gone_are_made_again(backend, derivatives):
    asset = await film(backend)
    failed = await create(backend, derivatives, asset)
    await change(backend, update(JOBS).values(state="failed"))
    again = await create(backend, derivatives, asset)
    assert again != failed
    made = await backend.asset(b"made")
    async with backend.database.write() as tx:
        await record_result(tx, again, made)
        await tx.execute(update(JOBS).where(JOBS.c.id == again).values(state="done"))
    assert await create(backend, derivatives, asset) == again
    (found,) = await derivatives.find_all(asset.sha256, TENANT)
    assert found.asset == made
    await change(backend, delete(HOLDINGS).where(HOLDINGS.c.sha256 == made))
    assert await create(backend, derivatives, asset) not in {failed, again}
    (found,) = await derivatives.find_all(asset.sha256, TENANT)
    assert found.asset == ""


async def test_upload_of_a_film_has_the_derivatives_of_the_rule_and_that_of_a_picture_none(backend, derivatives):
    rule = UploadDerivatives(derivatives, parse_rules(["ld:720@mp4", "ld:720:360@m3u8"]))
    asset = await film(backend)
    picture = await film(backend, media_type="image/png", body=b"picture")
    async with backend.database.write() as tx:
        await rule.enqueue(tx, TENANT, [(asset.sha256, None, True), (picture.sha256, "a/b", True)])
    assert len(await derivatives.find_all(asset.sha256, TENANT)) == 2
    assert await derivatives.find_all(picture.sha256, TENANT) == []
    with pytest.raises(RequestError, match="expected a film or sound"):
        await create(backend, derivatives, picture)


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (DerivativePlan(options="ld:720:360"), "one height"),
        (DerivativePlan(options="ld:copy"), "one height"),
        (DerivativePlan(options="ld:720/tc:1:2", format="m3u8"), "clip"),
        (DerivativePlan(options="nothing:1", format="m3u8"), "nothing"),
    ],
)
def test_plan_that_cannot_be_made_is_refused(plan, message):
    with pytest.raises(RequestError, match=message):
        CHECK.check(plan)


async def test_rule_of_loudness_has_a_job_for_films_and_sound_until_it_is_known(backend, derivatives):
    rule = UploadDerivatives(derivatives, parse_rules(["loudness"]))
    assets = [
        await film(backend, media_type=kind, body=kind.encode()) for kind in ("video/mp4", "audio/flac", "image/png")
    ]
    uploads = [(asset.sha256, None, True) for asset in assets]
    known = assets[1].sha256
    async with backend.database.write() as tx:
        await replace_film_facts(tx, backend.database, known, b"facts", backend.now)
        await rule.enqueue(tx, TENANT, uploads)
        found = (await tx.execute(select(JOBS.c.kind, JOBS.c.name))).all()
    assert [tuple(row) for row in found] == [("loudness", f"{assets[0].sha256[:32]}-loudness")]
    assert await derivatives.find_all(assets[0].sha256, TENANT) == []


@pytest.mark.parametrize("text", ["ld:720", "ld:720@mov", "@"])
def test_rule_without_a_format_that_jobs_make_is_refused(text):
    with pytest.raises(RequestError, match="expected options and a format"):
        parse_rules([text])
