"""Eight widths of each photograph: what the second to the eighth cost beside the first, with and without its pixels.

Two services run side by side and take turns, one without pixels in memory. The bare sum decodes once for each
reduction that the widths need, and resizes and encodes for each width. Every answer of one service is compared with the
other's.
"""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

from benchmarks import client, corpus, processes
from benchmarks.servers import Ours

WIDTHS = (320, 480, 640, 768, 1024, 1280, 1600, 1920)
BOX_WIDTHS = (496, 498, 500, 502, 504, 506, 508, 510)
"""Widths about that of the other scenarios, which need one reduction: what is decoded once is the same for all."""
LARGE = corpus.WORK / "large"
_LARGE_PIXELS = 12_000_000
_QUALITY = {"jpeg": {"Q": 80, "optimize_coding": True}, "webp": {"Q": 79, "effort": 4}, "avif": {"Q": 63, "effort": 1}}
_EXTENSIONS = {"jpeg": "jpg", "png": "png", "webp": "webp", "avif": "avif"}
_CLIENTS = 2
"""Connections of a page: no more, so that nothing is refused where other programs of the machine have its cores."""
_PIXELS = 512
"""MiB."""


def derive(count: int) -> None:
    """Make photographs of twelve million pixels of the packages' ones, most of which are enlarged for it."""
    import pyvips

    LARGE.mkdir(parents=True, exist_ok=True)
    for name in corpus.names("jpeg")[:count]:
        if not (LARGE / name).exists():
            image = pyvips.Image.new_from_file(str(corpus.SET / name))
            scale = (_LARGE_PIXELS / (image.width * image.height)) ** 0.5
            image.resize(scale).jpegsave(str(LARGE / name), Q=90, keep=pyvips.ForeignKeep.NONE)


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds of a process tree, of all threads, in the kernel's finest unit."""
    total = 0
    for member in processes.tree(pid):
        for path in Path(f"/proc/{member}/task").glob("*/schedstat"):
            try:
                total += int(path.read_text().split()[0])
            except OSError:
                continue
    return total / 1e9


class _Side:
    """A service, and the CPU seconds of its first and of its further requests."""

    def __init__(self, name: str, folder: Path, pixels: int) -> None:
        # One worker has the priority of the service, so that other programs of the machine delay it less.
        self.server = Ours(folder, 1, pixels_cache_size=str(pixels))
        self.server.name = f"mememime-{name}"
        self.first: list[float] = []
        self.further: list[float] = []

    def ask(self, paths: list[str], clients: int) -> tuple[list[int], float]:
        before = cpu_seconds(self.server.process.pid)
        found = client.run([self.server.base + path for path in paths], clients)
        return found.sums, (cpu_seconds(self.server.process.pid) - before) / len(paths)


def _paths(name: str, widths: tuple[int, ...], formats: tuple[str, ...]) -> list[str]:
    return [f"/unsafe/rs:fit:{width}:0/plain/local:///{name}@{each}" for width in widths for each in formats]


def _pages(folder: Path, names: list[str], widths: tuple[int, ...], formats: tuple[str, ...]) -> dict[str, Any]:
    """Ask for a page's variants of one photograph after the other: the first one, then the others."""
    sides = [_Side("without", folder, 0), _Side("with", folder, _PIXELS)]
    with sides[0].server, sides[1].server:
        for side in sides:  # processes get warm, and what hosts are asked for gets known
            for name in names[-3:]:
                side.ask(_paths(name, tuple(width + 1 for width in widths), formats), _CLIENTS)
        for name in names[:-3]:
            first, *further = _paths(name, widths, formats)
            answers = []
            for side in sides:
                sums, cpu = side.ask([first], 1)
                side.first.append(cpu)
                others, cpu = side.ask(further, _CLIENTS)
                side.further.append(cpu)
                answers.append(sums + others)
            if answers[0] != answers[1]:
                raise RuntimeError(f"variants of {name} differ")
        memory = [processes.usage(side.server.process.pid).pss >> 20 for side in sides]
    return {
        "first_ms": _ms(sides[0].first),
        "first_with_ms": _ms(sides[1].first),
        "further_ms": _ms(sides[0].further),
        "further_with_ms": _ms(sides[1].further),
        "ratio": round(sum(sides[0].further) / sum(sides[1].further), 2),
        "pss_mib": memory[0],
        "pss_with_mib": memory[1],
    }


def _ms(seconds: list[float]) -> float:
    return round(1000 * sum(seconds) / len(seconds), 1)


