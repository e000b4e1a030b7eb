"""Aliases over HTTP: conditions, entity tags, pages, permissions, invalid names."""

from __future__ import annotations

import base64
import itertools
import json
from urllib.parse import quote

import pytest

from tests.support.numbered_png import numbered_png
from tests.support.resource_process import ResourceProcess

COUNT = itertools.count()


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with ResourceProcess(tmp_path_factory.mktemp("service")) as running:
        yield running


@pytest.fixture(scope="module")
def assets(service):
    """Two that are ready."""
    return [service.request("PUT", "/assets", numbered_png(70_000 + n)).json["sha256"] for n in range(2)]


@pytest.fixture
def name():
    return f"routes/{next(COUNT)}"


def put(service, name, sha256, headers=None, **more):
    return service.request("PUT", f"/aliases/{quote(name)}", {"sha256": sha256, **more}, headers or {})


def key(service, tenant, role="write", prefix=""):
    assert service.request("PUT", f"/tenants/{tenant}", {}).status == 200
    made = service.request("POST", "/keys", {"tenant": tenant, "role": role, "prefix": prefix}).json
    return {"Authorization": f"Bearer {made['key']}"}


def test_alias_is_created_moved_read_and_deleted(service, assets, name):
    made = put(service, name, assets[0], focal={"x": 0.25, "y": 1}, preset="card", tags=["cup"])
    assert (made.status, made.headers["etag"]) == (201, '"1"')
    alias = made.json
    assert (alias["name"], alias["sha256"], alias["version"], alias["focal"], alias["preset"], alias["tags"]) == (
        name, assets[0], 1, {"x": 0.25, "y": 1.0}, "card", ["cup"]
    )  # fmt: skip
    assert (alias["asset"]["sha256"], alias["asset"]["state"]) == (assets[0], "ready")
    same = service.request("GET", f"/aliases/{name}", headers={"If-None-Match": '"1"'})
    assert (same.status, same.body, same.headers["etag"]) == (304, b"", '"1"')

    moved = put(service, name, assets[1], {"If-Match": '"1"'})
    assert (moved.status, moved.headers["etag"], moved.json["focal"]) == (200, '"2"', None)
    other = service.request("GET", f"/aliases/{name}", headers={"If-None-Match": '"1"'})
    assert (other.status, other.json) == (200, moved.json)

    assert service.request("DELETE", f"/aliases/{name}", headers={"If-Match": '"1"'}).status == 412
    assert service.request("DELETE", f"/aliases/{name}", headers={"If-Match": '"2"'}).status == 204
    assert service.request("GET", f"/aliases/{name}").status == 404
    versions = service.request("GET", f"/versions/{name}").json["versions"]
    assert [(each["version"], each["action"], each["sha256"]) for each in versions] == [
        (3, "delete", None), (2, "set", assets[1]), (1, "set", assets[0])
    ]  # fmt: skip
    back = service.request("POST", f"/versions/{name}", {"version": 1})
    assert (back.status, back.headers["etag"], back.json["tags"]) == (201, '"4"', ["cup"])
    assert service.request("POST", f"/versions/{name}", {"version": 2}, {"If-Match": '"3"'}).status == 412


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"If-Match": '"2"'}, 412), ({"If-None-Match": "*"}, 412), ({"If-Match": "*"}, 200), ({"If-Match": "1"}, 400),
     ({"If-Match": 'W/"1"'}, 400), ({"If-Match": '"1", "2"'}, 400), ({"If-None-Match": '"1"'}, 400),
     ({"If-Match": "*", "If-None-Match": "*"}, 400)],
)  # fmt: skip
def test_alias_condition_decides_the_status(service, assets, name, headers, status):
    put(service, name, assets[0])
    answer = put(service, name, assets[1], headers)
    assert answer.status == status
    left = service.request("GET", f"/aliases/{name}").json
    assert left["sha256"] == assets[1 if status == 200 else 0]
    if status != 200:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json["status"] == status


@pytest.mark.parametrize(
    "path",
    ["..%2Fkeys", "a%2F..%2Fb", "a/%2E%2E/b", "%2E", "a%00b", "a%5Cb", "%2Fa", "a//b", "a%252Fb", "p%D0%B0ypal",
     "a%E2%80%AEb", "a%0Ab", "x" * 256, "%FF"],
)  # fmt: skip
@pytest.mark.parametrize("where", ["aliases", "versions"])
def test_alias_invalid_name_is_refused(service, assets, where, path):
    body = {"sha256": assets[0]} if where == "aliases" else {"version": 1}
    answer = service.request("PUT" if where == "aliases" else "POST", f"/{where}/{path}", body)
    assert answer.status in {400, 422}, answer.body
    assert answer.headers["content-type"] == "application/problem+json"


