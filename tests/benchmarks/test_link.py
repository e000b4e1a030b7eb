"""The link that benchmarks lay to a network namespace."""

import os
import shutil
import socket
import subprocess
import sys

import pytest

from benchmarks import link

_CLIENT = "import socket, sys; print(socket.create_connection((sys.argv[1], int(sys.argv[2])), 10).recv(9).decode())"


@pytest.fixture(autouse=True)
def _beside_a_benchmark(monkeypatch):
    """Names and addresses that no benchmark has which may be running."""
    monkeypatch.setattr(link, "_NAMESPACE", "mememime-test")
    monkeypatch.setattr(link, "_ENDS", ("mememime-test-s", "mememime-test-c"))
    monkeypatch.setattr(link, "_NETWORK", "198.19.0.{}/30")


def _namespaces():
    return subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout.split()


def test_without_root_there_is_the_loopback(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with link.laid() as links:
        assert links == [link.LOOPBACK]


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("ip") is None, reason="needs root and iproute2")
def test_a_client_reaches_the_server_over_the_link():
    with link.laid() as links:
        if links == [link.LOOPBACK]:
            pytest.skip("this container may have no network namespaces")
        _, found = links
        assert "mememime-test" in _namespaces()
        with socket.create_server((found.address, 0)) as server:
            command = [*found.client, sys.executable, "-c", _CLIENT, found.address, str(server.getsockname()[1])]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
                connection, (peer, _) = server.accept()
                with connection:
                    assert peer == "198.19.0.2"
                    assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG) <= 1460
                    assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16).startswith(b"cubic")
                    connection.sendall(b"hello")
                assert client.communicate(timeout=10)[0] == "hello\n"
    assert "mememime-test" not in _namespaces()


@pytest.mark.skipif(shutil.which("ip") is None, reason="needs iproute2")
def test_where_no_link_can_be_laid_there_is_the_loopback(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(link, "_ENDS", ("a name that is longer than a device's may be", "c"))
    with link.laid() as links:
        assert links == [link.LOOPBACK]
    assert "mememime-test" not in _namespaces()
