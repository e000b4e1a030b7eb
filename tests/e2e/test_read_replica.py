"""A resource service in another region: a real PostgreSQL replica, from which it reads; changes go to the writer."""

from urllib.request import urlopen

import pytest

from mememime_proxy.doctor.examination import examine
from mememime_proxy.doctor.findings import State
from mememime_proxy.errors import ReadOnlyError
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.replication import inspect_replication
from tests.support.child_process import run_mememime
from tests.support.commands import invoke
from tests.support.postgres_replica import PostgresReplica
from tests.support.postgres_server import PostgresServer
from tests.support.proxy_process import ProxyProcess
from tests.support.resource_process import ResourceProcess
from tests.support.waiting import wait_until

WRITER = "https://writer.example"


@pytest.fixture(scope="module")
def servers():
    """A primary and its replica."""
    with PostgresServer() as primary, PostgresReplica(primary) as replica:
        yield primary, replica


@pytest.fixture(scope="module")
def database(servers):
    """The URL of a database at the primary."""
    return servers[0].create()


@pytest.fixture(scope="module")
def writer(database, tmp_path_factory):
    with ResourceProcess(tmp_path_factory.mktemp("writer"), database_url=database) as service:
        yield service


@pytest.fixture(scope="module")
def replica_url(servers, database, writer):
    """The URL of the database at the replica, for a user who may do nothing but read."""
    name = database.rpartition("/")[2]
    servers[0].sql("CREATE ROLE reader LOGIN")
    servers[0].sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader", name)
    return servers[1].url(name).replace("postgres@", "reader@")


@pytest.fixture(scope="module")
def reader(servers, writer, replica_url, tmp_path_factory):
    """The service of another region, with a storage that it may only read."""
    servers[1].catch_up()
    settings = {
        "database_url": replica_url, "assets_storage": writer.settings["MEMEMIME_ASSETS_STORAGE"], "read_only": "true",
        "writer_url": WRITER, "janitor_interval": "1", "scrub_cycle": "1", "purge_urls": "http://127.0.0.1:1",
    }  # fmt: skip
    with ResourceProcess(tmp_path_factory.mktemp("reader"), **settings) as service:
        yield service


async def test_region_reads_from_its_replica_and_names_the_writer(servers, writer, reader, pictures):
    content = (pictures / "coffee.jpg").read_bytes()
    sha256 = writer.upload(content, "shop/cup")
    servers[1].catch_up()
    assert reader.request("GET", "/aliases/shop/cup").json == writer.request("GET", "/aliases/shop/cup").json
    assert reader.request("GET", f"/assets/{sha256}/content").body == content
    assert reader.request("POST", "/assets/exists", {"sha256": [sha256]}).status == 200
    assert reader.request("GET", "/ready").status == 200
    key = writer.request("POST", "/keys", {"tenant": "default", "role": "read"}).json["key"]
    servers[1].catch_up()
    assert reader.request("GET", "/aliases/shop/cup", key=key).status == 200

    refused = reader.request("PUT", "/aliases/shop/cup?x=1", {"sha256": sha256})
    assert refused.status == 405
    assert refused.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert refused.headers["Link"] == f'<{WRITER}/aliases/shop/cup?x=1>; rel="edit"'
    assert refused.json["type"].endswith("service.read_only")
    assert refused.json["detail"] == f"this service reads from a replica; changes go to {WRITER}"
    for method, path in (("PUT", "/assets"), ("POST", "/uploads"), ("POST", "/jobs"), ("DELETE", f"/assets/{sha256}")):
        assert reader.request(method, path, b"x").status == 405, path
    assert reader.request("PUT", "/aliases/shop/cup", {}, key="").status == 405, "no credentials are looked up for it"
    assert reader.request("OPTIONS", "/aliases/shop/cup").headers["Allow"] == "GET, HEAD, OPTIONS"
    # Nothing works in the background, and nothing fails in it.
    await wait_until(lambda: reader.metric("resource_replica_lag_seconds") == 0)
    bad = [line["event"] for line in reader.lines() if line["level"] in {"error", "warning"}]
    assert set(bad) == {"request.refused"}


def test_proxy_of_a_region_serves_aliases_from_the_replica(servers, writer, reader, pictures, tmp_path):
    writer.upload((pictures / "coffee.jpg").read_bytes(), "shop/served")
    servers[1].catch_up()
    settings = reader.proxy_settings() | {"allow_unsigned": "true", "workers": "1"}
    with ProxyProcess(tmp_path / "proxy", **settings) as proxy:
        url = f"{proxy.base}/unsafe/rs:fit:64:64/plain/alias://shop/served@webp"
        with urlopen(url, timeout=30) as response:
            assert (response.status, response.headers["Content-Type"]) == (200, "image/webp")
            assert response.read(4) == b"RIFF"