def test_alias_confusable_name_is_refused(service, assets, name):
    put(service, name, assets[0])
    twin = put(service, name.upper(), assets[0])
    assert (twin.status, twin.json["type"].rpartition("/")[2]) == (409, "alias.taken")
    assert service.request("GET", f"/aliases/{name.upper()}").status == 404


@pytest.mark.parametrize(
    "body",
    [{}, {"sha256": "x"}, {"sha256": "0" * 64, "focal": {"x": 1.01, "y": 0}}, {"sha256": "0" * 64, "focal": {"x": 1}},
     {"sha256": "0" * 64, "tags": [""]}, {"sha256": "0" * 64, "tags": ["a"] * 51}, {"sha256": "0" * 64, "more": 1},
     {"sha256": "0" * 64, "preset": "a/b"}],
)  # fmt: skip
def test_alias_invalid_body_is_refused(service, name, body):
    assert service.request("PUT", f"/aliases/{name}", body).status == 400


def test_alias_list_is_paged(service, assets):
    for n in range(7):
        put(service, f"pages/é{n}", assets[0], tags=["odd"] if n % 2 else [])
    found, cursor = [], ""
    while True:
        page = service.request("GET", f"/aliases?prefix={quote('pages/e' + chr(0x301))}&limit=3&cursor={cursor}").json
        found += [alias["name"] for alias in page["aliases"]]
        if "cursor" not in page:
            break
        cursor = page["cursor"]
    assert found == [f"pages/é{n}" for n in range(7)]
    odd = service.request("GET", "/aliases?tag=odd&q=%C3%89").json["aliases"]
    assert [alias["name"] for alias in odd] == ["pages/é1", "pages/é3", "pages/é5"]


@pytest.mark.parametrize("cursor", ["!", "_w", base64.urlsafe_b64encode(b"a\0b").decode(), "YS8"])
def test_alias_list_invalid_cursor_is_refused(service, cursor):
    answer = service.request("GET", f"/aliases?cursor={cursor}")
    assert (answer.status, "cursor" in json.dumps(answer.json)) == (400, True)


def test_alias_of_another_tenant_is_refused(service, name):
    red, blue = key(service, "red"), key(service, "blue")
    reader = key(service, "blue", "read")
    body = numbered_png(70_500)
    sha256 = service.request("PUT", "/assets", body, red).json["sha256"]
    assert put(service, name, sha256, red).status == 201
    # One that a tenant has not got cannot be named, and is not told from one that nobody has.
    assert put(service, name + "/blue", sha256, blue).status == 404
    assert service.request("PUT", "/assets", body, blue).status == 200
    assert put(service, name, sha256, blue).status == 409
    assert service.request("DELETE", f"/aliases/{name}", headers=blue).status == 404
    assert service.request("GET", f"/versions/{name}", headers=blue).status == 404
    assert service.request("POST", f"/versions/{name}", {"version": 1}, blue).status == 404
    assert service.request("GET", f"/aliases?prefix={name}", headers=blue).json["aliases"] == []
    # A proxy shows pictures of all tenants with one key.
    assert service.request("GET", f"/aliases/{name}", headers=reader).json["tenant"] == "red"
    assert put(service, name + "/more", sha256, reader).status == 403


def test_alias_outside_the_prefix_of_a_credential_is_refused(service, name):
    narrow = key(service, "red", prefix=f"{name}/")
    sha256 = service.request("PUT", "/assets", numbered_png(70_501), narrow).json["sha256"]
    assert put(service, f"{name}/x", sha256, narrow).status == 201
    assert put(service, name, sha256, narrow).status == 403
    token = service.request("POST", "/tokens", {"expires_in": 60, "prefix": f"{name}/x"}, narrow).json["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    for answer in (
        put(service, f"{name}/x", sha256, bearer),
        service.request("DELETE", f"/aliases/{name}/x", headers=bearer),
        service.request("GET", "/aliases", headers=bearer),
    ):
        assert answer.status == 403
