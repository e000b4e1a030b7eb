"""One film, read by the functions of a worker in a process of its own: what came of it, and what it took.

The process is forked. It reads no files but libraries, and a call that connects, sends or starts a program ends it with
SIGSYS: a test sees even an attempt that a worker's sandbox would refuse.
"""

from __future__ import annotations

import os
import platform
import resource
import signal
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from mememime_proxy.av.byte_source import ByteSource
from mememime_proxy.av.films import FilmReader
from mememime_proxy.errors import MememimeError
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.formats.film_still import VideoMoment, VideoTile
from mememime_proxy.formats.info_fields import InfoFields
from mememime_proxy.memfd import memfd
from mememime_proxy.plan import Plan
from mememime_proxy.workers.sandbox import confine, landlock

MIB: Final = 1 << 20
MEMORY_LIMIT: Final = 4096 * MIB
"""Address space of a worker, as MEMEMIME_WORKER_MEMORY_LIMIT has it."""
CPU_LIMIT: Final = 30
"""CPU seconds after which the process ends: MEMEMIME_AV_TIMEOUT."""
CRASH: Final = "crash"
NO_MEMORY: Final = "memory"

_CALLS: Final = {
    "x86_64": (41, 42, 43, 44, 46, 49, 53, 57, 58, 59, 322),
    "aarch64": (198, 203, 202, 206, 211, 200, 199, 221, 281),
}
"""socket, connect, accept, sendto, sendmsg, bind, socketpair, fork, vfork, execve, execveat."""
_KILL_PROCESS: Final = 0x80000000
_ALLOW: Final = 0x7FFF0000

Action = Callable[[FilmReader, ByteSource], str]


def _frame(moment: VideoMoment, **more: object) -> Action:
    def take(reader: FilmReader, source: ByteSource) -> str:
        variant = reader.take_frame(source, Plan(video_moment=moment, **more))  # type: ignore[arg-type]
        return f"{variant.width}x{variant.height}"

    return take


def _describe(reader: FilmReader, source: ByteSource) -> str:
    # Without sides: these cost a frame.
    return str(len(msgspec.json.encode(reader.describe(source, Plan(info=InfoFields(dimensions=False))))))


ACTIONS: Final[Mapping[str, Action]] = {
    "info": _describe,
    "frame": _frame(VideoMoment(value=1.0)),
    "end": _frame(VideoMoment(value=-0.5)),
    "sprite": _frame(VideoMoment(value=0.0), video_tile=VideoTile(-1.0, 3, 3, 32, 32), video_key_frames=True),
}
"""What is asked of each film, one after the other in one process."""


@dataclass(frozen=True)
class Measured:
    """What came of a film."""

    results: Mapping[str, str]
    """By action: the sides of a picture, the length of a description, or the code of an error."""
    cpu: float
    """CPU seconds."""
    memory: int
    """Bytes of RAM by which the process grew, at most."""
    read: int
    """Bytes that were requested of the original, in all."""
    signal: int
    """That ended the process; 0 = none."""


def read_film(
    content: bytes, config: FilmConfig | None = None, actions: Mapping[str, Action] = ACTIONS, cpu: int = CPU_LIMIT
) -> Measured:
    """Read a film, and return what came of it. ``cpu``: seconds after which the process is ended."""
    FilmReader.prepare()
    descriptor, (reading, writing) = memfd("film", content), os.pipe()
    pid = os.fork()
    if pid == 0:
        _run_in_child(descriptor, len(content), writing, config or FilmConfig(), actions, cpu)
    os.close(writing)
    report = b""
    while part := os.read(reading, 1 << 16):
        report += part
    os.close(reading)
    os.close(descriptor)
    _, status, usage = os.wait4(pid, 0)
    base, results, read = int.from_bytes(report[:8], "big"), {}, 0
    if report[8:]:
        results, read = msgspec.json.decode(report[8:])
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    return Measured(
        results if not number else {"all": CRASH},
        usage.ru_utime + usage.ru_stime,
        max(0, usage.ru_maxrss * 1024 - base),
        read,
        number,
    )


def _run_in_child(
    descriptor: int, size: int, writing: int, config: FilmConfig, actions: Mapping[str, Action], cpu: int
) -> None:
    """Never returns."""
    status = 1
    try:
        mapped, resident = (
            int(count) * resource.getpagesize() for count in Path("/proc/self/statm").read_text().split()[:2]
        )
        os.write(writing, resident.to_bytes(8, "big"))
        resource.setrlimit(resource.RLIMIT_AS, (mapped + MEMORY_LIMIT,) * 2)
        resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.alarm(20 * cpu)
        confine._prctl(confine._PR_SET_NO_NEW_PRIVS, 1)
        if landlock.version():
            landlock.enter(landlock.ruleset(landlock.readable()))
        confine._filter_calls(_program())
        reader, results, read = FilmReader(config), {}, 0
        for name, action in actions.items():
            source = ByteSource(descriptor, size, lambda _offset, _length: None, config.max_read)
            results[name] = _result(action, reader, source)
            read += source.requested
        os.write(writing, msgspec.json.encode((results, read)))
        status = 0
    finally:
        os._exit(status)


def _result(action: Action, reader: FilmReader, source: ByteSource) -> str:
    try:
        return action(reader, source)
    except MememimeError as error:
        return error.code
    except MemoryError:
        # A worker ends after it, and is replaced: the request fails alone.
        return NO_MEMORY


def _program() -> bytes:
    """The filter that ends the process at a call that reaches for anything else."""
    calls = _CALLS[platform.machine()]
    load = struct.pack("=HBBI", 0x20, 0, 0, 0)
    tests = b"".join(struct.pack("=HBBI", 0x15, len(calls) - index, 0, number) for index, number in enumerate(calls))
    return load + tests + struct.pack("=HBBI", 0x06, 0, 0, _ALLOW) + struct.pack("=HBBI", 0x06, 0, 0, _KILL_PROCESS)
