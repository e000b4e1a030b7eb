"""Memory of the whole process tree against MEMORY_BUDGET, while everything that is large comes at once."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks import processes
from benchmarks.corpus import WORK
from benchmarks.servers import Ours
from mememime_proxy.workers.process_memory import measure
from tests.hostile.files import legal

MIB = 1 << 20
ALLOWED = 1.05
"""Times the budget that the tree may have at any moment."""
_PERIOD = 0.01
"""Seconds between two looks."""
_SIDE = 7071
"""Pixels: fifty megapixels, the default of MAX_SRC_RESOLUTION."""
_SLOW = 100
_SLOW_SIZE = 30 * MIB
_SLOW_RATE = 2 * MIB
"""Bytes a second of each slow original."""
_DOWNLOAD = 30
_QUIET = 5.0
"""Seconds after the last answer until memory is looked at again."""
_MEASURED = 20
"""Looks at the control group for each measurement of the processes, which takes many times longer."""
_CGROUP = Path("/sys/fs/cgroup/memory")
"""Of cgroup v1, whose figures are taken as well where a group can be made."""


@dataclass(frozen=True)
class Worst:
    """A kind of picture, and the plan that takes most memory with it."""

    name: str
    extension: str
    build: Callable[[int], bytes]
    size: int
    options: str
    format: str


def _jpeg_444(side: int) -> bytes:
    return bytes(legal._photograph(side).jpegsave_buffer(Q=60, interlace=True, subsample_mode="off"))


def _png_16(side: int) -> bytes:
    """Sixteen bits, four bands, Adam7: a decoder holds all of its 400 MB."""
    import pyvips

    band = (pyvips.Image.xyz(side, side)[0] * 9).cast("ushort")
    return bytes(band.bandjoin([band, band, band]).copy(interpretation="rgb16").pngsave_buffer(interlace=True))


def _jxl_16(side: int) -> bytes:
    import imagecodecs
    import numpy as np

    row = (np.arange(side, dtype=np.uint32) * 9).astype(np.uint16)
    pixels = np.broadcast_to(row[None, :, None], (side, side, 3)).copy()
    return bytes(imagecodecs.jpegxl_encode(pixels, effort=1, distance=1.0))


def _svg(elements: int) -> bytes:
    circles = "".join(f'<circle cx="{n % 997}" cy="{n % 883}" r="{n % 90}" opacity=".5"/>' for n in range(elements))
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="1000" height="1000">{circles}</svg>'.encode()


WORST = (
    Worst("avif", "avif", legal.avif, _SIDE, "rs:fit:3000:3000", "jpeg"),
    Worst("progressive-444", "jpg", _jpeg_444, _SIDE, "rs:fit:3000:3000", "png"),
    Worst("interlaced-16", "png", _png_16, _SIDE, "rs:fit:3000:3000", "webp"),
    Worst("jxl-16", "jxl", _jxl_16, _SIDE, "rs:fit:3000:3000", "avif"),
    Worst("animation", "webp", legal.webp_animation, 300, "rs:fit:400:400", "gif"),
    Worst("drawing", "svg", _svg, 3000, "rs:fit:6000:6000", "png"),
    Worst("avif-small-result", "avif", legal.avif, _SIDE, "rs:fit:300:300", "webp"),
    Worst("progressive-all", "jpg", _jpeg_444, _SIDE, "q:95", "jpeg"),
)


def originals() -> Path:
    """Return the folder of the pictures, made once."""
    folder = WORK / "worst"
    folder.mkdir(parents=True, exist_ok=True)
    for worst in WORST:
        path = folder / f"{worst.build.__name__.strip('_')}-{worst.size}.{worst.extension}"
        if not path.exists():
            path.write_bytes(worst.build(worst.size))
        link = folder / f"{worst.name}.{worst.extension}"
        if not link.exists():
            link.hardlink_to(path)
    return folder


def budget(mebibytes: int, workers: int) -> dict[str, Any]:
    """Sixteen worst cases and a hundred slow originals at once, at a service with that budget: peak and answers."""
    folder = originals()
    settings = {
        "memory_budget": str(mebibytes),
        "originals_cache_size": "64",
        "variants_cache_size": "64",
        "download_timeout": str(_DOWNLOAD),
        "max_animation_frames": "1000",
    }
    with Ours(folder, workers, **settings) as service:
        pid = service.process.pid
        with _control_group(pid) as group, _sampled(pid, group) as peaks:
            started = time.monotonic()
            answers = asyncio.run(_answers(service))
            seconds = time.monotonic() - started
            time.sleep(_QUIET)
            after = measure(processes.tree(pid)).total
    found = peaks()
    return {
        "budget_mib": mebibytes,
        "workers": workers,
        "peak_mib": round(found["peak"] / MIB),
        "peak_share": round(max(found["peak"], found["group"]) / MIB / mebibytes, 3),
        "group_peak_mib": round(found["group"] / MIB),
        "samples": found["samples"],
        "before_mib": round(found["first"] / MIB),
        "after_mib": round(after / MIB),
        "seconds": round(seconds, 1),
        "worst": _counts(answers, "worst"),
        "slow": _counts(answers, "slow"),
        "passed": max(found["peak"], found["group"]) <= ALLOWED * mebibytes * MIB,
    }


def _counts(answers: list[tuple[str, int, str]], kind: str) -> str:
    counts = Counter(status for name, status, _ in answers if name == kind)
    return ", ".join(f"{count} × {status}" for status, count in sorted(counts.items()))


async def _answers(service: Ours) -> list[tuple[str, int, str]]:
    """Return kind, status and body of refusals of all requests, which begin at once."""
    async with _slow_source() as port, aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:
        paths = [
            ("worst", f"/unsafe/{w.options}/cb:{number}/plain/local:///{w.name}.{w.extension}@{w.format}")
            for number in range(2)
            for w in WORST
        ]
        paths += [
            ("slow", f"/unsafe/rs:fit:200:200/plain/http://127.0.0.1:{port}/{number}.jpg@webp")
            for number in range(_SLOW)
        ]
        return await asyncio.gather(*(_get(client, kind, service.base + path) for kind, path in paths))


async def _get(client: aiohttp.ClientSession, kind: str, url: str) -> tuple[str, int, str]:
    try:
        async with client.get(url, timeout=aiohttp.ClientTimeout(total=120)) as response:
            body = await response.read()
            return kind, response.status, "" if response.ok else body.decode(errors="replace")[:200]
    except aiohttp.ClientError as error:
        return kind, 0, str(error)


@contextlib.asynccontextmanager
async def _slow_source() -> AsyncIterator[int]:
    """A server of large pictures that come slowly; yields its port."""
    body = legal.jpeg(3000)
    body += bytes(_SLOW_SIZE - len(body))
    step = _SLOW_RATE // 20

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode())
            for start in range(0, len(body), step):
                writer.write(body[start : start + step])
                await writer.drain()
                await asyncio.sleep(0.05)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


@contextlib.contextmanager
def _sampled(pid: int, group: Path | None) -> Iterator[Callable[[], dict[str, int]]]:
    """Look at a process tree all the time; yields what returns the most that it had, once the block has ended."""
    ours, theirs = multiprocessing.Pipe()
    sampler = multiprocessing.get_context("spawn").Process(target=_sample, args=(pid, group, theirs), daemon=True)
    sampler.start()
    ours.recv()
    found: dict[str, int] = {}
    try:
        yield lambda: found
    finally:
        ours.send("stop")
        found |= ours.recv()
        sampler.join()


def _sample(pid: int, group: Path | None, connection: Connection) -> None:
    first, peak, most, samples = measure(processes.tree(pid)).total, 0, 0, 0
    connection.send("ready")
    while not connection.poll(_PERIOD):
        if group is not None:
            most = max(most, _charged(group))
        if group is None or samples % _MEASURED == 0:
            peak = max(peak, measure(processes.tree(pid)).total)
        samples += 1
    connection.send({"first": first, "peak": peak, "group": most, "samples": samples})


def _charged(group: Path) -> int:
    """Bytes that the kernel charges to a control group, without files that it can drop."""
    lines = (group / "memory.stat").read_text().splitlines()
    figures = {name: int(value) for name, _, value in (line.partition(" ") for line in lines)}
    return figures["rss"] + figures.get("shmem", 0)


@contextlib.contextmanager
def _control_group(pid: int) -> Iterator[Path | None]:
    """Put a process tree in a group of its own; None where that is not permitted."""
    group = _CGROUP / f"mememime-benchmark-{pid}"
    try:
        group.mkdir()
        for member in processes.tree(pid):
            (group / "cgroup.procs").write_text(str(member))
    except OSError:
        yield None
        return
    try:
        yield group
    finally:
        parent = _CGROUP / "cgroup.procs"
        for member in (group / "cgroup.procs").read_text().split():
            with contextlib.suppress(OSError):
                parent.write_text(member)
        with contextlib.suppress(OSError):
            group.rmdir()


def budgets(sizes: tuple[int, ...], workers: tuple[int, ...]) -> dict[str, dict[str, Any]]:
    """Rows by budget in MiB and number of workers."""
    return {f"{size} MiB, {number} workers": budget(size, number) for size in sizes for number in workers}
