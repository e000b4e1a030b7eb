"""An attacker inside of a worker: what it tries, and whether it was refused. Not loaded by default."""

from __future__ import annotations

import ctypes
import errno
import json
import mmap
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

import mememime_proxy
from mememime_proxy.memfd import Buffer

_libc = ctypes.CDLL(None, use_errno=True)
_REFUSALS: Final = frozenset({errno.EPERM, errno.EACCES, errno.ENOSYS, errno.ENOTTY})
_SEIZE: Final = 0x4206
_NOBODY: Final = (1 << 31) - 1
"""A process that is not there."""
_NEW_USER: Final = 0x10000000
_WITH_FILES: Final = 0x200
"""Of clone; both at once are an error of the arguments."""
_KEY: Final = 0x6D656D65
"""Of shared memory and queues that are not there."""
_SIGCHLD: Final = 17
_MAX_DESCRIPTORS: Final = 64
_STDERR: Final = 2
_ROOM: Final = 1 << 20
"""Bytes; stderr has room for fewer."""

_Arguments = tuple[int | str, ...]
_CALLS: Final[dict[str, tuple[int, int, _Arguments]]] = {
    "add a key": (248, 217, ("buffer", "buffer", "buffer", 1, -3)),
    "become root": (105, 146, (0,)),
    "bind processors of the service": (203, 122, ("service", 8, "buffer")),
    "bpf": (321, 280, (0, "buffer", 128)),
    "change limits of the service": (302, 261, ("service", 7, 0, "buffer")),
    "change the root": (161, 51, ("buffer",)),
    "timer": (222, 107, (1, "buffer", "buffer")),
    "compare processes": (312, 272, ("service", "service", 0, 0, 0)),
    "connect": (42, 203, (3, "buffer", 16)),
    "enter namespaces": (308, 268, (0, 0)),
    "fork with namespaces": (56, 220, (_NEW_USER | _WITH_FILES | _SIGCHLD, 0, 0, 0, 0)),
    "io_uring": (425, 425, (1, "buffer")),
    "keyctl": (250, 219, (0, -3, 0)),
    "priority of the service": (141, 140, (0, "service", "priority")),
    "mapping that grows like a stack": (9, 222, (0, 4096, 3, 0x122, -1, 0)),
    "memory file": (319, 279, ("buffer", 0)),
    "mount": (165, 40, ("buffer", "buffer", "buffer", 0, 0)),
    "open by handle": (304, 265, (-1, "buffer", 0)),
    "perf": (298, 241, ("buffer", 0, -1, -1, 0)),
    "personality": (135, 92, (0,)),
    "pidfd": (434, 434, ("service", 0)),
    "pidfd_getfd": (438, 438, (3, 0, 0)),
    "ptrace": (101, 117, (_SEIZE, _NOBODY, 0, 0)),
    "queue of messages": (68, 186, (_KEY, 0)),
    "read the memory of the service": (310, 270, ("service", "buffer", 0, "buffer", 0, 0)),
    "remove a file": (263, 35, (-100, "buffer", 0)),
    "rename a file": (316, 276, (-100, "buffer", -100, "buffer", 0)),
    "schedule the service": (144, 119, ("service", 0, "buffer")),
    "seccomp": (317, 277, (2, 0, "buffer")),
    "send a signal by a descriptor": (72, 25, (3, 8, "service")),
    "choose the signal of a descriptor": (72, 25, (3, 10, 9)),
    "shared anonymous mapping": (9, 222, (0, 4096, 3, 0x21, -1, 0)),
    "shared memory": (29, 194, (_KEY, 4096, 0)),
    "signal a thread of the service": (234, 131, ("service", "service", 0)),
    "signal everything": (62, 129, (-1, 0)),
    "signal the service": (62, 129, ("service", 0)),
    "signal with a value": (129, 138, ("service", 0, "buffer")),
    "splice": (278, 75, (3, "buffer", 0, 0)),
    "terminal": (16, 29, (3, 0x5412, "buffer")),
    "tracing by prctl": (157, 167, (0x59616D61, -1, 0, 0, 0)),
    "unshare": (272, 97, (_NEW_USER,)),
    "userfaultfd": (323, 282, (1,)),
    "watch files": (294, 26, (0,)),
    "write the memory of the service": (311, 271, ("service", "buffer", 0, "buffer", 0, 0)),
}
"""System calls by what they are for: numbers on x86-64 and AArch64, arguments. None does harm where it is allowed."""


