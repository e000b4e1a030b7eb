"""Operations that fail on purpose, for tests that a failure costs one request only. Not loaded by default.

An operation's name may carry an argument behind a colon: ``sleep:0.5``.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import mememime_proxy
from mememime_proxy.errors import error_from_code
from mememime_proxy.memfd import Buffer
from mememime_proxy.plan import Plan
from mememime_proxy.variant import Variant
from mememime_proxy.workers.child.worker import Operation

_STEP: Final = 16 << 20
_leaked: list[bytes] = []
_libc = ctypes.CDLL(None, use_errno=True)


def _result(body: Buffer) -> Variant[Buffer]:
    return Variant(format="trial", width=len(body), body=body)


def echo(data: Buffer, _plan: Plan, _argument: str) -> Variant[Buffer]:
    """Return the original again."""
    return _result(bytes(data))


def sleep(data: Buffer, _plan: Plan, argument: str) -> Variant[Buffer]:
    """Return the original again, after so many seconds."""
    time.sleep(float(argument))
    return _result(bytes(data))


def process(_data: Buffer, _plan: Plan, _argument: str) -> Variant[Buffer]:
    """Return this process's id."""
    return _result(str(os.getpid()).encode())


def large(_data: Buffer, _plan: Plan, argument: str) -> Variant[Buffer]:
    """Return a result of so many bytes."""
    return _result(bytes(int(argument)))


def spin(_data: Buffer, _plan: Plan, _argument: str) -> Variant[Buffer]:
    """Loop without end; only a signal ends it."""
    total = 0
    while True:
        total += 1


def encode(_data: Buffer, _plan: Plan, argument: str) -> Variant[Buffer]:
    """Return an AVIF of noise at the slowest effort, so many pixels wide and high: one call into C that lasts."""
    import pyvips  # noqa: PLC0415

    side = int(argument)
    noise = pyvips.Image.gaussnoise(side, side).cast("uchar")
    return _result(noise.heifsave_buffer(compression="av1", effort=9))


def abort(_data: Buffer, _plan: Plan, argument: str) -> Variant[Buffer]:
    """Abort with the argument on stderr, as C libraries do."""
    sys.stderr.write(argument)
    sys.stderr.flush()
    os.abort()


def segv(_data: Buffer, _plan: Plan, _argument: str) -> Variant[Buffer]:
    """Make a real invalid access, not the signal."""
    return _result(ctypes.string_at(8, 8))


def send(_data: Buffer, _plan: Plan, argument: str) -> Variant[Buffer]:
    """Send a signal to itself by name, then return the original's bytes (SIGSTOP: when it is continued)."""
    os.kill(os.getpid(), getattr(signal, argument))
    return _result(bytes(_data))


def leave(_data: Buffer, _plan: Plan, argument: str) -> Variant[Buffer]:
    """End with an exit status."""
    os._exit(int(argument))


def exhaust(_data: Buffer, _plan: Plan, argument: str) -> Variant[Buffer]:
    """Allocate all memory, through Python or (``c``) as a C library that aborts when it gets no more."""
    if argument == "c":
        _libc.malloc.restype = ctypes.c_void_p
        while _libc.malloc(ctypes.c_size_t(_STEP)):
            pass
        sys.stderr.write("GLib-ERROR: failed to allocate 16777216 bytes")
        sys.stderr.flush()
        os.abort()
    eaten = []
    while True:
        eaten.append(bytes(_STEP))


def leak(data: Buffer, _plan: Plan, argument: str) -> Variant[Buffer]:
    """Return the original again; so many bytes stay in use."""
    _leaked.append(b"\1" * int(argument))
    return _result(bytes(data))


def fail(_data: Buffer, _plan: Plan, argument: str) -> Variant[Buffer]:
    """Raise the error with this code, or what Python raises for a bug."""
    raise error_from_code(argument, "on purpose") or ZeroDivisionError(argument)


def forge(data: Buffer, _plan: Plan, _argument: str) -> Variant[Buffer]:
    """Violate the protocol, as a compromised worker might."""
    os.write(3, b"\xc1 not MessagePack")
    return _result(bytes(data))


def _refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError:
        return True
    return False


def _call(number: int, *arguments: int) -> Callable[[], object]:
    def attempt() -> None:
        if _libc.syscall(ctypes.c_long(number), *(ctypes.c_long(value) for value in arguments)) < 0:
            raise OSError(ctypes.get_errno(), "refused")

    return attempt


def probe(_data: Buffer, _plan: Plan, argument: str) -> Variant[Buffer]:
    """Return an attacker's attempts, as JSON: attempt → whether it was refused. ``argument``: the service's pid."""
    service = int(argument)
    ptrace = {"x86_64": 101, "aarch64": 117}[os.uname().machine]
    seize = 0x4206  # attaches without stopping, should it ever succeed
    attempts: dict[str, Callable[[], object]] = {
        "read /etc/passwd": lambda: Path("/etc/passwd").read_bytes(),
        "read the service's environment": lambda: Path(f"/proc/{service}/environ").read_bytes(),
        "list /": lambda: list(Path("/").iterdir()),
        "write /tmp": lambda: Path(f"/tmp/probe-{os.getpid()}").write_bytes(b"x"),  # noqa: S108
        "write the package": lambda: Path(mememime_proxy.__file__).with_name("probe").write_bytes(b"x"),
        "socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
        "unix socket": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM),
        "fork": os.fork,
        "execve": lambda: os.execv("/bin/true", ["true"]),  # noqa: S606
        "signal the service": lambda: os.kill(service, 0),
        "ptrace the service": _call(ptrace, seize, service, 0, 0),
        "pidfd": lambda: os.pidfd_open(service),
        "become root": lambda: os.setuid(0),
        "unshare": _call({"x86_64": 272, "aarch64": 97}[os.uname().machine], 0x10000000),
    }
    allowed: dict[str, Callable[[], object]] = {
        "read the package": lambda: Path(mememime_proxy.__file__).read_bytes(),
        "list the package": lambda: list(Path(mememime_proxy.__file__).parent.iterdir()),
    }
    results = {name: _refused(attempt) for name, attempt in attempts.items()}
    results |= {name: not _refused(attempt) for name, attempt in allowed.items()}
    return _result(json.dumps(results).encode())


OPERATIONS: Final[dict[str, Operation]] = {
    operation.__name__: operation
    for operation in (
        abort,
        exhaust,
        echo,
        encode,
        fail,
        large,
        leak,
        leave,
        forge,
        probe,
        process,
        segv,
        send,
        sleep,
        spin,
    )
}
"""Every operation by its name."""
