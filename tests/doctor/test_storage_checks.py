"""Checks of buckets and of the database on real servers."""

import asyncio

import pytest

from mememime_proxy.doctor.examination import examine
from mememime_proxy.doctor.findings import State
from mememime_proxy.resources.database.migrate import bring_up
from tests.support.postgres_server import PostgresServer
from tests.support.proxy_process import KEY, SALT
from tests.support.s3_fixtures import s3_server
from tests.support.s3_server import ADMIN, OTHER, READER

__all__ = ["s3_server"]
SIGNED = {"MEMEMIME_KEY": KEY, "MEMEMIME_SALT": SALT, "MEMEMIME_BIND": "127.0.0.1:0", "MEMEMIME_WORKERS": "1"}


@pytest.fixture(scope="module")
def postgres():
    with PostgresServer() as server:
        yield server


@pytest.fixture
def account(s3_server, monkeypatch):
    """Sets the credentials of an identity; returns the variables of the server."""

    def use(identity):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", identity.access_key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", identity.secret_key)
        return {"MEMEMIME_USE_S3": "1", "MEMEMIME_S3_ENDPOINT": s3_server.endpoint, "MEMEMIME_S3_REGION": "us-east-1"}

    return use


async def states(variables, **options):
    """Return the state of each check of a storage or the database, the worst of those with one name."""
    found = {}
    order = [State.OK, State.NOTE, State.WRONG]
    async for finding in examine(variables, **options):
        if finding.check.startswith(("storage.", "database.")):
            found[finding.check] = max(found.get(finding.check, State.OK), finding.state, key=order.index)
    return found


def resource_variables(tmp_path, bucket, **more):
    return {"MEMEMIME_DATABASE_URL": f"sqlite:///{tmp_path}/a.sqlite", "MEMEMIME_ASSETS_STORAGE": f"s3://{bucket}",
            "MEMEMIME_RESOURCES_BIND": "127.0.0.1:0", "MEMEMIME_WORKERS": "1", **more}  # fmt: skip


async def test_bucket_of_assets_is_written_and_left_as_it_was(s3_server, account, tmp_path):
    bucket = s3_server.create_bucket()
    variables = resource_variables(tmp_path, f"{bucket}/originals") | account(ADMIN)
    found = await states(variables)
    assert found["storage.assets"] is State.OK
    assert "Contents" not in s3_server.client().list_objects_v2(Bucket=bucket)


@pytest.mark.parametrize("identity", [READER, OTHER], ids=lambda each: each.name)
async def test_bucket_that_cannot_be_written_is_a_fault(s3_server, account, tmp_path, identity):
    variables = resource_variables(tmp_path, s3_server.create_bucket()) | account(identity)
    assert (await states(variables))["storage.assets"] is State.WRONG


async def test_proxy_needs_to_read_assets_only(s3_server, account):
    variables = SIGNED | {
        "MEMEMIME_ASSETS_STORAGE": f"s3://{s3_server.create_bucket()}", "MEMEMIME_RESOURCES_URL": "http://127.0.0.1:1",
    }  # fmt: skip
    assert (await states(variables | account(READER)))["storage.assets"] is State.OK
    assert (await states(variables | account(OTHER)))["storage.assets"] is State.WRONG


async def test_missing_bucket_is_a_fault(account, tmp_path):
    found = await states(resource_variables(tmp_path, "there-is-no-such-bucket") | account(READER))
    assert found["storage.assets"] is State.WRONG
    proxy = SIGNED | {"MEMEMIME_ASSETS_STORAGE": "s3://there-is-no-such-bucket",
                      "MEMEMIME_RESOURCES_URL": "http://127.0.0.1:1"}  # fmt: skip
    assert (await states(proxy | account(READER)))["storage.assets"] is State.WRONG


async def test_buckets_of_sources_are_each_tried(s3_server, account):
    bucket = s3_server.create_bucket(photo=b"x")
    allowed = SIGNED | account(READER)
    assert (await states(allowed | {"MEMEMIME_S3_ALLOWED_BUCKETS": bucket}))["storage.sources"] is State.OK
    both = {"MEMEMIME_S3_ALLOWED_BUCKETS": f"{bucket},missing-bucket"}
    assert (await states(allowed | both))["storage.sources"] is State.WRONG
    assert (await states(allowed))["storage.sources"] is State.NOTE
    assert (await states(allowed | {"MEMEMIME_S3_ALLOWED_BUCKETS": "any-*"}))["storage.sources"] is State.NOTE


async def test_server_that_does_not_answer_is_a_fault_and_others_are_tried(account, tmp_path):
    variables = resource_variables(tmp_path, "bucket") | account(ADMIN) | {
        "MEMEMIME_S3_ENDPOINT": "http://127.0.0.1:1", "MEMEMIME_S3_ALLOWED_BUCKETS": "pictures",
    }  # fmt: skip
    found = await states(variables)
    assert found["storage.assets"] is State.WRONG
    assert found["storage.sources"] is State.WRONG
    assert found["database.usable"] is State.NOTE


async def test_database_of_postgresql_is_looked_at_and_not_changed(postgres, tmp_path):
    url = postgres.create()
    variables = resource_variables(tmp_path, "", MEMEMIME_ASSETS_STORAGE=str(tmp_path / "assets"))
    variables["MEMEMIME_DATABASE_URL"] = url
    found = await states(variables)
    assert (found["database.usable"], found["database.step"]) == (State.OK, State.NOTE)
    name = url.rpartition("/")[2]
    count = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    assert postgres.sql(count, name) == "0", "an empty database stays empty"
    await asyncio.to_thread(asyncio.run, bring_up(url))
    found = await states(variables)
    assert (found["database.usable"], found["database.step"]) == (State.OK, State.OK)
    postgres.sql("UPDATE alembic_version SET version_num = '9999'", name)
    assert State.WRONG in (await states(variables)).values(), "a newer version has worked on it"


async def test_database_that_may_only_be_read_is_a_fault(postgres, tmp_path):
    url = postgres.create()
    await asyncio.to_thread(asyncio.run, bring_up(url))
    name = url.rpartition("/")[2]
    postgres.sql("CREATE ROLE looker LOGIN", name)
    postgres.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker", name)
    variables = resource_variables(tmp_path, "", MEMEMIME_ASSETS_STORAGE=str(tmp_path / "assets"))
    variables["MEMEMIME_DATABASE_URL"] = url.replace("postgres@", "looker@")
    assert (await states(variables))["database.usable"] is State.WRONG
