"""The state of both services, for administrators."""

from __future__ import annotations

from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.support.console_visit import site


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with site(tmp_path_factory.mktemp("status")) as running:
        yield running


def test_status_has_workers_backlog_storages_and_proxies(place):
    place.resources.request("GET", "/status")
    status = place.resources.request("GET", "/status").json
    assert status["pool"]["workers"]["ready"] >= 1
    assert status["backlog"]["assets"] == {"quarantined": 0, "deleted": 0, "removing": 0, "verifying": 0}
    assert status["database"] == "sqlite"
    (proxy,) = status["proxies"]
    assert (proxy["url"], proxy["error"]) == (place.proxy.base, "")
    assert proxy["status"]["version"] == status["version"]
    assert proxy["status"]["pool"]["fonts"] is True
    figures = {each["name"]: each["value"] for each in proxy["status"]["figures"] if not each["labels"]}
    assert figures["requests_total"] >= 1  # the first status
    assert not any(name.endswith("_created") for name in figures)


def test_status_is_for_administrators_and_the_proxy_s_for_the_service(place):
    key = place.resources.request("POST", "/keys", {"role": "write"}).json["key"]
    assert place.resources.request("GET", "/status", key=key).status == 403
    for headers in ({}, {"Mememime-Token": "x.y.z"}):
        with pytest.raises(HTTPError, match="403"):
            urlopen(Request(f"{place.proxy.base}/status", headers=headers))
