"""Confinement of a worker, outermost first: descriptors, session, limits, privileges, Landlock, seccomp.

The resource limits and the privileges always hold. Landlock and seccomp hold where the kernel offers them: a worker
says in its greeting which layers it is under, and ``report`` says it of this machine.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mememime_proxy.workers.niceness import set_niceness
from mememime_proxy.workers.sandbox import landlock, seccomp

_NICENESS_TRIES: Final = 20
"""Two seconds: as many workers may start at once."""
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NAME: Final = 15
_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_GET_SECCOMP: Final = 21
_SECCOMP_SET_MODE_FILTER: Final = 1
_SECCOMP_SPEC_ALLOW: Final = 1 << 2
_SECCOMP_CALL: Final = {"x86_64": 317, "aarch64": 277}
_CAPABILITY_VERSION_3: Final = 0x20080522

LAYERS: Final = ("limits", "privileges", "landlock", "seccomp")
"""All layers, in the order in which a worker enters them."""
_NEEDS: Final = {
    "privileges": "prctl and capset, which the container's own seccomp profile must allow",
    "landlock": "Linux 5.13 or newer with `landlock` in /sys/kernel/security/lsm, and a container's seccomp profile"
    " that allows it",
    "seccomp": "x86-64 or AArch64, a kernel with seccomp filters, and a container's seccomp profile that allows them",
}
_MOST_DESCRIPTORS: Final = 64
_page = resource.getpagesize()
_libc = ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, *arguments: int | bytes) -> int:
    typed = [ctypes.c_ulong(value) if isinstance(value, int) else value for value in arguments]
    typed += [ctypes.c_ulong(0)] * (4 - len(typed))
    result: int = _libc.prctl(ctypes.c_int(option), *typed)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def set_name(name: str) -> None:
    """Set the name of this process for ``ps`` and ``top``, of at most 15 bytes."""
    _prctl(_PR_SET_NAME, name.encode())


def die_with_parent() -> None:
    """Let the kernel send SIGKILL to this process when its parent ends (PR_SET_PDEATHSIG)."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def close_above(number: int) -> None:
    """Close every descriptor above ``number``."""
    os.closerange(number + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[1])


def _limit(kind: int, value: int) -> None:
    """Lower a limit for good; one that is already lower stays."""
    hard = resource.getrlimit(kind)[1]
    if hard == resource.RLIM_INFINITY or value < hard:
        resource.setrlimit(kind, (value, value))


def _mapped() -> int:
    """Bytes of address space in use."""
    return int(Path("/proc/self/statm").read_bytes().split()[0]) * _page


def _drop_capabilities() -> None:
    """Drop root's capabilities. Without effect for other users."""
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    if _libc.capset(header, bytes(24)) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def _filter_calls(program: bytes) -> None:
    call = _SECCOMP_CALL[os.uname().machine]
    described = _Program(len(program) // 8, program)
    # Without SPEC_ALLOW, kernels before 5.16 switch off speculation for the process, which costs a third of its speed.
    for flags in (_SECCOMP_SPEC_ALLOW, 0):
        result = _libc.syscall(
            ctypes.c_long(call),
            ctypes.c_ulong(_SECCOMP_SET_MODE_FILTER),
            ctypes.c_ulong(flags),
            ctypes.byref(described),
        )
        if result == 0:
            return
    code = ctypes.get_errno()
    raise OSError(code, os.strerror(code))


def missing(layers: Iterable[str]) -> tuple[str, ...]:
    """Return the layers that are not among ``layers``."""
    present = frozenset(layers)
    return tuple(layer for layer in LAYERS if layer not in present)


def explain(layers: Iterable[str]) -> str:
    """Return what each of ``layers``, which are missing, needs."""
    return "; ".join(f"{layer} (needs {_NEEDS.get(layer, 'setrlimit')})" for layer in layers)


@dataclass(frozen=True, slots=True)
class Confinement:
    """Confinement that the zygote has prepared for all its workers."""

    memory_limit: int
    max_result: int
    confine: bool
    rules: int | None

    def close_others(self, number: int) -> None:
        """Close every descriptor above ``number`` that ``enter`` does not need."""
        if self.rules is None:
            close_above(number)
            return
        os.closerange(number + 1, self.rules)
        close_above(self.rules)

    def enter(self) -> tuple[str, ...]:
        """Confine this process irrevocably; return the names of the layers in force."""
        os.setsid()
        if niceness := os.getpriority(os.PRIO_PROCESS, 0):
            set_niceness(niceness, tries=_NICENESS_TRIES)  # the session's group begins without it
        _limit(resource.RLIMIT_CORE, 0)
        _limit(resource.RLIMIT_NOFILE, _MOST_DESCRIPTORS)
        if self.max_result:
            _limit(resource.RLIMIT_FSIZE, self.max_result)
        if self.memory_limit:
            _limit(resource.RLIMIT_AS, _mapped() + self.memory_limit)
        layers = ["limits"]
        with contextlib.suppress(OSError):
            _prctl(_PR_SET_NO_NEW_PRIVS, 1)
            _drop_capabilities()
            layers.append("privileges")
        if self.rules is not None:
            with contextlib.suppress(OSError):
                landlock.enter(self.rules)
                layers.append("landlock")
            os.close(self.rules)
        program = seccomp.program(os.getpid()) if self.confine else None
        if program is not None:
            with contextlib.suppress(OSError):
                _filter_calls(program)
                layers.append("seccomp")
        return tuple(layers)


def prepare(memory_limit: int, max_result: int, *, confine: bool, folders: Iterable[str] = ()) -> Confinement:
    """Prepare the confinement in the zygote. Limits in bytes; 0 = no limit. ``confine``: Landlock and seccomp.

    ``folders``: further ones that workers may read.
    """
    rules = None
    if confine:
        with contextlib.suppress(OSError):
            rules = landlock.ruleset((*landlock.readable(), *filter(os.path.isdir, folders)))
    return Confinement(memory_limit, max_result, confine, rules)


def report() -> dict[str, str]:
    """Return the layers of confinement that this machine offers, for ``mememime doctor``."""
    offered = landlock.version()
    try:
        filters = "available" if seccomp.program(1) and _prctl(_PR_GET_SECCOMP) >= 0 else "no table for this machine"
    except OSError:
        filters = "not in this kernel"
    return {
        "landlock": f"version {offered}" if offered else "not in this kernel: workers can read what the service can",
        "seccomp": filters,
        "capabilities": "dropped in workers" if os.geteuid() == 0 else "none to drop",
    }
