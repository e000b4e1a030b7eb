"""A page's eight widths of each photograph, from this service and from its peers: CPU time of a variant."""

from __future__ import annotations

import math
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import client, corpus, family
from benchmarks.servers import Ipx, Ours, Running, Server, Thumbor

_CLIENTS = 2
_PIXELS = 512
"""MiB."""


def _page(
    servers: list[Server], folder: Path, names: list[str], widths: tuple[int, ...], formats: tuple[str, ...]
) -> dict[str, Any]:
    """Ask each server by turns for all variants of one photograph after the other, after one to get warm."""
    cpu, size = dict.fromkeys((each.name for each in servers), 0.0), dict.fromkeys((each.name for each in servers), 0)
    for number, name in enumerate(names):
        for server in servers:
            paths = [server.width_path(folder, name, each, width) for width in widths for each in formats]
            before = family.cpu_seconds(server.process.pid)
            found = client.run([server.base + path for path in paths], _CLIENTS)
            if number:
                cpu[server.name] += family.cpu_seconds(server.process.pid) - before
                size[server.name] += sum(found.sizes)
    variants = len(widths) * len(formats) * (len(names) - 1)
    row: dict[str, Any] = {f"{name}, ms": round(1000 * seconds / variants, 1) for name, seconds in cpu.items()}
    return row | {f"{name}, kB": math.ceil(total / variants / 1000) for name, total in size.items()}


def peers(count: int, running: list[Running], only: str = "") -> dict[str, Any]:
    """Return CPU time and bytes of a variant; ``count``: photographs, the first one is not counted.

    ``running``: servers besides, on ``benchmarks/.work``.
    """
    family.derive(count)
    large = corpus.names("jpeg")[:count]
    cases: dict[str, tuple[Path, list[str], tuple[str, ...]]] = {
        **{
            f"2 Mpx {each.upper()}": (corpus.SET, corpus.names(each)[:count], (each,))
            for each in ("jpeg", "png", "webp", "avif")
        },
        "12 Mpx JPEG": (family.LARGE, large, ("jpeg",)),
        "12 Mpx JPEG, 24 variants": (family.LARGE, large, ("jpeg", "webp", "avif")),
    }
    rows = {}
    for name, (folder, names, formats) in cases.items():
        if only not in name:
            continue
        # One worker has the priority of the service, so that other programs of the machine delay it less.
        having, without = Ours(folder, 1, pixels_cache_size=str(_PIXELS)), Ours(folder, 1, pixels_cache_size="0")
        without.name = "mememime without pixels"
        with ExitStack() as stack:
            servers: list[Server] = [having, without, Thumbor(folder), *running]
            if "avif" not in formats:  # its effort cannot be set: twenty seconds for a picture of 1920 px
                servers.append(Ipx(folder))
            rows[name] = _page([stack.enter_context(each) for each in servers], folder, names, family.WIDTHS, formats)
    return rows
