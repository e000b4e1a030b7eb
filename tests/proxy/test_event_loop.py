"""The event loop beside hostile requests: no callback of it takes long, whatever comes in."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from mememime_proxy.proxy.app import Proxy
from mememime_proxy.settings.settings import load
from tests.hostile.catalogue import FILES

_ROWS = ("C1", "C2", "C3", "C4", "C6", "C7", "C16", "H2", "H3", "H4", "H6", "H8")
_MAX_BYTES = 1 << 20
_WIDE_MARGIN = 0.25
"""CPU seconds of one callback; E7 allows a lag of 50 ms, which ``python -m tests.proxy.test_event_loop`` measures."""
_TARGETS = (
    b"/unsafe/" + b"w:1/" * 4000 + b"plain/local:///x",
    b"/unsafe/" + b"a/" * 8000,
    b"/unsafe/w:" + b"9" * 16_000 + b"/plain/local:///x",
    b"/unsafe/fn:" + b"A" * 16_000 + b":1/plain/local:///x",
    b"/unsafe/" + b"%3A" * 5000 + b"/plain/x",
    b"/unsafe/" + b"Zm9v" * 4000,
    b"/unsafe/plain/http://" + b"a." * 8000,
    b"/unsafe/plain/" + b"%" * 16_000,
)


def one_of_each_row() -> dict[str, bytes]:
    """A hostile file of a megabyte at most for each row, by its name."""
    files: dict[str, bytes] = {}
    for row in _ROWS:
        for file in FILES.values():
            if file.row == row and not file.legal and len(body := file.body()) <= _MAX_BYTES:
                files[f"{row}.{file.extension}"] = body
                break
    return files


@contextmanager
def callback_times() -> Iterator[list[float]]:
    """Measure the CPU time of every callback that asyncio's own loop runs in this thread."""
    times: list[float] = []
    run = asyncio.Handle._run

    def measured(handle: asyncio.Handle) -> None:
        begin = time.thread_time()
        run(handle)
        times.append(time.thread_time() - begin)

    asyncio.Handle._run = measured
    try:
        yield times
    finally:
        asyncio.Handle._run = run


async def serve(folder: str, files: dict[str, bytes]) -> tuple[dict[str, bytes], list[float]]:
    """Return status lines by file or target, and the times of callbacks while a proxy in this loop answered."""
    settings = load({
        "MEMEMIME_ALLOW_UNSIGNED": "1", "MEMEMIME_LOCAL_FILESYSTEM_ROOT": folder, "MEMEMIME_WORKERS": "2",
        "MEMEMIME_BIND": "127.0.0.1:0", "MEMEMIME_TIMEOUT": "20", "MEMEMIME_LOG_LEVEL": "error",
    })  # fmt: skip
    proxy = Proxy(settings)
    await proxy.start()
    try:
        host, _, port = proxy.addresses[0].rpartition(":")

        async def get(target: bytes) -> bytes:
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(b"GET " + target + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            try:
                return (await reader.read()).partition(b"\r\n")[0]
            finally:
                writer.close()

        with callback_times() as times:
            targets = {name: f"/unsafe/rs:fit:100:100/plain/local:///{name}@jpeg".encode() for name in files}
            targets |= {f"target {number}": target for number, target in enumerate(_TARGETS)}
            answers = await asyncio.gather(*map(get, targets.values()))
        return dict(zip(targets, answers, strict=True)), times
    finally:
        await proxy.stop()


async def test_e7_no_callback_of_the_loop_takes_long_beside_hostile_requests(tmp_path):
    files = one_of_each_row()
    assert len(files) >= 8
    for name, body in files.items():
        (tmp_path / name).write_bytes(body)
    answers, times = await serve(str(tmp_path), files)
    assert all(
        line.split(b" ")[1] in {b"200", b"422", b"403", b"404", b"400", b"414", b"503"} for line in answers.values()
    ), answers
    assert len(times) > 100
    assert max(times) < _WIDE_MARGIN


def main() -> None:
    """Print how long callbacks take."""
    import tempfile
    from pathlib import Path

    files = one_of_each_row()
    with tempfile.TemporaryDirectory() as folder:
        for name, body in files.items():
            (Path(folder) / name).write_bytes(body)
        answers, times = asyncio.run(serve(folder, files))
    times.sort()
    for name, line in answers.items():
        print(name, line.decode())
    share = times[int(0.999 * len(times))]
    print(f"{len(times)} callbacks: p99.9 {1000 * share:.1f} ms, the longest {1000 * times[-1]:.1f} ms of CPU time")


if __name__ == "__main__":
    sys.exit(main())
