"""A trace of many originals with Zipf's popularity on a service, with decoded pixels in memory and without.

Then a stranger asks for large originals once each. Memory, bytes of pixels and renders that began from pixels are read
from the service. Answers of both services are compared.
"""

from __future__ import annotations

import os
import random
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

from benchmarks import client, corpus, processes
from benchmarks.family import LARGE, cpu_seconds, derive
from tests.support.proxy_process import ProxyProcess

_WIDTHS: Final = (240, 320, 400, 480)
_FORMATS: Final = ("jpeg", "webp")
_SIDE: Final = 1600
_EXPONENT: Final = 1.0
_PIXELS: Final = 128
"""MiB: the default."""
_PART: Final = 250
"""Requests between two readings of the memory."""
_CLIENTS: Final = 2
_POPULAR: Final = 20
"""Originals whose pixels are asked for again after the stranger."""


def _make(folder: Path, count: int) -> None:
    """Write ``count`` photographs, parts of those of the set."""
    import pyvips

    rng = random.Random(1)
    pictures = [pyvips.Image.new_from_file(str(corpus.SET / name)).copy_memory() for name in corpus.names("jpeg")[:8]]
    for number in range(count):
        image = pictures[number % len(pictures)]
        width, height = min(image.width, _SIDE), min(image.height, _SIDE)
        left, top = rng.randrange(image.width - width + 1), rng.randrange(image.height - height + 1)
        image.crop(left, top, width, height).jpegsave(str(folder / f"{number}.jpg"), Q=88)


def _names(folder: Path, count: int) -> list[str]:
    """Give the large photographs ``count`` names: each is an original of its own."""
    files = sorted(LARGE.glob("*.jpg"))
    for number in range(count):
        os.link(files[number % len(files)], folder / f"large-{number}.jpg")
    return [f"large-{number}.jpg" for number in range(count)]


def _path(name: str, width: int, format_name: str) -> str:
    return f"/unsafe/rs:fit:{width}:0/plain/local:///{name}@{format_name}"


def _value(proxy: ProxyProcess, name: str) -> float:
    with urlopen(f"http://127.0.0.1:{proxy.metrics_port}/", timeout=30) as response:
        text = response.read().decode()
    values = [line.rpartition(" ")[2] for line in text.splitlines() if line.startswith(name)]
    return float(values[0]) if values else 0.0


class _Service:
    def __init__(self, proxy: ProxyProcess) -> None:
        self.proxy = proxy
        self.pss = self.pixels = 0
        self.sums: list[int] = []

    def ask(self, paths: list[str]) -> dict[str, float]:
        """Ask for all paths, and return CPU time of each and the share that began from pixels."""
        cpu, hits = cpu_seconds(self.proxy.process.pid), self._hits()
        for start in range(0, len(paths), _PART):
            found = client.run([self.proxy.base + path for path in paths[start : start + _PART]], _CLIENTS)
            self.sums += found.sums
            self.pss = max(self.pss, processes.usage(self.proxy.process.pid).pss >> 20)
            self.pixels = max(self.pixels, int(_value(self.proxy, 'cache_bytes{cache="pixels"}')) >> 20)
        cpu = cpu_seconds(self.proxy.process.pid) - cpu
        return {"ms": round(1000 * cpu / len(paths), 1), "from pixels": round((self._hits() - hits) / len(paths), 3)}

    def _hits(self) -> float:
        return _value(self.proxy, 'cache_hits_total{cache="pixels"}')


def zipf(requests: int, originals: int, strangers: int) -> dict[str, Any]:
    """Return rows of both services: the trace, the stranger, and the popular originals before and after it."""
    derive(4)
    rng = random.Random(2)
    weights = [1 / (rank + 1) ** _EXPONENT for rank in range(originals)]
    order = rng.choices(range(originals), weights, k=requests)
    trace = [_path(f"{number}.jpg", rng.choice(_WIDTHS), rng.choice(_FORMATS)) for number in order]
    popular = [_path(f"{number}.jpg", width, "jpeg") for number in range(_POPULAR) for width in _WIDTHS]
    rows: dict[str, Any] = {}
    services: list[_Service] = []
    with tempfile.TemporaryDirectory(dir=corpus.WORK) as name, ExitStack() as stack:
        folder = Path(name) / "originals"
        folder.mkdir()
        _make(folder, originals)
        attack = [_path(each, 480, "jpeg") for each in _names(folder, strangers)]
        for label, size in (("without pixels", 0), ("with pixels", _PIXELS)):
            service = _Service(stack.enter_context(ProxyProcess(
                Path(name) / str(size), allow_unsigned="1", local_filesystem_root=str(folder), timeout="60",
                pixels_cache_size=str(size), variants_cache_size="0", originals_cache_size="0",
            )))  # fmt: skip
            services.append(service)
            parts = {"trace": trace, "popular before": popular, "stranger": attack, "popular after": popular}
            found = {
                f"{part}: {key}": value for part, paths in parts.items() for key, value in service.ask(paths).items()
            }
            rows[label] = found | {"most pss, MiB": service.pss, "most pixels, MiB": service.pixels}
    if services[0].sums != services[1].sums:
        raise RuntimeError("variants differ")
    return rows
