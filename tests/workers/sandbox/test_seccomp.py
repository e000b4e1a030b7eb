from __future__ import annotations

import errno
import os
import struct

import pytest

from mememime_proxy.workers.sandbox import seccomp

PID = 4242
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
NUMBERS = {
    "x86_64": {
        "read": 0, "openat": 257, "clone": 56, "clone3": 435, "execve": 59, "socket": 41, "kill": 62, "ptrace": 101,
        "mmap": 9, "fcntl": 72,
        "memfd_create": 319, "prlimit64": 302, "prctl": 157, "sendmsg": 46, "ioctl": 16, "bpf": 321, "unlink": 87,
        "connect": 42, "process_vm_readv": 310, "io_uring_setup": 425, "tgkill": 234, "pidfd_getfd": 438,
    },
    "aarch64": {
        "read": 63, "openat": 56, "clone": 220, "clone3": 435, "execve": 221, "socket": 198, "kill": 129, "ptrace": 117,
        "mmap": 222, "fcntl": 25,
        "memfd_create": 279, "prlimit64": 261, "prctl": 167, "sendmsg": 211, "ioctl": 29, "bpf": 280, "unlink": 35,
        "connect": 203, "process_vm_readv": 270, "io_uring_setup": 425, "tgkill": 131, "pidfd_getfd": 438,
    },
}  # fmt: skip


def _judge(program: bytes, data: bytes) -> int:
    """Run a filter as the kernel does: only the instructions that the module uses."""
    instructions = list(struct.iter_unpack("=HBBI", program))
    at, loaded = 0, 0
    while True:
        code, true, false, value = instructions[at]
        at += 1
        if code == 0x20:
            (loaded,) = struct.unpack_from("=I", data, value)
        elif code == 0x06:
            return value
        else:
            holds = {0x15: loaded == value, 0x35: loaded >= value, 0x45: bool(loaded & value)}[code]
            at += true if holds else false


def _call(machine: str, name: str, *arguments: int) -> int:
    program = seccomp.program(PID, machine)
    assert program is not None
    data = struct.pack("=iIQ6Q", NUMBERS[machine][name], ARCH[machine], 0, *arguments, *[0] * (6 - len(arguments)))
    return _judge(program, data)


@pytest.mark.parametrize("machine", sorted(ARCH))
class TestProgram:
    def test_seccomp_calls_of_a_renderer_are_allowed(self, machine: str) -> None:
        for name in ("read", "sendmsg"):
            assert _call(machine, name) == ALLOW
        assert _call(machine, "openat", 0, 0, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY) == ALLOW
        assert _call(machine, "clone", 0x3D0F00) == ALLOW
        assert _call(machine, "kill", PID, 6) == ALLOW
        assert _call(machine, "tgkill", PID, PID, 6) == ALLOW
        assert _call(machine, "prlimit64", 0) == ALLOW
        assert _call(machine, "prctl", 15) == ALLOW

    def test_seccomp_other_calls_are_refused(self, machine: str) -> None:
        for name in ("execve", "socket", "connect", "ptrace", "bpf", "unlink", "memfd_create"):
            assert _call(machine, name) == ERRNO | errno.EPERM
        for name in ("process_vm_readv", "io_uring_setup", "pidfd_getfd"):
            assert _call(machine, name) == ERRNO | errno.EPERM
        assert _call(machine, "clone", 17) == ERRNO | errno.EPERM
        assert _call(machine, "clone", 0x3D0F00 | 0x10000000) == ERRNO | errno.EPERM
        assert _call(machine, "kill", PID + 1, 0) == ERRNO | errno.EPERM
        assert _call(machine, "kill", 2**64 - 1, 9) == ERRNO | errno.EPERM
        assert _call(machine, "prlimit64", PID + 1) == ERRNO | errno.EPERM
        assert _call(machine, "prctl", 4) == ERRNO | errno.EPERM

    def test_seccomp_mappings_beside_the_limit_of_memory_are_refused(self, machine: str) -> None:
        for flags in (0x02, 0x22, 0x20022, 0x01):
            assert _call(machine, "mmap", 0, 4096, 3, flags) == ALLOW
        for flags in (0x21, 0x20021, 0x23, 0x122, 0x40022):
            assert _call(machine, "mmap", 0, 4096, 3, flags) == ERRNO | errno.EPERM

    def test_seccomp_descriptors_send_no_signals(self, machine: str) -> None:
        for command in (0, 1, 2, 3, 4, 1030, 1033, 1034):
            assert _call(machine, "fcntl", 5, command) == ALLOW
        for command in (8, 10, 15, 1024, 1026, 1031):
            assert _call(machine, "fcntl", 5, command) == ERRNO | errno.EPERM

    @pytest.mark.parametrize("flags", [os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_TRUNC, os.O_APPEND, os.O_TMPFILE])
    def test_no_file_is_opened_for_writing(self, machine: str, flags: int) -> None:
        assert _call(machine, "openat", 0, 0, flags) == ERRNO | errno.EACCES

    def test_seccomp_refused_calls_with_a_fallback_have_its_errno(self, machine: str) -> None:
        assert _call(machine, "clone3") == ERRNO | errno.ENOSYS
        assert _call(machine, "ioctl") == ERRNO | errno.ENOTTY

    def test_another_architecture_is_killed(self, machine: str) -> None:
        program = seccomp.program(PID, machine)
        assert program is not None
        assert _judge(program, struct.pack("=iIQ6Q", 0, 0x40000003, 0, *[0] * 6)) == KILL

    def test_the_kernel_takes_its_length(self, machine: str) -> None:
        program = seccomp.program(PID, machine)
        assert program is not None
        assert len(program) // 8 <= 4096


def test_seccomp_x32_numbers_are_killed() -> None:
    program = seccomp.program(PID, "x86_64")
    assert program is not None
    assert _judge(program, struct.pack("=iIQ6Q", 0x40000000, ARCH["x86_64"], 0, *[0] * 6)) == KILL


def test_seccomp_machine_without_a_table_has_no_filter() -> None:
    assert seccomp.program(PID, "riscv64") is None
