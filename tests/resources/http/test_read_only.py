"""The methods of a path on a read replica, and the link to the writer."""

import pytest

from mememime_proxy.resources.app import ROUTES
from mememime_proxy.resources.http.read_only import allow, writer_link
from mememime_proxy.resources.http.router import Router

READS_BY_POST = {"assets_exist", "create_archive", "create_token"}
WRITES_BY_READING = {"upload_offset", "upload_status"}
"""A complete upload is finished by whoever looks at it."""


def test_allow_names_the_methods_that_change_nothing():
    router = Router(ROUTES)
    match = router.match("PUT", "/aliases/a/b")
    assert allow(match, read_only=True) == "GET, HEAD, OPTIONS"
    assert allow(match, read_only=False) == "DELETE, GET, HEAD, OPTIONS, PUT"
    assert allow(router.match("POST", "/jobs/" + "0" * 32 + "/cancel"), read_only=True) == "OPTIONS"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_route_writes_as_its_method_says_with_five_exceptions(route):
    safe = route.method in {"GET", "HEAD", "OPTIONS"}
    assert route.writes == ((not safe and route.name not in READS_BY_POST) or route.name in WRITES_BY_READING)


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/aliases/a%2Fb?x=1&y=2", "/aliases/a%2Fb?x=1&y=2"),
        ('/aliases/a"><b', "/aliases/a%22%3E%3Cb"),
        ("/aliases/ä", "/aliases/%C3%A4"),
    ],
)
def test_link_is_the_same_path_at_the_writer(path, target):
    assert writer_link("https://writer.example/", path) == f'<https://writer.example{target}>; rel="edit"'
