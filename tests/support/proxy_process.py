"""``mememime proxy`` as a process of its own."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.support.service_process import ServiceProcess

KEY, SALT = (hashlib.sha256(name).hexdigest() for name in (b"key of tests", b"salt of tests"))


class ProxyProcess(ServiceProcess):
    """A running proxy with two workers, unless settings say otherwise."""

    command = "proxy"
    bind = "MEMEMIME_BIND"

    def __init__(self, folder: Path, **settings: str) -> None:
        super().__init__(folder, **{"workers": "2", **settings})

    def renders(self) -> float:
        """Return the number of renders so far."""
        return self.metric('request_span_duration_seconds_count{span="processing"}')
