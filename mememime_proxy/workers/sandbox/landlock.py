"""Landlock for workers: read the libraries and fonts, nothing else of the file system; no TCP; no foreign signals.

The rules are made once, in the zygote; a worker enters them with one system call. Kernels without Landlock (before
5.13, or built without) have no rules here, newer ones as many as they know (Documentation/userspace-api/landlock.rst).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import site
import struct
import sysconfig
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import mememime_proxy

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG: Final = 1
_PATH_BENEATH: Final = 1

_READ_FILE: Final = 1 << 2
_READ_DIR: Final = 1 << 3
_FILE_RIGHTS: Final = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
"""All rights over files that a version of the interface knows, by the version that brought new ones."""
_TCP_SINCE, _TCP = 4, 0b11
_SCOPES_SINCE, _SCOPES = 6, 0b11
"""Abstract UNIX sockets and signals of processes outside."""

_LIBRARIES: Final = (
    "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share", "/usr/local/share",
    "/etc/fonts", "/etc/ld.so.cache", "/var/cache/fontconfig", "/nix/store", "/dev/null", "/dev/urandom",
)  # fmt: skip
"""Paths of libraries, fonts and colour profiles; missing ones are ignored."""

_libc = ctypes.CDLL(None, use_errno=True)


def _call(number: int, *arguments: int | bytes | None) -> int:
    typed = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    result: int = _libc.syscall(ctypes.c_long(number), *typed)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def version() -> int:
    """Version of the interface that this kernel offers; 0 = none."""
    try:
        return _call(_CREATE_RULESET, None, 0, _VERSION_FLAG)
    except OSError:
        return 0


def readable() -> tuple[str, ...]:
    """Return the paths that a worker may read: the interpreter's and the system's libraries, this package, fonts."""
    paths = {path for name, path in sysconfig.get_paths().items() if name.endswith("lib") or name == "stdlib"}
    # In a virtual environment the standard library is not below the environment's prefix.
    paths |= set(site.getsitepackages()) | {str(Path(os.__file__).parent)}
    paths |= {str(Path(mememime_proxy.__file__).parent)}
    paths |= {os.environ[name] for name in ("FONTCONFIG_PATH", "FONTCONFIG_FILE") if name in os.environ}
    paths |= set(os.environ.get("LD_LIBRARY_PATH", "").split(":"))
    return tuple(path for path in (*sorted(paths), *_LIBRARIES) if path and Path(path).exists())


def ruleset(paths: Iterable[str]) -> int | None:
    """Return a descriptor of rules under which only ``paths`` can be read; None where the kernel has no Landlock."""
    offered = version()
    if not offered:
        return None
    rights = max(value for since, value in _FILE_RIGHTS.items() if since <= offered)
    attributes = struct.pack("=Q", rights)
    if offered >= _TCP_SINCE:
        attributes += struct.pack("=Q", _TCP)
    if offered >= _SCOPES_SINCE:
        attributes += struct.pack("=Q", _SCOPES)
    rules = _call(_CREATE_RULESET, attributes, len(attributes), 0)
    for path in paths:
        with contextlib.suppress(OSError):
            _allow(rules, path)
    return rules


def _allow(rules: int, path: str) -> None:
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rights = _READ_FILE | (_READ_DIR if Path(path).is_dir() else 0)
        _call(_ADD_RULE, rules, _PATH_BENEATH, struct.pack("=Qi", rights, descriptor), 0)
    finally:
        os.close(descriptor)


def enter(rules: int) -> None:
    """Apply ``rules`` to this thread and its future threads. Needs no_new_privs."""
    _call(_RESTRICT_SELF, rules, 0)
