"""A kernel that lacks system calls: they fail with ENOSYS in this process and in all that it starts.

``RESTRICTED_KERNEL=landlock python -m tests.support.restricted_kernel proxy`` runs ``mememime proxy`` without Landlock.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys

from mememime_proxy.commands.group import main

_CALLS = {
    "landlock": {"x86_64": (444, 445, 446), "aarch64": (444, 445, 446)},
    "seccomp": {"x86_64": (317,), "aarch64": (277,)},
}
_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _MODE_FILTER = 22, 38, 2
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def take_away(*layers: str) -> None:
    """Take the system calls of layers of the sandbox away, for good."""
    numbers = [number for layer in layers for number in _CALLS[layer][os.uname().machine]]
    program = struct.pack("=HBBI", _LOAD, 0, 0, 0)
    for number in numbers:
        program += struct.pack("=HBBI", _EQUAL, 0, 1, number)
        program += struct.pack("=HBBI", _RETURN, 0, 0, _ERRNO | errno.ENOSYS)
    program += struct.pack("=HBBI", _RETURN, 0, 0, _ALLOW)
    libc = ctypes.CDLL(None, use_errno=True)
    described = _Program(len(program) // 8, program)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(
        _PR_SET_SECCOMP, ctypes.c_ulong(_MODE_FILTER), ctypes.byref(described), 0, 0
    ):
        raise OSError(ctypes.get_errno(), "the filter cannot be set")


if __name__ == "__main__":
    take_away(*os.environ.pop("RESTRICTED_KERNEL").split())
    sys.exit(main(prog_name="mememime"))
