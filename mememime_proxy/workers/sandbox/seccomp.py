"""A seccomp filter for workers: the system calls that rendering needs, none for networks, files or other processes.

No new process or program, no socket, no file opened for writing, no signal, tracing or scheduling of another process.
No memory beside what RLIMIT_DATA counts: no memory file (results go to one that the service made), no shared anonymous
mapping, none that grows like a stack. A call that is refused fails with EPERM instead of killing, so that a library
that merely probes goes on. Linux on x86-64 and AArch64; elsewhere ``program`` is None. The numbers are those of the
kernel's ``asm/unistd_64.h`` and ``asm-generic/unistd.h``, the instructions classic BPF
(Documentation/userspace-api/seccomp_filter.rst).
"""

from __future__ import annotations

import errno
import fcntl
import os
import platform
import struct
from collections.abc import Iterable
from typing import Final

_ALLOW: Final = 0x7FFF0000
_KILL: Final = 0x80000000
_ERRNO: Final = 0x00050000

_LOAD: Final = 0x20  # BPF_LD | BPF_W | BPF_ABS
_EQUAL: Final = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_SET: Final = 0x45  # BPF_JMP | BPF_JSET | BPF_K
_AT_LEAST: Final = 0x35  # BPF_JMP | BPF_JGE | BPF_K
_RETURN: Final = 0x06  # BPF_RET | BPF_K

_NUMBER_OFFSET, _ARCH_OFFSET, _ARGUMENTS_OFFSET = 0, 4, 16
_X32_BIT: Final = 0x40000000
_CLONE_THREAD: Final = 0x00010000
_CLONE_NAMESPACES: Final = 0x7E020000
_MAP_SHARED, _MAP_ANONYMOUS, _MAP_GROWSDOWN, _MAP_HUGETLB = 0x01, 0x20, 0x0100, 0x00040000
_DESCRIPTOR_COMMANDS: Final = (
    fcntl.F_DUPFD,
    fcntl.F_DUPFD_CLOEXEC,
    fcntl.F_GETFD,
    fcntl.F_SETFD,
    fcntl.F_GETFL,
    fcntl.F_SETFL,
    fcntl.F_ADD_SEALS,
    fcntl.F_GET_SEALS,
)
"""Not F_SETOWN and F_SETSIG, by which a descriptor sends any signal to any process of the same user."""
_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | (os.O_TMPFILE & ~os.O_DIRECTORY)
_HARMLESS_PRCTL: Final = (15, 16, 0x53564D41)
"""PR_SET_NAME, PR_GET_NAME, PR_SET_VMA (names of memory areas): what thread libraries call."""

_ARCHES: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_ALLOWED: Final = {
    "x86_64": (
        "access:21 arch_prctl:158 brk:12 clock_getres:229 clock_gettime:228 clock_nanosleep:230 close:3 dup:32 "
        "dup2:33 dup3:292 eventfd2:290 exit:60 exit_group:231 faccessat:269 faccessat2:439 fadvise64:221 "
        "fstat:5 fstatfs:138 futex:202 futex_waitv:449 getcpu:309 getcwd:79 "
        "getdents64:217 getegid:108 geteuid:107 getgid:104 getpgrp:111 getpid:39 getppid:110 getpriority:140 "
        "getrandom:318 getresgid:120 getresuid:118 getrlimit:97 getrusage:98 getsid:124 getsockopt:55 gettid:186 "
        "gettimeofday:96 getuid:102 lseek:8 lstat:6 madvise:28 membarrier:324 mincore:27 "
        "mprotect:10 mremap:25 msync:26 munmap:11 nanosleep:35 newfstatat:262 poll:7 ppoll:271 pread64:17 "
        "preadv:295 pselect6:270 pwrite64:18 pwritev:296 read:0 readlink:89 readlinkat:267 readv:19 recvfrom:45 "
        "recvmsg:47 restart_syscall:219 rseq:334 rt_sigaction:13 rt_sigpending:127 rt_sigprocmask:14 rt_sigreturn:15 "
        "rt_sigtimedwait:128 sched_getaffinity:204 "
        "sched_yield:24 select:23 sendmsg:46 "
        "sendto:44 set_robust_list:273 set_tid_address:218 setitimer:38 sigaltstack:131 stat:4 statfs:137 "
        "statx:332 sysinfo:99 time:201 times:100 uname:63 write:1 writev:20 "
    ),
    "aarch64": (
        "brk:214 clock_getres:114 clock_gettime:113 clock_nanosleep:115 close:57 dup:23 dup3:24 eventfd2:19 exit:93 "
        "exit_group:94 faccessat:48 faccessat2:439 fadvise64:223 fstat:80 fstatfs:44 "
        "futex:98 futex_waitv:449 getcpu:168 getcwd:17 getdents64:61 getegid:177 geteuid:175 getgid:176 "
        "getpid:172 getppid:173 getpriority:141 getrandom:278 getresgid:150 getresuid:148 getrlimit:163 getrusage:165 "
        "getsid:156 getsockopt:209 gettid:178 gettimeofday:169 getuid:174 lseek:62 madvise:233 membarrier:283 "
        "mincore:232 mprotect:226 mremap:216 msync:227 munmap:215 nanosleep:101 "
        "newfstatat:79 ppoll:73 pread64:67 preadv:69 pselect6:72 pwrite64:68 pwritev:70 read:63 "
        "readlinkat:78 readv:65 recvfrom:207 recvmsg:212 restart_syscall:128 rseq:293 rt_sigaction:134 "
        "rt_sigpending:136 rt_sigprocmask:135 rt_sigreturn:139 rt_sigtimedwait:137 "
        "sched_getaffinity:123 "
        "sched_yield:124 sendmsg:211 sendto:206 set_robust_list:99 set_tid_address:96 "
        "setitimer:103 sigaltstack:132 statfs:43 statx:291 sysinfo:179 times:153 uname:160 "
        "write:64 writev:66 "
    ),
}
"""Calls that are allowed whatever their arguments, as ``name:number``."""
_JUDGED: Final = {
    "x86_64": {
        "clone": 56,
        "clone3": 435,
        "fcntl": 72,
        "ioctl": 16,
        "kill": 62,
        "mmap": 9,
        "open": 2,
        "openat": 257,
        "openat2": 437,
        "prctl": 157,
        "prlimit64": 302,
        "tgkill": 234,
    },
    "aarch64": {
        "clone": 220,
        "clone3": 435,
        "fcntl": 25,
        "ioctl": 29,
        "kill": 129,
        "mmap": 222,
        "openat": 56,
        "openat2": 437,
        "prctl": 167,
        "prlimit64": 261,
        "tgkill": 131,
    },
}
"""Calls whose result depends on an argument, or is an error other than EPERM."""


