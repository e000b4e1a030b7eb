"""Uploads of many files in one request, with a running service, on both databases."""

from __future__ import annotations

import hashlib
import itertools
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from mememime_proxy.resources.routes.uploads_batch import MAX_FILES, MAX_SIZE, MEDIA_TYPE
from tests.resources.conftest import new_url
from tests.support.numbered_png import numbered_png
from tests.support.resource_process import ADMIN_KEY, ResourceProcess

NUMBERS = itertools.count(70_000)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def service(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("service")
    with ResourceProcess(folder, database_url=new_url(request, request.param, folder)) as running:
        yield running


def new(count=1):
    """Pictures that nobody has had."""
    return [numbered_png(next(NUMBERS)) for _ in range(count)]


def digest(body):
    return hashlib.sha256(body).hexdigest()


def row(body, **fields):
    return {"sha256": digest(body), "size": len(body), **fields}


def batch(rows, bodies):
    return json.dumps({"files": rows}).encode() + b"\n" + b"".join(bodies)


def post(service, rows, bodies, key=ADMIN_KEY, **headers):
    return service.request(
        "POST", "/assets/batch", batch(rows, bodies), {"Content-Type": MEDIA_TYPE, **headers}, key=key
    )


def names(service, prefix):
    return [alias["name"] for alias in service.request("GET", f"/aliases?prefix={prefix}").json["aliases"]]


def codes(answer):
    return [
        result["error"]["type"].rpartition("/")[2] if "error" in result else result["asset"]["state"]
        for result in answer.json["assets"]
    ]


def test_batch_makes_assets_with_facts_and_aliases_and_is_repeatable(service):
    bodies = new(40)
    rows = [row(body, alias=f"batch/{number}") for number, body in enumerate(bodies)]
    first = post(service, rows, bodies)
    assert first.status == 200
    for result, body, each in zip(first.json["assets"], bodies, rows, strict=True):
        asset = result["asset"]
        assert (asset["sha256"], asset["state"], asset["size"]) == (digest(body), "ready", len(body))
        assert (asset["alias"], asset["alias_version"]) == (each["alias"], 1)
        assert asset == service.request("GET", f"/assets/{digest(body)}").json | {
            "alias": each["alias"], "alias_version": 1,
        }  # fmt: skip
        assert service.request("GET", f"/assets/{digest(body)}/content").body == body
    assert len(names(service, "batch/")) == 40
    alias = service.request("GET", "/aliases/batch/7").json
    assert (alias["sha256"], alias["version"]) == (digest(bodies[7]), 1)
    assert post(service, rows, bodies).json == first.json


def test_batch_each_file_has_its_own_outcome(service):
    (good, wrong, other, taken, twin, confusable), broken = new(6), b"no picture"
    assert service.request("PUT", "/assets?alias=each/taken", new()[0]).status == 201
    rows = [
        row(good, alias="each/good"), row(wrong) | {"sha256": "00" * 32}, row(broken, alias="each/broken"),
        row(b""), row(other, alias="each/a b%"), row(taken, alias="each/taken"), row(good),
        row(twin, alias="each/good"), row(confusable, alias="EACH/GOOD"),
    ]  # fmt: skip
    bodies = [good, wrong, broken, b"", other, taken, good, twin, confusable]
    assert codes(post(service, rows, bodies)) == [
        "ready", "upload.digest_mismatch", "image.format_unknown", "request.invalid", "alias.name_invalid",
        "resource.precondition_failed", "request.invalid", "request.invalid", "alias.taken",
    ]  # fmt: skip
    assert names(service, "each/") == ["each/good", "each/taken"]
    for body in (wrong, other, taken, twin, confusable):
        found = service.request("GET", f"/assets/{digest(body)}")
        assert found.status == 404 or found.json["state"] != "ready"
    assert service.request("GET", f"/assets/{digest(broken)}").json["state"] == "quarantined"


def test_batch_alias_deleted_before_is_set_again(service):
    first, second = new(2)
    assert codes(post(service, [row(first, alias="grave/a")], [first])) == ["ready"]
    assert service.request("DELETE", "/aliases/grave/a").status == 204
    answer = post(service, [row(second, alias="grave/a")], [second])
    assert answer.json["assets"][0]["asset"]["alias_version"] == 3


def test_batch_deleted_assets_are_ready_again(service):
    bodies = new(4)
    rows = [row(body) for body in bodies]
    assert codes(post(service, rows, bodies)) == ["ready"] * 4
    for body in bodies[:3]:
        assert service.request("DELETE", f"/assets/{digest(body)}").status == 204
    assert codes(post(service, rows, bodies)) == ["ready"] * 4
    for body in bodies:
        assert service.request("GET", f"/assets/{digest(body)}/content").body == body


def test_batch_within_a_quota_takes_the_first_files(service):
    service.request("PUT", "/tenants/small", {"max_assets": 3})
    key = service.request("POST", "/keys", {"tenant": "small", "role": "write"}).json["key"]
    bodies = new(5)
    answer = post(service, [row(body, alias=f"small/{k}") for k, body in enumerate(bodies)], bodies, key=key)
    assert codes(answer) == ["ready"] * 3 + ["quota.exceeded"] * 2
    assert len(names(service, "small/")) == 3


def test_batches_at_the_same_time_share_files_and_names(service):
    """Each file is stored once, each name has one owner, and nobody waits for another in a circle."""
    bodies = new(30)
    rows = [row(body, alias=f"race/{number}") for number, body in enumerate(bodies)]
    orders = [range(30), range(29, -1, -1), range(0, 30, 2), range(1, 30, 2)] * 3

    def send(order):
        return post(service, [rows[k] for k in order], [bodies[k] for k in order])

    with ThreadPoolExecutor(len(orders)) as threads:
        answers = list(threads.map(send, orders))
    for answer in answers:
        assert set(codes(answer)) == {"ready"}
        assert {result["asset"]["alias_version"] for result in answer.json["assets"]} == {1}
    assert len(names(service, "race/")) == 30


def test_batches_that_compete_for_names_have_one_owner_each(service):
    def send(number):
        bodies = new(10)
        return post(service, [row(body, alias=f"claim/{k}") for k, body in enumerate(bodies)], bodies)

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(send, range(6)))
    outcomes = [code for answer in answers for code in codes(answer)]
    assert outcomes.count("ready") == 10
    assert set(outcomes) == {"ready", "resource.precondition_failed"}


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "no first line that has an end"),
        (b"{}\n", "missing required field"),
        (b"nonsense\n", "first line is wrong"),
        (b'{"files": []}\n', "length >= 1"),
        (batch([row(b"abc", other=1)], [b"abc"]), "unknown field"),
        (batch([row(b"abc", size=4)], [b"abc"]), "expected"),
        (batch([row(b"abc", size=2)], [b"abc"]), "more bytes"),
        (batch([row(b"abc", sha256="x")], [b"abc"]), "matching regex"),
        (batch([row(b"abc")] * (MAX_FILES + 1), [b"abc"] * (MAX_FILES + 1)), f"length <= {MAX_FILES}"),
        (b" " * (1 << 21), "first line"),
    ],
)
def test_batch_malformed_body_is_refused(service, body, detail):
    answer = service.request("POST", "/assets/batch", body, {"Content-Type": MEDIA_TYPE})
    assert answer.status == 400
    assert detail in answer.json["detail"]


def test_batch_that_is_too_large_is_refused(service):
    rows = [{"sha256": "00" * 32, "size": MAX_SIZE // 2 + 1}] * 2
    answer = service.request("POST", "/assets/batch", batch(rows, []), {"Content-Type": MEDIA_TYPE})
    assert answer.status == 413
    huge = {"Content-Type": MEDIA_TYPE, "Content-Length": str(1 << 30)}
    assert service.request("POST", "/assets/batch", b"", huge).status == 413


def test_batch_of_another_type_or_without_permission_is_refused(service):
    (body,) = new()
    assert post(service, [row(body)], [body], **{"Content-Type": "application/json"}).status == 415
    assert post(service, [row(body)], [body], key="").status == 401
    key = service.request("POST", "/keys", {"tenant": "default", "role": "write", "prefix": "own/"}).json["key"]
    first, second = new(2)
    answer = post(service, [row(first, alias="own/a"), row(second, alias="foreign/a")], [first, second], key=key)
    assert codes(answer) == ["ready", "credentials.role_insufficient"]


def test_batch_options_name_the_method(service):
    answer = service.request("OPTIONS", "/assets/batch")
    assert answer.status == 204
    assert "POST" in answer.headers["allow"]
