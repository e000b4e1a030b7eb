"""What parent, zygote and workers say to each other, and how bytes travel: as file descriptors, never as copies.

Every conversation is a ``SOCK_SEQPACKET`` socket pair: one message a packet, so nothing is ever half read.
Messages are MessagePack; descriptors ride along as ``SCM_RIGHTS``. A packet larger than ``MAX_MESSAGE`` is refused
before it is sent and when it arrives.
"""

from __future__ import annotations

import array
import contextlib
import fcntl
import mmap
import os
import socket
from typing import Final

import msgspec

from mememime_proxy.plan import Plan, RenderConfig

Buffer = bytes | bytearray | memoryview | mmap.mmap
"""Bytes of an original as a worker sees them, or of a result before it is sent."""

MAX_MESSAGE: Final = 1 << 17
"""Bytes. Below the smallest send buffer that a UNIX socket has by default (212,992), so a send never blocks."""
MAX_REPLY: Final = 1 << 14
"""Bytes of a worker's answer, without its result."""
MAX_DETAIL: Final = 2048
"""Characters of an error's detail."""
_COPIED: Final = 1 << 16
"""Bytes up to which copying an original is cheaper than mapping it."""
_MAX_DESCRIPTORS: Final = 3
_CONTROL: Final = socket.CMSG_SPACE(_MAX_DESCRIPTORS * array.array("i").itemsize)
# Plain integers: an operation on the enumeration's own members makes a new member each time.
_RECEIVE_FLAGS: Final = int(socket.MSG_CMSG_CLOEXEC)
_CUT_SHORT: Final = int(socket.MSG_TRUNC | socket.MSG_CTRUNC)
_SEALS: Final = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


class WireError(Exception):
    """The other side broke the protocol."""


class VariantInfo(msgspec.Struct, frozen=True, array_like=True):
    """What a result is. Sides in pixels; ``rendered`` is False where the original came back as it was."""

    format: str = ""
    width: int = 0
    height: int = 0
    source_format: str = ""
    source_width: int = 0
    source_height: int = 0
    pages: int = 1
    rendered: bool = True


class Job(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Parent to worker, with the original's descriptor. ``deadline``: on the monotonic clock, filled in by the pool."""

    operation: str = "render"
    plan: Plan = Plan()
    deadline: float = 0.0


class Born(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Zygote to parent over a new worker's socket, with a descriptor (pidfd) of the worker."""

    pid: int


class Ready(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """First word of a zygote, and of a worker."""

    sandbox: tuple[str, ...] = ()
    """The layers of confinement that are in force."""


class Done(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Worker to parent, with the sealed memfd of the result. ``rss``: the worker's resident bytes after the job."""

    info: VariantInfo
    size: int
    rss: int


class Failed(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Worker to parent: the job ended in an error of ``mememime_proxy.errors``. ``leaving``: the worker ends itself."""

    error: str
    detail: str
    rss: int = 0
    leaving: bool = False


class Setup(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Parent to zygote, once, with the watermark's memfd where there is one."""

    render: RenderConfig
    memory_limit: int
    max_result: int
    sandbox: bool
    test_operations: bool


class Fork(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Parent to zygote, with the new worker's socket and the memfd that takes what it writes to stderr."""


Reply = Born | Ready | Done | Failed

_encoder = msgspec.msgpack.Encoder()
encode = _encoder.encode
decode_job = msgspec.msgpack.Decoder(Job).decode
decode_reply = msgspec.msgpack.Decoder(Reply).decode
decode_order = msgspec.msgpack.Decoder(Setup | Fork).decode


def pair() -> tuple[socket.socket, socket.socket]:
    """Two connected ends; the first, for an event loop, does not block."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    return ours, theirs


def send(connection: socket.socket, message: bytes, descriptors: tuple[int, ...] = ()) -> None:
    """Send one message. WireError when it is too long; OSError as the socket says."""
    if len(message) > MAX_MESSAGE:
        raise WireError(f"a message of {len(message)} bytes is longer than {MAX_MESSAGE}")
    if descriptors:
        rights = array.array("i", descriptors)
        connection.sendmsg((message,), ((socket.SOL_SOCKET, socket.SCM_RIGHTS, rights),), socket.MSG_NOSIGNAL)
    else:
        connection.send(message, socket.MSG_NOSIGNAL)


def receive(connection: socket.socket, size: int = MAX_REPLY) -> tuple[bytes, list[int]]:
    """One message and its descriptors, which the caller owns; ``(b"", [])`` when the other side is gone.

    ConnectionResetError when the other side went without having read what it was sent last: that is how the kernel
    tells a job that never began from one that was cut short. WireError when the message was cut.
    """
    message, ancillary, flags, _ = connection.recvmsg(size, _CONTROL, _RECEIVE_FLAGS)
    descriptors = _descriptors(ancillary) if ancillary else []
    if flags & _CUT_SHORT:
        close_all(descriptors)
        raise WireError("a message was longer than agreed")
    return message, descriptors


def _descriptors(ancillary: list[tuple[int, int, bytes]]) -> list[int]:
    numbers = array.array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            numbers.frombytes(data[: len(data) - len(data) % numbers.itemsize])
    return numbers.tolist()


def close_all(descriptors: list[int]) -> None:
    """Close every one."""
    for descriptor in descriptors:
        with contextlib.suppress(OSError):
            os.close(descriptor)


def memfd(name: str, content: Buffer = b"") -> int:
    """A new anonymous file that holds ``content``; the caller closes it."""
    descriptor = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        write_all(descriptor, content)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def write_all(descriptor: int, content: Buffer) -> None:
    """Write all of ``content``; OSError (EFBIG) past the process's file size limit."""
    written = os.write(descriptor, content)
    total = len(content)
    while written < total:
        written += os.write(descriptor, memoryview(content)[written:])


def sealed(name: str, content: Buffer) -> int:
    """Like ``memfd``, and nobody can ever change or shorten it again."""
    descriptor = memfd(name, content)
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
    return descriptor


def check_sealed(descriptor: int, size: int) -> None:
    """WireError unless ``descriptor`` is a sealed memfd of ``size`` bytes: reading it cannot block or fall short."""
    try:
        seals = fcntl.fcntl(descriptor, fcntl.F_GET_SEALS)
    except OSError as error:
        raise WireError("a result is not a memfd") from error
    if seals & _SEALS != _SEALS:
        raise WireError("a result is not sealed")
    if os.fstat(descriptor).st_size != size:
        raise WireError("a result has another size than announced")


def read_all(descriptor: int, size: int) -> bytes:
    """The first ``size`` bytes; WireError when there are fewer."""
    content = os.pread(descriptor, size, 0)
    if len(content) == size:
        return content
    parts, length = [content], len(content)
    while length < size:
        part = os.pread(descriptor, size - length, length)
        if not part:
            raise WireError("a file ended early")
        parts.append(part)
        length += len(part)
    return b"".join(parts)


def view(descriptor: int) -> Buffer:
    """The file's bytes: mapped, not copied, unless they are few.

    Where somebody shortens a mapped file meanwhile, touching what is gone is a SIGBUS: it ends the worker, and so one
    request. Sealed memfds cannot be shortened. Measured, CPU for reading every byte once: a mapping costs 10 µs plus
    0.1 ms a megabyte, ``pread`` 1 µs plus 0.05 to 0.2 ms a megabyte, and it holds the original twice.
    """
    size = os.fstat(descriptor).st_size
    if size <= _COPIED:
        return os.pread(descriptor, size, 0)
    return memoryview(mmap.mmap(descriptor, size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ))
