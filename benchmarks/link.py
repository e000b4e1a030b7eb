"""A link with the packets of an Ethernet: on the loopback they are forty times as large, and hide what packets cost."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

_NAMESPACE = "mememime-client"
_ENDS = ("mememime-server", "mememime-client")
_NETWORK = "198.18.0.{}/30"
"""Of the networks that RFC 2544 keeps for benchmarks: nobody's own is hidden."""


@dataclass(frozen=True)
class Link:
    """A way from a server to a client."""

    name: str
    address: str
    """Where the client finds the server."""
    client: tuple[str, ...] = ()
    """What stands before a command that is to run at the client's end."""


LOOPBACK = Link("loopback", "127.0.0.1")


@contextlib.contextmanager
def laid() -> Iterator[list[Link]]:
    """The loopback, and a pair of virtual devices to a network namespace where that can be had: as root, with iproute2.

    The pair has an MTU of 1500, and its server CUBIC, Linux' own choice, whatever the machine's: pacing by BBR would
    be measured instead of the server.
    """
    program = shutil.which("ip")
    if program is None or os.geteuid():
        yield [LOOPBACK]
        return
    links = [LOOPBACK]
    try:
        _remove(program)  # what a run left that was killed
        with contextlib.suppress(subprocess.CalledProcessError):  # ip has said why
            _lay(program)
            address = _NETWORK.format(1).partition("/")[0]
            links.append(Link("link", address, (program, "netns", "exec", _NAMESPACE)))
        yield links
    finally:
        _remove(program)


def _lay(program: str) -> None:
    server, client = _ENDS
    for words in (
        f"netns add {_NAMESPACE}",
        f"link add {server} type veth peer name {client} netns {_NAMESPACE}",
        f"address add {_NETWORK.format(1)} dev {server}",
        f"link set {server} mtu 1500 up",
        f"-n {_NAMESPACE} address add {_NETWORK.format(2)} dev {client}",
        f"-n {_NAMESPACE} link set {client} mtu 1500 up",
        f"route replace {_NETWORK.format(0)} dev {server} congctl cubic",
    ):
        subprocess.run([program, *words.split()], check=True)


def _remove(program: str) -> None:
    """The client's device goes with its namespace, and the server's with the client's."""
    subprocess.run([program, "netns", "delete", _NAMESPACE], check=False, stderr=subprocess.DEVNULL)
