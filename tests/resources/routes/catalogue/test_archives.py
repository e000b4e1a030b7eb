"""Archives by HTTP, with a running service, on both databases."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from mememime_proxy.storage.asset_keys import asset_key
from tests.resources.conftest import new_url
from tests.resources.routes.test_assets import digest, new_key
from tests.support.numbered_png import numbered_png
from tests.support.resource_process import ADMIN_KEY, ResourceProcess


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def service(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("service")
    with ResourceProcess(folder, database_url=new_url(request, request.param, folder)) as running:
        yield running


def archive(service, digests, key):
    answer = service.request("POST", "/archives", {"sha256": digests}, key=key)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/zip"), answer.body
    with zipfile.ZipFile(io.BytesIO(answer.body)) as found:
        assert found.testzip() is None
        return {name: found.read(name) for name in found.namelist()}


def test_archive_has_originals_by_the_names_of_their_files(service):
    key, other = new_key(service, "one"), new_key(service, "two")
    bodies = [numbered_png(number) for number in range(4)]
    service.request("PUT", "/assets?filename=cup.png", bodies[0], key=key)
    service.request("PUT", "/assets?filename=cup.png&alias=one/b", bodies[1], key=key)
    service.request("PUT", "/assets?alias=one/shelf", bodies[2], key=key)
    service.request("PUT", "/assets", bodies[3], key=key)
    stranger = numbered_png(9)
    service.request("PUT", "/assets?filename=secret.png", stranger, key=other)
    digests = [digest(each) for each in [*bodies, bodies[0], stranger]]
    expected = ["cup.png", "cup (2).png", "one-shelf.png", f"{digest(bodies[3])[:12]}.png"]
    reader = service.request("POST", "/keys", {"tenant": "one", "role": "read"}).json["key"]
    assert archive(service, digests, reader) == dict(zip(expected, bodies, strict=True))
    assert "secret.png" in archive(service, digests, ADMIN_KEY)


def test_corrupt_original_is_named_at_the_end(service):
    key = new_key(service, "three")
    good, bad = numbered_png(20), numbered_png(21)
    for name, body in (("good.png", good), ("bad.png", bad)):
        service.request("PUT", f"/assets?filename={name}", body, key=key)
    (file,) = Path(service.settings["MEMEMIME_ASSETS_STORAGE"]).rglob(asset_key(digest(bad)))
    file.write_bytes(bad[:-1] + b"?")
    found = archive(service, [digest(bad), digest(good)], key)
    assert sorted(found) == ["good.png", "not in this archive.txt"]
    assert digest(bad) in found["not in this archive.txt"].decode()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"sha256": []}, 400),
        ({"sha256": ["0" * 64]}, 404),
        ({"sha256": ["0"]}, 400),
        ({"sha256": ["0" * 64] * 10_001}, 400),
    ],
)
def test_wrong_requests_are_refused(service, body, status):
    answer = service.request("POST", "/archives", body)
    assert answer.status == status, json.loads(answer.body)
