"""Who changed what."""

from __future__ import annotations

import pytest

from tests.support.numbered_png import numbered_png
from tests.support.resource_process import ResourceProcess


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with ResourceProcess(tmp_path_factory.mktemp("audit")) as running:
        yield running


def everything(service, limit):
    entries, cursor = [], ""
    while True:
        page = service.request("GET", f"/audit?limit={limit}{f'&cursor={cursor}' if cursor else ''}").json
        entries += page["entries"]
        if page["cursor"] is None:
            return entries
        cursor = page["cursor"]


def test_pages_have_every_change_once_the_newest_first(service):
    key = service.request("POST", "/keys", {"role": "write"}).json
    digests = [
        service.request("PUT", f"/assets?alias=audit/{number}", numbered_png(81_000 + number), key=key["key"]).json[
            "sha256"
        ]
        for number in range(5)
    ]
    names = [{"name": f"audit/{number}", "version": 1, "add_tags": ["x"]} for number in range(5)]
    service.request("POST", "/aliases", {"aliases": names}, key=key["key"])
    service.request("DELETE", "/aliases/audit/0", key=key["key"])
    service.request("DELETE", f"/assets/{digests[0]}", key=key["key"])
    service.request("DELETE", f"/keys/{key['id']}")
    whole = everything(service, 1000)
    assert [each["action"] for each in whole[:3]] == ["key.revoke", "asset.delete", "alias.delete"]
    assert (whole[1]["subject"], whole[2]["by"]) == (digests[0], f"key:{key['id']}")
    assert sum(each["action"] == "alias.set" for each in whole) == 10
    assert [each["time"] for each in whole] == sorted((each["time"] for each in whole), reverse=True)
    for limit in (1, 2, 3, 7):
        assert everything(service, limit) == whole


def test_audit_is_for_administrators(service):
    key = service.request("POST", "/keys", {"role": "write"}).json["key"]
    assert service.request("GET", "/audit", key=key).status == 403