def _shuffled(names: list[str], formats: tuple[str, ...]) -> dict[str, Any]:
    """Ask for all widths of all photographs in random order."""
    paths = [path for name in names for path in _paths(name, WIDTHS, formats)]
    random.Random(1).shuffle(paths)
    sides = [_Side("without", corpus.SET, 0), _Side("with", corpus.SET, _PIXELS)]
    with sides[0].server, sides[1].server:
        found = [side.ask(paths, _CLIENTS) for side in sides]
    if found[0][0] != found[1][0]:
        raise RuntimeError("variants differ")
    return {
        "further_ms": round(1000 * found[0][1], 1),
        "further_with_ms": round(1000 * found[1][1], 1),
        "ratio": round(found[0][1] / found[1][1], 2),
    }


def _bare(name: str) -> float:
    """Return the CPU seconds of a page's variants of one photograph without a server: decoded once a reduction."""
    import pyvips

    pyvips.cache_set_max(0)
    pyvips.concurrency_set(1)
    data = (LARGE / name).read_bytes()
    head = pyvips.Image.jpegload_buffer(data)
    width, height = head.width, head.height
    pixels: dict[int, Any] = {}
    begun = time.process_time()
    for wanted in WIDTHS:
        shrink = next((each for each in (8, 4, 2) if width / wanted >= each), 1)
        if shrink not in pixels:
            pixels[shrink] = pyvips.Image.jpegload_buffer(data, shrink=shrink, access="sequential").copy_memory()
        image = pixels[shrink]
        across, down = wanted / image.width, round(height * wanted / width) / image.height
        keep = pyvips.ForeignKeep.NONE
        image.resize(across, vscale=down).jpegsave_buffer(keep=keep, **_QUALITY["jpeg"])
        image.resize(across, vscale=down).webpsave_buffer(keep=keep, **_QUALITY["webp"])
        image.resize(across, vscale=down).heifsave_buffer(compression="av1", keep=keep, **_QUALITY["avif"])
    return time.process_time() - begun


def _page_of_one(names: list[str]) -> dict[str, Any]:
    """All 24 variants (eight widths in three formats) of a photograph of 12 million pixels, beside the bare sum."""
    formats = ("jpeg", "webp", "avif")
    sides = [_Side("without", LARGE, 0), _Side("with", LARGE, _PIXELS)]
    bare, cpu = [], ([], [])  # type: tuple[list[float], tuple[list[float], list[float]]]
    with sides[0].server, sides[1].server:
        for side in sides:
            side.ask(_paths(names[-1], WIDTHS, formats), _CLIENTS)
        for name in names[:-1]:
            bare.append(_bare(name))
            for side, seconds in zip(sides, cpu, strict=True):
                paths = _paths(name, WIDTHS, formats)
                seconds.append(side.ask(paths, _CLIENTS)[1] * len(paths))
    return {
        "bare_ms": _ms(bare),
        "without_ms": _ms(cpu[0]),
        "with_ms": _ms(cpu[1]),
        "with_by_bare": round(sum(cpu[1]) / sum(bare), 2),
        "without_by_bare": round(sum(cpu[0]) / sum(bare), 2),
    }


def family(count: int, only: str = "") -> dict[str, Any]:
    """Return the figures of ``count`` photographs, by what is asked for; ``only``: part of the names."""
    derive(count)
    large = corpus.names("jpeg")[:count]
    scenarios: dict[str, Any] = {
        "2 Mpx JPEG, widths about 512": lambda: _pages(corpus.SET, large, BOX_WIDTHS, ("jpeg",)),
        **{
            f"2 Mpx {each.upper()}, widths about 512": lambda each=each: _pages(
                corpus.SET, corpus.names(each)[:count], BOX_WIDTHS, (each,)
            )
            for each in ("png", "webp", "avif")
        },
        "12 Mpx JPEG, widths about 512": lambda: _pages(LARGE, large, BOX_WIDTHS, ("jpeg",)),
        **{
            f"2 Mpx {each.upper()}, 320 to 1920": lambda each=each: _pages(
                corpus.SET, corpus.names(each)[:count], WIDTHS, (each,)
            )
            for each in ("jpeg", "png", "webp", "avif")
        },
        "12 Mpx JPEG, 320 to 1920": lambda: _pages(LARGE, large, WIDTHS, ("jpeg",)),
        "12 Mpx JPEG, 24 variants": lambda: _page_of_one(large),
        "2 Mpx JPEG, 24 variants, shuffled": lambda: _shuffled(large, ("jpeg", "webp", "avif")),
    }
    return {name: run() for name, run in scenarios.items() if only in name}
