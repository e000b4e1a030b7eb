import socket

import pytest

from mememime_proxy.errors import SettingsError
from mememime_proxy.resources.aliases.purge_targets import PurgeTargets


async def test_fixed_targets_are_taken_as_they_are():
    targets = PurgeTargets(["http://a:1/", "https://b/x", "http://a:1/"])
    assert await targets.resolve() == (["http://a:1/purge", "https://b/x/purge"], [])


async def test_name_stands_for_all_its_addresses_at_each_time(monkeypatch):
    addresses = ["10.0.0.1", "fd00::1", "10.0.0.1"]

    def look_up(name, port, *_arguments, **_named):
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        assert (name, port) == ("mememime-headless", 8080)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    targets = PurgeTargets(["dns+http://mememime-headless:8080/media/", "http://fixed"])
    assert await targets.resolve() == (
        ["http://fixed/purge", "http://10.0.0.1:8080/media/purge", "http://[fd00::1]:8080/media/purge"],
        [],
    )
    addresses[:] = ["10.0.0.2"]
    assert await targets.resolve() == (["http://fixed/purge", "http://10.0.0.2:8080/media/purge"], [])
    addresses.clear()
    assert await targets.resolve() == (["http://fixed/purge"], ["mememime-headless"])


@pytest.mark.parametrize("url", ["dns+https://a:1", "dns+http://a", "dns+http://", "dns+a:1", "dns+http://a:1?b"])
def test_other_names_are_refused(url):
    with pytest.raises(SettingsError, match=r"expected dns\+http://name:port"):
        PurgeTargets([url])
