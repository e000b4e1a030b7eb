"""Tags, and changes of many aliases, by HTTP, with a running service, on both databases."""

from __future__ import annotations

import pytest

from tests.resources.conftest import new_url
from tests.support.numbered_png import numbered_png
from tests.support.resource_process import ResourceProcess


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def service(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("service")
    with ResourceProcess(folder, database_url=new_url(request, request.param, folder)) as running:
        yield running


def new_key(service, tenant, **more):
    service.request("PUT", f"/tenants/{tenant}", {})
    return service.request("POST", "/keys", {"tenant": tenant, "role": "write", **more}).json["key"]


def tags_of(service, name):
    return service.request("GET", f"/aliases/{name}").json["tags"]


def change(service, key, *aliases):
    answer = service.request("POST", "/aliases", {"aliases": list(aliases)}, key=key)
    assert answer.status == 200, answer.body
    return answer.json["aliases"]


def code(outcome):
    return outcome["error"]["type"].rpartition("/")[2]


def test_each_change_succeeds_or_fails_by_itself(service):
    key = new_key(service, "shop", prefix="shop/")
    sha256 = service.request("PUT", "/assets?alias=shop/a", numbered_png(1), key=key).json["sha256"]
    for name in ("shop/b", "shop/c"):
        service.request(
            "PUT", f"/aliases/{name}", {"sha256": sha256, "tags": ["old", "red"], "preset": "card"}, key=key
        )
    service.request("PUT", "/assets?alias=else/x", numbered_png(2))
    outcomes = change(
        service, key,
        {"name": "shop/c", "add_tags": ["new"], "remove_tags": ["old", "absent"], "version": 1},
        {"name": "shop/b", "delete": True},
        {"name": "shop/a", "add_tags": ["new"], "version": 7},
        {"name": "shop/none", "add_tags": ["new"]},
        {"name": "else/x", "delete": True},
        {"name": "shop/a", "preset": "card"},
        {"name": "shop//a", "delete": True},
    )  # fmt: skip
    assert [each["name"] for each in outcomes[:3]] == ["shop/c", "shop/b", "shop/a"]
    assert (outcomes[0]["version"], tags_of(service, "shop/c")) == (2, ["red", "new"])
    assert service.request("GET", "/aliases/shop/c").json["preset"] == "card"
    assert outcomes[1] == {"name": "shop/b"}
    assert service.request("GET", "/aliases/shop/b").status == 404
    assert [code(each) for each in outcomes[2:5]] == [
        "resource.precondition_failed",
        "alias.not_found",
        "credentials.role_insufficient",
    ]
    assert outcomes[5]["version"] == 2
    assert code(outcomes[6]) == "alias.name_invalid"
    assert service.request("GET", "/aliases/else/x").status == 200
    # A change that changes nothing makes no version.
    assert change(service, key, {"name": "shop/c", "add_tags": ["red"]})[0]["version"] == 2
    versions = service.request("GET", "/versions/shop/c", key=key).json["versions"]
    assert [each["tags"] for each in versions] == [["red", "new"], ["old", "red"]]


def test_tags_are_counted_within_the_tenant(service):
    key, other = new_key(service, "counted"), new_key(service, "foreign")
    sha256 = service.request("PUT", "/assets?alias=counted/a", numbered_png(3), key=key).json["sha256"]
    for name, tags in (("a", ["apple", "pear"]), ("b", ["apple", "100%"]), ("c", ["apple_pie"])):
        service.request("PUT", f"/aliases/counted/{name}", {"sha256": sha256, "tags": tags}, key=key)

    def tags(query, key=key):
        return [
            (each["tag"], each["aliases"]) for each in service.request("GET", f"/tags{query}", key=key).json["tags"]
        ]

    assert tags("") == [("apple", 2), ("100%", 1), ("apple_pie", 1), ("pear", 1)]
    assert tags("?prefix=apple_") == [("apple_pie", 1)]
    assert tags("?prefix=app&limit=1") == [("apple", 2)]
    assert tags("", other) == []
    change(service, key, {"name": "counted/a", "delete": True})
    assert tags("?prefix=apple") == [("apple", 1), ("apple_pie", 1)]


@pytest.mark.parametrize(
    "body", [{}, {"aliases": []}, {"aliases": [{}]}, {"aliases": [{"name": "a", "color": 1}]},
             {"aliases": [{"name": "a", "add_tags": ["x,y"]}]}, {"aliases": [{"name": "a"}] * 501}],
)  # fmt: skip
def test_wrong_body_is_refused(service, body):
    assert service.request("POST", "/aliases", body).status == 400
