"""Look-alikes by HTTP, with a running service, on both databases. Uploads: ``tests/resources/test_ways_in.py``."""

from __future__ import annotations

import hashlib
import json

import pytest
import pyvips

from mememime_proxy.resources.routes.uploads_batch import MEDIA_TYPE
from tests.resources.conftest import new_url
from tests.support.numbered_png import numbered_png
from tests.support.resource_process import ResourceProcess
from tests.test_mirror import ROOT

PHOTOGRAPH = ROOT / "config" / "samples" / "chelsea.webp"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def service(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("service")
    with ResourceProcess(folder, database_url=new_url(request, request.param, folder)) as running:
        yield running


def new_key(service, tenant, role="write"):
    service.request("PUT", f"/tenants/{tenant}", {})
    return service.request("POST", "/keys", {"tenant": tenant, "role": role}).json["key"]


def digest(body):
    return hashlib.sha256(body).hexdigest()


def upload(service, *bodies, key):
    for body in bodies:
        answer = service.request("PUT", "/assets", body, key=key)
        assert answer.status in {200, 201}, answer.body
    return [digest(body) for body in bodies]


def upload_batch(service, body, key):
    head = {"files": [{"sha256": digest(body), "size": len(body)}]}
    text = json.dumps(head).encode() + b"\n" + body
    answer = service.request("POST", "/assets/batch", text, {"Content-Type": MEDIA_TYPE}, key=key)
    assert answer.status == 200, answer.body
    return digest(body)


def alike(service, sha256, query="", **words):
    return service.request("GET", f"/assets/{sha256}/alike{query}", **words)


def test_alike_assets_of_a_tenant_are_found_by_distance(service):
    image = pyvips.Image.new_from_file(str(PHOTOGRAPH))
    other = pyvips.Image.new_from_file(str(ROOT / "config" / "samples" / "coffee.jpg")).resize(0.3)
    small, mirror = image.resize(0.5).jpegsave_buffer(Q=70), image.resize(0.9).fliphor().webpsave_buffer()
    red, blue = new_key(service, "red"), new_key(service, "blue")
    original, *_ = upload(service, PHOTOGRAPH.read_bytes(), small, mirror, other.jpegsave_buffer(), key=red)
    upload(service, image.resize(0.45).jpegsave_buffer(), key=blue)
    found = alike(service, original, "?distance=7", key=red).json
    assert not found["more"]
    assert {(each["asset"]["sha256"], each["mirrored"]) for each in found["assets"]} == {
        (digest(small), False),
        (digest(mirror), True),
    }
    distances = [each["distance"] for each in found["assets"]]
    assert distances == sorted(distances)
    assert max(distances) <= 7
    assert found["assets"][0]["asset"]["facts"]["phash"]
    assert alike(service, original, "?distance=7&limit=1", key=red).json == {
        "assets": found["assets"][:1],
        "more": True,
    }
    assert alike(service, original, key=blue).status == 404
    assert len(alike(service, original, "?distance=7").json["assets"]) == 3  # an administrator sees all tenants


def test_alike_assets_of_a_batch_are_found(service):
    image = pyvips.Image.new_from_file(str(ROOT / "config" / "samples" / "rocket.jpg")).resize(0.3)
    key = new_key(service, "green")
    one, two = (upload_batch(service, image.jpegsave_buffer(Q=quality), key) for quality in (90, 80))
    assert [each["asset"]["sha256"] for each in alike(service, one, key=key).json["assets"]] == [two]


def test_alike_assets_of_an_asset_without_a_hash_are_refused(service):
    assert service.request("PUT", "/assets", b"no picture").status == 422
    answer = alike(service, digest(b"no picture"))
    assert (answer.status, answer.json["type"].rpartition("/")[2]) == (409, "asset.hash_missing")
    assert "is quarantined and has no perceptual hash" in answer.json["detail"]


@pytest.mark.parametrize("query", ["?distance=8", "?distance=-1", "?distance=x", "?limit=0", "?limit=1001", "?far=1"])
def test_alike_assets_invalid_query_is_refused(service, query):
    answer = alike(service, "0" * 64, query)
    assert (answer.status, answer.json["type"].rpartition("/")[2]) == (400, "request.invalid")
    assert query.strip("?").partition("=")[0] in answer.json["detail"]


def test_reader_sees_lists_of_its_own_tenant(service):
    key = new_key(service, "reader", "read")
    body = numbered_png(80_900)
    own = service.request("PUT", "/assets", body, key=new_key(service, "reader", "write")).json["sha256"]
    service.request("PUT", "/assets", numbered_png(80_901), key=new_key(service, "other", "write"))
    assert [each["sha256"] for each in service.request("GET", "/assets", key=key).json["assets"]] == [own]
    assert alike(service, own, key=key).status == 200
    assert alike(service, "0" * 64, key=key).status == alike(service, "0" * 64).status == 404
