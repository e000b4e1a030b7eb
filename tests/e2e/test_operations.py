"""docs/operations.md as an operator follows it: its commands, on real services that go on working."""

import asyncio
import itertools
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import yaml

from mememime_proxy.urls import UrlBuilder
from tests.support.child_process import WITHOUT_SETTINGS, clean_environment
from tests.support.crash_trials import MIB, TUS, digest
from tests.support.numbered_png import numbered_png
from tests.support.postgres_server import PostgresServer, _binaries
from tests.support.proxy_process import KEY, SALT, ProxyProcess
from tests.support.resource_process import ADMIN_KEY, NoResponseError, ResourceProcess
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")
BLOCKS = dict(re.findall(r"<!-- run: ([a-z ]+) -->\n```sh\n(.*?)```", PAGE, re.DOTALL))
NUMBERS = itertools.count(1)


def run_block(name, **variables):
    """Run the commands of the page as they stand there; return what they print."""
    environment = clean_environment(**variables)
    environment["PATH"] = f"{Path(sys.executable).parent}:{_binaries()}:{environment['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", BLOCKS[name]],
        env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class FolderBackend:
    """SQLite and a folder."""

    name = "sqlite"

    def __init__(self, folder, _request):
        self.database, self.assets, self.backup = folder / "data.sqlite", folder / "assets", folder / "backup"
        self.backup.mkdir()
        self.settings = {"database_url": f"sqlite:///{self.database}", "assets_storage": str(self.assets)}
        self.variables = {"DATABASE": str(self.database), "ASSETS": str(self.assets), "BACKUP": str(self.backup)}

    def destroy(self):
        for path in self.database.parent.glob("data.sqlite*"):
            path.unlink()
        shutil.rmtree(self.assets)

    def close(self):
        pass


class BucketBackend:
    """PostgreSQL and S3."""

    name = "postgresql"

    def __init__(self, folder, request):
        self.s3 = request.getfixturevalue("s3_server")
        self.server = PostgresServer()
        self.server.__enter__()
        self.bucket, copy = self.s3.create_bucket(), self.s3.create_bucket()
        url = self.server.create()
        self.settings = {
            "database_url": url, "assets_storage": f"s3://{self.bucket}", "use_s3": "true",
            "s3_endpoint": self.s3.endpoint, "s3_region": self.s3.region,
            "AWS_ACCESS_KEY_ID": self.s3.access_key, "AWS_SECRET_ACCESS_KEY": self.s3.secret_key,
        }  # fmt: skip
        self.variables = {
            "MEMEMIME_DATABASE_URL": url, "BUCKET": f"s3://{self.bucket}", "BACKUP_BUCKET": f"s3://{copy}",
            "BACKUP": str(folder), "S3_ENDPOINT_URL": self.s3.endpoint, "AWS_REGION": self.s3.region,
            "AWS_ACCESS_KEY_ID": self.s3.access_key, "AWS_SECRET_ACCESS_KEY": self.s3.secret_key,
        }  # fmt: skip

    def destroy(self):
        name = self.settings["database_url"].rpartition("/")[2]
        self.server.sql(f"DROP DATABASE {name} WITH (FORCE)")
        self.server.sql(f"CREATE DATABASE {name}")
        client = self.s3.client()
        while contents := client.list_objects_v2(Bucket=self.bucket).get("Contents"):
            for entry in contents:
                client.delete_object(Bucket=self.bucket, Key=entry["Key"])

    def close(self):
        self.server.__exit__(None, None, None)


@pytest.fixture(params=[FolderBackend, BucketBackend], ids=lambda each: each.name)
def backend(request, tmp_path, monkeypatch):
    instance = request.param(tmp_path, request)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        if name in instance.settings:
            monkeypatch.setenv(name, instance.settings.pop(name))
    yield instance
    instance.close()


