"""Lists of assets by HTTP, with a running service, on both databases."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode

import pytest

from mememime_proxy.resources.routes.uploads_batch import MEDIA_TYPE
from tests.resources.conftest import new_url
from tests.support.numbered_png import numbered_png
from tests.support.resource_process import ResourceProcess


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


def names(answer):
    assert answer.status == 200, answer.body
    return [asset["filename"] for asset in answer.json["assets"]]


def test_each_way_in_keeps_the_name_of_the_file(service):
    key = new_key(service, "ways")
    bodies = [numbered_png(number) for number in range(100, 104)]
    service.request("PUT", "/assets?filename=C%3A%5Cpictures%5Cone%20picture.png", bodies[0], key=key)
    form = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="dir/two.png"\r\n\r\n'
        + bodies[1]
        + b"\r\n--x--\r\n"
    )
    service.request("POST", "/assets", form, {"Content-Type": "multipart/form-data; boundary=x"}, key=key)
    file = {"sha256": digest(bodies[2]), "size": len(bodies[2]), "filename": "three.png"}
    batch = json.dumps({"files": [file]}).encode() + b"\n" + bodies[2]
    service.request("POST", "/assets/batch", batch, {"Content-Type": MEDIA_TYPE}, key=key)
    metadata = f"filename {b64encode('vier ä.png'.encode()).decode()}"
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(bodies[3])), "Upload-Metadata": metadata,
               "Content-Type": "application/offset+octet-stream"}  # fmt: skip
    assert service.request("POST", "/uploads", bodies[3], headers, key=key).status == 201
    expected = ["one picture.png", "two.png", "three.png", "vier ä.png"]
    assert sorted(names(service.request("GET", "/assets", key=key))) == sorted(expected)
    one = service.request("GET", f"/assets/{digest(bodies[0])}", key=key)
    assert one.json["filename"] == expected[0]
    assert (
        "filename"
        not in service.request("GET", f"/assets/{digest(bodies[0])}", key=new_key(service, "ways", "read")).json
    )
    # Another upload of the same bytes changes no name.
    service.request("PUT", "/assets?filename=other.png", bodies[0], key=key)
    assert names(service.request("GET", "/assets?q=PICTURE", key=key)) == ["one picture.png"]


def test_list_is_sorted_paged_and_counted(service):
    key = new_key(service, "pages")
    bodies = [numbered_png(number) for number in range(200, 206)]
    for number, body in enumerate(bodies):
        service.request("PUT", f"/assets?filename={number}", body, key=key)
    newest = ["5", "4", "3", "2", "1", "0"]
    assert names(service.request("GET", "/assets?sort=created", key=key)) == newest
    assert names(service.request("GET", "/assets?sort=created&order=asc", key=key)) == newest[::-1]
    first = service.request("GET", "/assets?sort=created&limit=4&total=true", key=key)
    assert (names(first), first.json["total"]) == (newest[:4], 6)
    rest = service.request("GET", f"/assets?sort=created&limit=4&cursor={first.json['cursor']}", key=key)
    assert (names(rest), rest.json.get("cursor")) == (newest[4:], None)
    assert names(service.request("GET", "/assets?sort=created&limit=2&offset=3", key=key)) == newest[3:5]
    digests = [asset["sha256"] for asset in service.request("GET", "/assets", key=key).json["assets"]]
    assert digests == sorted(map(digest, bodies))
    deleted = service.request("DELETE", f"/assets/{digests[0]}", key=key)
    assert deleted.status == 204
    states = service.request("GET", "/assets?state=ready&total=true", key=key).json
    assert (states["total"], [asset["sha256"] for asset in states["assets"]]) == (5, digests[1:])
    assert service.request("GET", "/assets?total=true", key=new_key(service, "nobody")).json == {
        "assets": [],
        "total": 0,
    }


def test_filters_read_the_facts_of_the_upload(service):
    key = new_key(service, "filters")
    body = numbered_png(300)
    asset = service.request("PUT", "/assets?alias=filters/one", body, key=key).json
    facts = asset["facts"]
    color, width = facts["dominant_color"].strip("#"), facts["width"]
    listed = service.request("GET", "/assets", key=key).json["assets"][0]["facts"]
    assert facts["palette"]
    assert listed == facts | {"palette": [], "histogram": ""}
    for query, count in (
        ("type=image/png", 1), ("type=image/gif", 0), (f"color={color}", 1), (f"min_width={width}", 1),
        (f"min_width={width + 1}", 0), ("alias=filters/", 1), ("alias=other/", 0), ("unnamed=true", 0),
        ("since=2020-01-01", 1), ("before=2020-01-01T00:00:00Z", 0), (f"max_size={len(body)}", 1), ("q=TERS/o", 1),
    ):  # fmt: skip
        assert service.request("GET", f"/assets?total=true&{query}", key=key).json["total"] == count, query


@pytest.mark.parametrize(
    "query",
    ["sort=name", "offset=-1", "since=yesterday", "since=2026-02-30", "color=red", "type=png", "order=up", "limit=1001",
     f"cursor=1.{'0' * 64}", f"sort=created&cursor={'0' * 64}", f"cursor={'0' * 64}&offset=3",
     f"sort=size&cursor={'9' * 19}.{'0' * 64}"],
)  # fmt: skip
def test_wrong_query_is_refused(service, query):
    answer = service.request("GET", f"/assets?{query}")
    assert (answer.status, answer.json["type"].rpartition("/")[2]) == (400, "request.invalid")


def test_aliases_of_an_asset_are_those_of_the_tenant(service):
    key, other = new_key(service, "owner"), new_key(service, "stranger")
    body = numbered_png(400)
    for name in ("owner/b", "owner/a"):
        service.request("PUT", f"/assets?alias={name}", body, key=key)
    path = f"/assets/{digest(body)}/aliases"
    assert [each["name"] for each in service.request("GET", path, key=key).json["aliases"]] == ["owner/a", "owner/b"]
    assert service.request("GET", path, key=other).status == 404
    service.request("PUT", "/assets", body, key=other)
    assert service.request("GET", path, key=other).json == {"aliases": []}
