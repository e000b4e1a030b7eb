"""Operations that fail on purpose, for tests that a failure costs one request only. Not loaded by default.

An operation's name may carry an argument behind a colon: ``sleep:0.5``.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from typing import Final

from mememime_proxy.cost import Approve, Cost, JobClass
from mememime_proxy.errors import error_from_code
from mememime_proxy.memfd import Buffer
from mememime_proxy.plan import Plan
from mememime_proxy.variant import Variant
from mememime_proxy.workers.child.probe import report
from mememime_proxy.workers.child.worker import Operation

_STEP: Final = 16 << 20
_leaked: list[bytes] = []
_libc = ctypes.CDLL(None, use_errno=True)


def _result(body: Buffer) -> Variant[Buffer]:
    return Variant(format="trial", width=len(body), body=body)


def echo(data: Buffer, _plan: Plan, _argument: str, _approve: Approve) -> Variant[Buffer]:
    """Return the original again."""
    return _result(bytes(data))


def sleep(data: Buffer, _plan: Plan, argument: str, _approve: Approve) -> Variant[Buffer]:
    """Return the original again, after so many seconds."""
    time.sleep(float(argument))
    return _result(bytes(data))


def process(_data: Buffer, _plan: Plan, _argument: str, _approve: Approve) -> Variant[Buffer]:
    """Return this process's id."""
    return _result(str(os.getpid()).encode())


def large(_data: Buffer, _plan: Plan, argument: str, _approve: Approve) -> Variant[Buffer]:
    """Return a result of so many bytes."""
    return _result(bytes(int(argument)))


def spin(_data: Buffer, _plan: Plan, _argument: str, _approve: Approve) -> Variant[Buffer]:
    """Loop without end; only a signal ends it."""
    total = 0
    while True:
        total += 1


def burn(data: Buffer, _plan: Plan, argument: str, _approve: Approve) -> Variant[Buffer]:
    """Return the original again, after so many seconds of CPU time."""
    end = time.process_time() + float(argument)
    while time.process_time() < end:
        pass
    return _result(bytes(data))


def allocate(data: Buffer, _plan: Plan, argument: str, _approve: Approve) -> Variant[Buffer]:
    """Return the original again; so many bytes were in use for a moment."""
    used = b"\1" * int(argument)
    return _result(bytes(data) if used else b"")


def cost(data: Buffer, plan: Plan, argument: str, approve: Approve) -> Variant[Buffer]:
    """Tell a cost, then run another operation. ``argument``: ``CLASS CPU MEMORY RESULT OPERATION``."""
    job_class, cpu, memory, result, operation = argument.split(" ", 4)
    approve(Cost(JobClass(job_class), float(cpu), int(memory), int(result)))
    name, _, argument = operation.partition(":")
    return OPERATIONS[name](data, plan, argument, approve)


def encode(_data: Buffer, _plan: Plan, argument: str, _approve: Approve) -> Variant[Buffer]:
    """Return an AVIF of noise at the slowest effort, so many pixels wide and high: one call into C that lasts."""
    import pyvips  # noqa: PLC0415

    side = int(argument)
    noise = pyvips.Image.gaussnoise(side, side).cast("uchar")
    return _result(noise.heifsave_buffer(compression="av1", effort=9))


def abort(_data: Buffer, _plan: Plan, argument: str, _approve: Approve) -> Variant[Buffer]:
    """Abort with the argument on stderr, as C libraries do."""
    sys.stderr.write(argument)
    sys.stderr.flush()
    os.abort()


def segv(_data: Buffer, _plan: Plan, _argument: str, _approve: Approve) -> Variant[Buffer]:
    """Make a real invalid access, not the signal."""
    return _result(ctypes.string_at(8, 8))


def send(_data: Buffer, _plan: Plan, argument: str, _approve: Approve) -> Variant[Buffer]:
    """Send a signal to itself by name, then return the original's bytes (SIGSTOP: when it is continued)."""
    os.kill(os.getpid(), getattr(signal, argument))
    return _result(bytes(_data))


def leave(_data: Buffer, _plan: Plan, argument: str, _approve: Approve) -> Variant[Buffer]:
    """End with an exit status."""
    os._exit(int(argument))


def exhaust(_data: Buffer, _plan: Plan, argument: str, _approve: Approve) -> Variant[Buffer]:
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


def leak(data: Buffer, _plan: Plan, argument: str, _approve: Approve) -> Variant[Buffer]:
    """Return the original again; so many bytes stay in use."""
    _leaked.append(b"\1" * int(argument))
    return _result(bytes(data))


def fail(_data: Buffer, _plan: Plan, argument: str, _approve: Approve) -> Variant[Buffer]:
    """Raise the error with this code, or what Python raises for a bug."""
    raise error_from_code(argument, "on purpose") or ZeroDivisionError(argument)


def refuse(data: Buffer, plan: Plan, argument: str, approve: Approve) -> Variant[Buffer]:
    """Raise an error before a cost is told, as the gate does. ``argument``: ``SECONDS CODE``, seconds of CPU time."""
    seconds, _, code = argument.partition(" ")
    burn(data, plan, seconds, approve)
    return fail(data, plan, code, approve)


def forge(data: Buffer, _plan: Plan, _argument: str, _approve: Approve) -> Variant[Buffer]:
    """Violate the protocol, as a compromised worker might."""
    os.write(3, b"\xc1 not MessagePack")
    return _result(bytes(data))


def probe(data: Buffer, _plan: Plan, argument: str, _approve: Approve) -> Variant[Buffer]:
    """Return an attacker's attempts (see ``probe.report``). ``argument``: the service's pid, ``calls`` behind it."""
    service, _, calls = argument.partition(" ")
    return _result(report(data, int(service), only_calls=bool(calls)))


OPERATIONS: Final[dict[str, Operation]] = {
    operation.__name__: operation
    for operation in (
        abort,
        allocate,
        burn,
        cost,
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
        refuse,
        segv,
        send,
        sleep,
        spin,
    )
}
"""Every operation by its name."""
