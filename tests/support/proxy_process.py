"""``mememime proxy`` as a process of its own."""

from __future__ import annotations

from pathlib import Path

from tests.support.service_process import ServiceProcess

KEY, SALT = "6d656d656d696d652d6b6579" * 2, "6d656d656d696d652d73616c" * 2


class ProxyProcess(ServiceProcess):
    """A running proxy with two workers, unless settings say otherwise."""

    command = "proxy"
    bind = "MEMEMIME_BIND"

    def __init__(self, folder: Path, **settings: str) -> None:
        super().__init__(folder, **{"workers": "2", **settings})

    def renders(self) -> float:
        """Return the number of renders so far."""
        return self.metric('request_span_duration_seconds_count{span="processing"}')