async def test_replica_that_lags_says_so_and_answers_with_what_it_has(servers, writer, reader, replica_url, pictures):
    primary, replica = servers
    first, second = (writer.upload((pictures / name).read_bytes()) for name in ("rocket.jpg", "cut.png"))
    writer.set_alias("shop/lag", first)
    servers[1].catch_up()
    database = Database(replica_url, read_only=True)
    await database.start()
    try:

        async def has_caught_up():
            return (await inspect_replication(database)).lag == 0

        await wait_until(has_caught_up)
        replica.pause()
        writer.set_alias("shop/lag", second)

        async def lags():
            found = await inspect_replication(database)
            return found.is_replica and found.lag > 0

        await wait_until(lags)
        assert reader.request("GET", "/aliases/shop/lag").json["sha256"] == first
        replica.resume()
        await wait_until(lambda: reader.request("GET", "/aliases/shop/lag").json["sha256"] == second)
        # A replica that has lost its primary cannot know: the age of its last transaction is the most that is true.
        primary.stop()
        await wait_until(lambda: replica.sql("SELECT count(*) FROM pg_stat_wal_receiver") == "0")
        assert (await inspect_replication(database)).lag > 0
        assert reader.request("GET", "/aliases/shop/lag").status == 200
    finally:
        await database.close()
        primary.start()
    await wait_until(lambda: replica.sql("SELECT count(*) FROM pg_stat_wal_receiver") == "1")


async def test_database_that_is_only_read_refuses_every_change(replica_url, database):
    for url in (replica_url, database):  # a primary, too
        only_read = Database(url, read_only=True)
        await only_read.start()
        try:
            with pytest.raises(ReadOnlyError):
                async with only_read.write():
                    pass
            async with only_read.read() as tx:
                assert (await tx.exec_driver_sql("SHOW transaction_read_only")).scalar_one() == "on"
        finally:
            await only_read.close()
    primary = Database(database)
    await primary.start()
    assert not (await inspect_replication(primary)).is_replica
    await primary.close()


async def findings(**variables):
    found = [each async for each in examine(variables, services=["resources"])]
    return {each.check: each for each in found if each.check.startswith(("database.", "storage.", "keys.missing"))}


async def test_doctor_looks_at_the_replica(servers, writer, replica_url, database):
    servers[1].catch_up()
    variables = {
        "MEMEMIME_ASSETS_STORAGE": writer.settings["MEMEMIME_ASSETS_STORAGE"], "MEMEMIME_WORKERS": "1",
        "MEMEMIME_RESOURCES_BIND": "127.0.0.1:0", "MEMEMIME_TOKEN_KEY": "74" * 32,
    }  # fmt: skip
    read_only = variables | {"MEMEMIME_DATABASE_URL": replica_url, "MEMEMIME_READ_ONLY": "true"}
    found = await findings(**read_only)
    assert {name: each.state for name, each in found.items()} == {
        "database.usable": State.OK, "database.replica": State.OK, "database.step": State.OK,
        "storage.assets": State.OK, "keys.missing": State.NOTE,
    }  # fmt: skip
    assert found["keys.missing"].subject == "MEMEMIME_WRITER_URL"
    found = await findings(**read_only | {"MEMEMIME_DATABASE_URL": database, "MEMEMIME_WRITER_URL": WRITER})
    assert found["database.replica"].state is State.NOTE
    found = await findings(**variables | {"MEMEMIME_DATABASE_URL": replica_url})
    assert found["database.usable"].state is State.WRONG
    assert "MEMEMIME_READ_ONLY=true" in found["database.usable"].detail


def test_replica_without_todays_tables_does_not_start(servers, tmp_path):
    done = run_mememime(
        "resources", MEMEMIME_DATABASE_URL=servers[0].create(), MEMEMIME_READ_ONLY="true", MEMEMIME_WORKERS="1",
        MEMEMIME_ASSETS_STORAGE=str(tmp_path), MEMEMIME_RESOURCES_BIND="127.0.0.1:0",
    )  # fmt: skip
    assert done.returncode == 1
    assert "upgrade the writer first" in done.stderr + done.stdout


@pytest.mark.parametrize("command", ["work", "migrate", "reconcile", "batch status"])
def test_command_that_changes_the_database_does_not_run(command, tmp_path):
    places = {"database_url": f"sqlite:///{tmp_path}/resources.sqlite", "assets_storage": str(tmp_path)}
    variables = {f"MEMEMIME_{name.upper()}": value for name, value in places.items()}
    done = invoke(*command.split(), MEMEMIME_READ_ONLY="true", **variables)
    assert done.exit_code
    assert "MEMEMIME_READ_ONLY: found true" in done.output
    assert not list(tmp_path.iterdir())