def _is_refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError as error:
        return error.errno in _REFUSALS
    return False


def _call(call: tuple[int, int, _Arguments], service: int) -> Callable[[], object]:
    number = call[1] if os.uname().machine == "aarch64" else call[0]
    arguments = call[2]
    buffer = ctypes.create_string_buffer(256)
    values = {
        "buffer": ctypes.addressof(buffer),
        "service": service,
        "priority": os.getpriority(os.PRIO_PROCESS, service),
    }
    typed = [ctypes.c_long(values[each] if isinstance(each, str) else each) for each in arguments]

    def attempt() -> None:
        buffer.value = b""
        if _libc.syscall(ctypes.c_long(number), *typed) == -1:
            raise OSError(ctypes.get_errno(), "refused")

    return attempt


def _write_original(data: Buffer) -> None:
    """Write to every descriptor that the original can be read from."""
    for descriptor in range(_STDERR + 1, _MAX_DESCRIPTORS):
        try:
            same = os.pread(descriptor, len(data), 0) == bytes(data)
        except OSError:
            continue
        if same and len(data):
            try:
                os.pwrite(descriptor, b"spoilt", 0)
            except OSError as error:
                # EBADF: it is open for reading alone.
                raise PermissionError(errno.EACCES, "the original cannot be written") from error
            return
    raise FileNotFoundError(errno.ENOENT, "the original is in no descriptor")


def _fill_stderr() -> None:
    written = 0
    while written < _ROOM:
        written += os.write(_STDERR, bytes(1 << 12))


def report(data: Buffer, service: int, *, only_calls: bool) -> bytes:
    """Return an attacker's attempts, as JSON: attempt → whether it was refused.

    ``service``: the service's pid. ``only_calls``: leave out what does harm where it is allowed.
    """
    attempts = {name: _call(call, service) for name, call in _CALLS.items()}
    if not only_calls:
        attempts |= _others(data, service)
    results = {name: _is_refused(attempt) for name, attempt in attempts.items()}
    allowed: dict[str, Callable[[], object]] = {
        "read the package": lambda: Path(mememime_proxy.__file__).read_bytes(),
        "list the package": lambda: list(Path(mememime_proxy.__file__).parent.iterdir()),
        "memory of its own": lambda: mmap.mmap(-1, 1 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close(),
    }
    for name, attempt in allowed.items():
        try:
            attempt()
        except OSError:
            results[name] = False
        else:
            results[name] = True
    return json.dumps(results).encode()


def _others(data: Buffer, service: int) -> dict[str, Callable[[], object]]:
    return {
        "read /etc/passwd": lambda: Path("/etc/passwd").read_bytes(),
        "read the service's environment": lambda: Path(f"/proc/{service}/environ").read_bytes(),
        "read the service's memory": lambda: Path(f"/proc/{service}/mem").open("rb").close(),
        "list /": lambda: list(Path("/").iterdir()),
        "write /tmp": lambda: Path(f"/tmp/probe-{os.getpid()}").write_bytes(b"x"),  # noqa: S108
        "write the package": lambda: Path(mememime_proxy.__file__).with_name("probe").write_bytes(b"x"),
        "write the original": lambda: _write_original(data),
        "fill stderr": _fill_stderr,
        "socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
        "unix socket": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM),
        "fork": os.fork,
        "execve": lambda: os.execv("/bin/true", ["true"]),  # noqa: S606
    }
