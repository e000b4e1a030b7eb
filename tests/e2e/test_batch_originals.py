"""Commands on originals beside a resource service on PostgreSQL: import from S3, facts, verify."""

import pytest

from mememime_proxy.storage.asset_keys import asset_key
from tests.support.batch_process import run_batch
from tests.support.films import film_bytes
from tests.support.job_process import JobWorkerProcess
from tests.support.postgres_server import PostgresServer
from tests.support.resource_process import ADMIN_KEY, ResourceProcess
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def postgres_server():
    """A server of PostgreSQL."""
    with PostgresServer() as server:
        yield server


def test_bucket_is_imported_described_and_verified(s3_server, postgres_server, pictures, tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_server.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.secret_key)
    bucket = s3_server.create_bucket(**{
        "photos/2024/coffee.jpg": (pictures / "coffee.jpg").read_bytes(),
        "photos/2024/a b/cut.png": (pictures / "cut.png").read_bytes(),
        "other/astronaut.jpg": (pictures / "astronaut.jpg").read_bytes(),
    })  # fmt: skip
    with ResourceProcess(tmp_path / "resources", database_url=postgres_server.create()) as service:
        settings = {
            name: service.settings[f"MEMEMIME_{name.upper()}"] for name in ("assets_storage", "database_url")
        } | {
            "resources_url": service.base, "resources_api_key": ADMIN_KEY, "workers": "1", "use_s3": "1",
            "s3_endpoint": s3_server.endpoint, "s3_region": s3_server.region,
        }  # fmt: skip

        def batch(*words):
            return run_batch(tmp_path, *words, **settings)

        words = ("import", "--from", f"s3://{bucket}/photos/", "--alias", "old/{slug}")
        ended = batch(*words)
        assert (ended.status, ended.counts) == (0, (2, 0, 0)), ended.output
        aliases = {
            each["name"]: each["sha256"] for each in service.request("GET", "/aliases?prefix=old/").json["aliases"]
        }
        assert sorted(aliases) == ["old/2024/a-b/cut", "old/2024/coffee"]
        assert batch(*words).counts == (0, 2, 0)
        assert batch("facts", "--from", "alias:old/", "--only", "phash").counts == (0, 2, 0)
        digest = aliases["old/2024/coffee"]
        (tmp_path / "resources" / "assets" / asset_key(digest)).unlink()
        ended = batch("verify", "--from", "assets")
        assert (ended.status, ended.counts) == (1, (1, 0, 1)), ended.output
        assert ended.failures == {(f"asset://{digest}", ""): "batch.original_defect"}
        assert service.request("GET", f"/assets/{digest}").json["state"] == "quarantined"


def test_jobs_import_a_folder_into_a_new_database(pictures, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("coffee.jpg", "broken.jpg"):
        (folder / name).write_bytes((pictures / name).read_bytes())
    (tmp_path / "assets").mkdir()
    ended = run_batch(
        tmp_path, "import", "--from", str(folder), "--alias", "{path}", "--engine", "queue",
        database_url=f"sqlite:///{tmp_path}/new.sqlite", assets_storage=str(tmp_path / "assets"), workers="1",
        local_filesystem_root=str(folder),
    )  # fmt: skip
    assert (ended.status, ended.counts) == (1, (1, 0, 1)), ended.output
    assert ended.failures == {("local:///broken.jpg", ""): "image.corrupt"}


async def test_import_of_a_film_has_the_jobs_of_uploads_and_what_they_make_has_none(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "film.mp4").write_bytes(film_bytes("mp4", frames=30, sound=True))
    listed = tmp_path / "list.jsonl"
    listed.write_text('{"source": "local:///film.mp4"}\n')
    with ResourceProcess(tmp_path / "resources") as service:
        settings = {name: service.settings[f"MEMEMIME_{name.upper()}"] for name in ("assets_storage", "database_url")}
        rules = {"av_on_upload": "ld:64/es:9@mp4,loudness"}
        ended = run_batch(
            tmp_path, "import", "--from", str(listed), "--alias", "{path}", local_filesystem_root=str(folder),
            workers="1", **settings, **rules,
        )  # fmt: skip
        assert (ended.status, ended.counts) == (0, (1, 0, 0)), ended.output

        def jobs():
            return [(each["kind"], each["state"]) for each in service.request("GET", "/jobs").json["jobs"]]

        assert sorted(jobs()) == [("derivative", "queued"), ("loudness", "queued")]
        url = settings.pop("database_url")
        more = {"resources_url": service.base, "resources_api_key": ADMIN_KEY, "workers": "1", "av_workers": "1"}
        with JobWorkerProcess(tmp_path / "worker", url, "mememime_proxy", **settings, **rules, **more):
            await wait_until(lambda: sorted(jobs()) == [("derivative", "done"), ("loudness", "done")], 120)