class Uploads:
    """Clients that upload all the time, each upload with an alias; ``acknowledged`` has those that were answered."""

    def __init__(self, service, clients=3):
        self.service = service
        self.acknowledged = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(clients)]

    def _run(self):
        while not self._stop.is_set():
            number = next(NUMBERS)
            body = numbered_png(number, 20_000)
            try:
                answer = self.service.request("PUT", f"/assets?alias=photo%2F{number}", body)
            except NoResponseError:
                return
            if answer.status == 201:
                self.acknowledged.append((f"photo/{number}", body))

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, more):
        """Return when ``more`` further uploads were acknowledged."""
        wanted, end = len(self.acknowledged) + more, time.monotonic() + 60
        while len(self.acknowledged) < wanted:
            assert time.monotonic() < end
            time.sleep(0.01)


def open_upload(service):
    """Begin a resumable upload, send a part of it, and return its path."""
    answer = service.request("POST", "/uploads", b"", {**TUS, "Upload-Length": str(3 * MIB)})
    assert answer.status == 201
    path = "/uploads/" + answer.headers["Location"].rpartition("/")[2]
    headers = {**TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    assert service.request("PATCH", path, b"x" * MIB, headers).status == 204
    return path


def test_backup_during_uploads_restores_every_acknowledged_one(backend, tmp_path):
    with ResourceProcess(tmp_path / "service", **backend.settings) as service:
        with Uploads(service) as uploads:
            uploads.wait_for(20)
            path = open_upload(service)
            expected = list(uploads.acknowledged)
            run_block(f"backup {backend.name}", **backend.variables)
            uploads.wait_for(10)
        late = [entry for entry in uploads.acknowledged if entry not in expected]
        service.kill()
        backend.destroy()
        run_block(f"restore {backend.name}", **backend.variables)
        settings = {name: value for name, value in service.settings.items() if name.startswith("MEMEMIME_")}
        report = run_block("reconcile", **settings)
        assert report.splitlines()[-1].split(": ")[1].startswith("0 differences, 0 remaining"), report
        service.start()
        for alias, body in expected:
            content = service.request("GET", f"/assets/{digest(body)}/content")
            assert (content.status, content.body) == (200, body)
            assert service.request("GET", f"/aliases/{alias}").json["asset"]["sha256"] == digest(body)
        # What was open is over, and its client is told so.
        assert service.request("HEAD", path, headers=TUS).status in {404, 410}
        # What came after the backup is either there as a whole or not at all, and can be sent again.
        for alias, body in late:
            state = service.request("GET", f"/assets/{digest(body)}")
            assert state.status in {200, 404}
            assert service.request("PUT", f"/assets?alias={alias.replace('/', '%2F')}", body).status in {200, 201}
            assert service.request("GET", f"/assets/{digest(body)}/content").body == body


# --- rotation of keys


def rotated(kind, step, **variables):
    """Return the variables that `mememime keys rotate` prints."""
    done = subprocess.run(
        [sys.executable, "-m", "mememime_proxy", "keys", "rotate", kind, "--step", step],
        env=clean_environment(**variables), cwd=WITHOUT_SETTINGS, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return dict(re.findall(r"^(MEMEMIME_\w+)=(.*)$", done.stdout, re.MULTILINE))


class KeyFile:
    """The file of settings of a service, and its keys."""

    def __init__(self, path, **keys):
        self.path, self.keys = path, keys
        self.write()

    def write(self):
        self.path.write_text("".join(f"{name}={value}\n" for name, value in self.keys.items()))

    async def change(self, service, values):
        """Give a service new keys as an operator does: into its file, and a reload."""
        self.keys |= values
        self.write()
        before = sum(line.get("event") == "settings.reloaded" for line in service.lines())
        os.kill(service.process.pid, signal.SIGHUP)
        await wait_until(lambda: sum(line.get("event") == "settings.reloaded" for line in service.lines()) > before)


async def sending(send, results, stop):
    """Send one request after another until ``stop`` is set."""
    while not stop.is_set():
        results.append(await send())


async def while_sending(send, steps):
    """Run the operator's ``steps`` while clients send; return the results of all requests."""
    results, stop = [], asyncio.Event()
    clients = [asyncio.create_task(sending(send, results, stop)) for _ in range(2)]
    await wait_until(lambda: len(results) > 2)
    for step in steps:
        await step()
        before = len(results)
        await wait_until(lambda before=before: len(results) > before + 4)
    stop.set()
    await asyncio.gather(*clients)
    return results


async def test_rotation_of_url_keys_refuses_no_request(client, pictures, tmp_path):
    file = KeyFile(tmp_path / "env", MEMEMIME_KEY=KEY, MEMEMIME_SALT=SALT)
    settings = {"MEMEMIME_ENV_LOCAL_FILE_PATH": str(file.path), "local_filesystem_root": str(pictures)}
    with ProxyProcess(tmp_path / "proxy", **settings) as proxy:
        site = {"key": KEY, "salt": SALT}
        widths = itertools.count(20)
        published = UrlBuilder(proxy.base, **site).width(10).build("local:///coffee.jpg")

        async def send():
            url = UrlBuilder(proxy.base, **site).width(20 + next(widths) % 50).build("local:///coffee.jpg")
            statuses = []
            for each in (url, published):
                async with client.get(each) as answer:
                    statuses.append(answer.status)
            return tuple(statuses)

        async def accept():
            await file.change(proxy, rotated("url", "accept", **file.keys))

        async def sign():
            await file.change(proxy, rotated("url", "sign", **file.keys))
            site.update({name: file.keys[f"MEMEMIME_{name.upper()}"].partition(",")[0] for name in ("key", "salt")})

        results = await while_sending(send, [accept, sign])
        assert set(results) == {(200, 200)}
        assert site["key"] != KEY
        await file.change(proxy, rotated("url", "retire", **file.keys))
        async with client.get(published) as answer:
            assert answer.status == 403, "the old key is refused from now on"
        async with client.get(UrlBuilder(proxy.base, **site).width(11).build("local:///coffee.jpg")) as answer:
            assert answer.status == 200


async def test_rotation_of_purge_and_api_keys_loses_no_purge(client, pictures, tmp_path):
    purge = {"MEMEMIME_PURGE_KEY": "70" * 32}
    names = {name: KeyFile(tmp_path / f"{name}.env", **purge) for name in ("proxy", "resources")}

    def settings(name):
        return {"MEMEMIME_ENV_LOCAL_FILE_PATH": str(names[name].path)}

    with ResourceProcess(
        tmp_path / "r", **settings("resources"), **{"MEMEMIME_PURGE_URLS": "http://127.0.0.1:1"}
    ) as one:
        key = one.request("POST", "/keys", {"role": "read"}).json
        shared = one.proxy_settings() | {"alias_freshness": "3600"}
        shared.pop("resources_api_key")
        names["proxy"].keys["MEMEMIME_RESOURCES_API_KEY"] = key["key"]
        names["proxy"].write()
        with ProxyProcess(tmp_path / "p", key=KEY, salt=SALT, **shared, **settings("proxy")) as proxy:
            # The resource service is started again at its port, now that the proxy's address is known.
            port, base = one.port, proxy.base
            one.stop()
            one.settings |= {"MEMEMIME_RESOURCES_BIND": f"127.0.0.1:{port}", "MEMEMIME_PURGE_URLS": base}
            one.start()
            shas = [one.upload((pictures / name).read_bytes()) for name in ("coffee.jpg", "rocket.jpg")]
            one.set_alias("a", shas[0])
            url = UrlBuilder(proxy.base, key=KEY, salt=SALT).width(16).build("alias://a", "png")

            async def picture():
                async with client.get(url) as answer:
                    assert answer.status == 200
                    return digest(await answer.read())

            expected = {}
            for sha in shas:
                await asyncio.to_thread(one.set_alias, "a", sha)
                old = set(expected.values())
                await wait_until(lambda old=old: not_in(picture, old))
                expected[sha] = await picture()

            async def moves():
                """Move the alias; the purge has to arrive, because the proxy looks the alias up once an hour."""
                for sha in (*shas, *shas):
                    await asyncio.to_thread(one.set_alias, "a", sha)
                    await wait_until(lambda sha=sha: equals(picture, expected[sha]))

            await moves()
            for step in ("accept", "sign", "retire"):
                values = rotated("purge", step, **{"MEMEMIME_PURGE_KEY": names["proxy"].keys["MEMEMIME_PURGE_KEY"]})
                for name, service in (("proxy", proxy), ("resources", one)):
                    await names[name].change(service, values)
                    await moves()
            assert names["proxy"].keys["MEMEMIME_PURGE_KEY"] not in {"70" * 32, ""}
            assert one.metric('resource_purges_total{result="refused"}') == 0
            new = one.request("POST", "/keys", {"role": "read"}).json
            await names["proxy"].change(proxy, {"MEMEMIME_RESOURCES_API_KEY": new["key"]})
            assert one.request("DELETE", f"/keys/{key['id']}").status == 204
            await moves()


async def not_in(picture, old):
    return await picture() not in old


async def equals(picture, expected):
    return await picture() == expected


async def test_rotation_of_token_keys_refuses_no_upload(tmp_path):
    file = KeyFile(tmp_path / "env", MEMEMIME_TOKEN_KEY="74" * 32)
    with ResourceProcess(tmp_path / "r", token_key="", MEMEMIME_ENV_LOCAL_FILE_PATH=str(file.path)) as service:
        del service.settings["MEMEMIME_TOKEN_KEY"]
        service.restart()

        def token():
            return service.request("POST", "/tokens", {"expires_in": 600}).json["token"]

        held = [token()]

        def upload(bearer):
            body = numbered_png(next(NUMBERS))
            return service.request("PUT", "/assets", body, key=bearer).status

        async def send():
            fresh, older = await asyncio.to_thread(lambda: (upload(token()), upload(held[0])))
            return fresh, older

        async def accept():
            await file.change(service, rotated("token", "accept", **file.keys))

        async def sign():
            await file.change(service, rotated("token", "sign", **file.keys))

        assert set(await while_sending(send, [accept, sign])) == {(201, 201)}
        new = token()
        await file.change(service, rotated("token", "retire", **file.keys))
        assert upload(new) == 201
        assert upload(held[0]) in {401, 403}


# --- the page


def test_page_explains_every_alert():
    rules = yaml.safe_load((ROOT / "config" / "prometheus" / "alerts.yaml").read_text("utf-8"))
    alerts = [rule["alert"] for group in rules["groups"] for rule in group["rules"]]
    rows = re.findall(r"^\| `(Mememime\w+)` \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)
    assert [row[0] for row in rows] == alerts
    assert all(len(meaning) > 20 and len(remedy) > 10 for _, meaning, remedy in rows)


def test_figures_of_sizing_are_those_of_the_results():
    rows = re.findall(
        r"^\| .+? \| ([\d.]+)[^|]* \| \[\w+\]\(\.\./(benchmarks/results/[\w.-]+\.md)\) \|$", PAGE, re.MULTILINE
    )
    assert len(rows) >= 6
    for figure, path in rows:
        assert re.search(rf"(?<![\d.]){re.escape(figure)}(?![\d.])", (ROOT / path).read_text("utf-8")), (figure, path)


def test_every_block_of_commands_is_run():
    assert set(BLOCKS) == {f"{what} {name}" for what in ("backup", "restore") for name in ("sqlite", "postgresql")} | {
        "reconcile"
    }
    assert ADMIN_KEY not in PAGE