def _instruction(code: int, value: int, true: int = 0, false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, true, false, value)


def _return(action: int) -> bytes:
    return _instruction(_RETURN, action)


def _refuse(number: int) -> bytes:
    return _return(_ERRNO | number)


def _argument(index: int) -> bytes:
    # The low half: every argument checked here is an int or has its flags in the low 32 bits.
    return _instruction(_LOAD, _ARGUMENTS_OFFSET + 8 * index)


def _among(index: int, values: Iterable[int]) -> bytes:
    """Allow when the argument is one of ``values``."""
    body = b"".join(_instruction(_EQUAL, value, 0, 1) + _return(_ALLOW) for value in values)
    return _argument(index) + body + _refuse(errno.EPERM)


def _without(index: int, bits: int, refusal: int) -> bytes:
    """Allow when the argument has none of ``bits``."""
    return _argument(index) + _instruction(_SET, bits, 0, 1) + _refuse(refusal) + _return(_ALLOW)


def _thread_only() -> bytes:
    """Allow clone for a thread of this process, in its namespaces."""
    return (
        _argument(0)
        + _instruction(_SET, _CLONE_NAMESPACES, 2, 0)
        + _instruction(_SET, _CLONE_THREAD, 0, 1)
        + _return(_ALLOW)
        + _refuse(errno.EPERM)
    )


def _counted_mapping() -> bytes:
    """Allow mappings that RLIMIT_DATA counts, and those of files."""
    return (
        _argument(3)
        + _instruction(_SET, _MAP_GROWSDOWN | _MAP_HUGETLB, 2, 0)
        + _instruction(_SET, _MAP_SHARED, 0, 2)
        + _instruction(_SET, _MAP_ANONYMOUS, 0, 1)
        + _refuse(errno.EPERM)
        + _return(_ALLOW)
    )


def _rules(pid: int) -> dict[str, bytes]:
    return {
        "clone": _thread_only(),
        # Their flags are in memory, which a filter cannot read; libraries fall back to clone and openat.
        "clone3": _refuse(errno.ENOSYS),
        "openat2": _refuse(errno.ENOSYS),
        "fcntl": _among(1, _DESCRIPTOR_COMMANDS),
        "mmap": _counted_mapping(),
        "ioctl": _refuse(errno.ENOTTY),
        "kill": _among(0, (pid,)),
        "tgkill": _among(0, (pid,)),
        "open": _without(1, _WRITING, errno.EACCES),
        "openat": _without(2, _WRITING, errno.EACCES),
        "prctl": _among(0, _HARMLESS_PRCTL),
        "prlimit64": _among(0, (0, pid)),
    }


def program(pid: int, machine: str = "") -> bytes | None:
    """Return the filter for the process ``pid``, as ``struct sock_filter[]``; None on a machine without a table."""
    machine = machine or platform.machine()
    if machine not in _ARCHES:
        return None
    allowed = (int(entry.partition(":")[2]) for entry in _ALLOWED[machine].split())
    rules = _rules(pid)
    parts = [
        _instruction(_LOAD, _ARCH_OFFSET),
        _instruction(_EQUAL, _ARCHES[machine], 1, 0),
        _return(_KILL),
        _instruction(_LOAD, _NUMBER_OFFSET),
        _instruction(_AT_LEAST, _X32_BIT, 0, 1),
        _return(_KILL),
    ]
    # First: the kernel remembers which calls are always allowed, and judges these alone each time.
    for name, number in _JUDGED[machine].items():
        rule = rules[name]
        parts.append(_instruction(_EQUAL, number, 0, len(rule) // 8) + rule)
    parts += (_instruction(_EQUAL, number, 0, 1) + _return(_ALLOW) for number in allowed)
    parts.append(_refuse(errno.EPERM))
    return b"".join(parts)
