"""Messages between parent, zygote and workers. Bytes travel as file descriptors, never as copies.

Every conversation is a ``SOCK_SEQPACKET`` socket pair: one message a packet, so nothing is ever half read.
Messages are MessagePack; descriptors ride along as ``SCM_RIGHTS``. A packet larger than ``MAX_MESSAGE`` is refused
before it is sent and when it arrives.
"""

from __future__ import annotations

import array
import fcntl
import os
import socket
from typing import Final

import msgspec

from mememime_proxy.cost import Cost, Grant, JobUsage
from mememime_proxy.decoded import LoadedPixels, LoadKey
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.formats.output_rules import NOBODY, SigningIdentity
from mememime_proxy.memfd import SEALS, close_all
from mememime_proxy.plan import MAX_PICTURES, Plan, RenderConfig
from mememime_proxy.variant import Variant

MAX_MESSAGE: Final = 1 << 17
"""Bytes. Below the smallest send buffer that a UNIX socket has by default (212,992), so a send never blocks."""
MAX_REPLY: Final = 1 << 16
"""Bytes of a worker's reply, without its result."""
MAX_DETAIL: Final = 2048
"""Characters of an error's detail."""
MEMORY_STATUS: Final = 75
"""Exit status of a worker that ends itself after memory was refused."""
MAX_PIXELS: Final = 4
"""Files of pixels that come with a job."""
_MAX_DESCRIPTORS: Final = 3 + MAX_PIXELS + MAX_PICTURES
_CONTROL: Final = socket.CMSG_SPACE(_MAX_DESCRIPTORS * array.array("i").itemsize)
# Plain integers: each operation on members of the enumeration creates a new object.
_RECEIVE_FLAGS: Final = int(socket.MSG_CMSG_CLOEXEC)
_CUT_SHORT: Final = int(socket.MSG_TRUNC | socket.MSG_CTRUNC)


class WireError(Exception):
    """The peer violated the protocol."""


class WorkerJob(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Parent to worker, with the descriptors of the original and of an empty memfd for the result.

    All but the first two fields are filled in by the pool. ``deadline``: on the monotonic clock. ``gate``: what the job
    may take until its cost is known. ``grant``: what it may be granted then; a job that needs more is not begun.
    ``factor``: of ``cost.grant_for``. ``least_cpu``: seconds that it is granted even if it costs less.
    """

    operation: str = "render"
    plan: Plan = Plan()
    deadline: float = 0.0
    gate: Grant = Grant()
    grant: Grant = Grant()
    factor: float = 1.0
    least_cpu: float = 0.0
    disabled_formats: tuple[str, ...] = ()
    """Formats of originals that are not read."""
    has_holes: bool = False
    """Whether bytes of the original have to be asked for (``Need``) before they are read."""
    hand_back: int = 0
    """Bytes of pixels that the render may hand back, in the memory file that comes behind that for the result; 0: none
    are wanted, and there is no such file."""
    facts: bytes = b""
    """What an earlier job found out about a film, for its workers."""
    pixels: tuple[LoadKey, ...] = ()
    """What the pixels in the further descriptors are; at most ``MAX_PIXELS``."""
    pictures: int = 0
    """Last descriptors that are pictures of ``Plan.pictures``, in its order."""


class Forked(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Zygote to parent over a new worker's socket, with a descriptor (pidfd) of the worker."""

    pid: int


class Ready(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """First message of a zygote, and of a worker."""

    sandbox: tuple[str, ...] = ()
    """Of a worker: the layers of confinement that are in force."""
    libraries: dict[str, str] = {}
    """Of a zygote: versions of the libraries that read and write pictures."""


class VipsMemory(msgspec.Struct, frozen=True, array_like=True):
    """What libvips counts of its memory: bytes now, most bytes at any time, blocks now."""

    bytes: int = 0
    most: int = 0
    blocks: int = 0


class ResultReply(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Worker to parent: the job's memfd, sealed now, holds the body of ``size`` bytes that ``variant`` is without.

    ``rss``: the worker's resident bytes after the job. ``vips``: see ``VipsMemory``.
    """

    variant: Variant[bytes]
    size: int
    rss: int
    vips: VipsMemory = VipsMemory()
    usage: JobUsage = JobUsage()
    cost: Cost | None = None
    """The estimate that was approved; None where the operation has none."""
    decoded: LoadedPixels | None = None
    """What was loaded of the original, where its pixels could be handed back."""
    facts: bytes = b""
    """What was found out about a film; at most ``av.film_facts.MAX_BYTES``."""


class ErrorReply(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Worker to parent: the job ended in the error with this code. ``exiting``: the worker ends itself."""

    code: str
    detail: str
    rss: int = 0
    exiting: bool = False
    vips: VipsMemory = VipsMemory()
    usage: JobUsage = JobUsage()
    cost: Cost | None = None


class Need(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Worker to parent, in the middle of a job: bytes of the original are needed; ``Have`` is the answer."""

    offset: int
    length: int


class Have(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Parent to worker: the bytes are there, or the error with this code is why they are not."""

    code: str = ""
    detail: str = ""


class Sign(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Worker to parent, in the middle of a job: what a C2PA manifest has signed; ``Signed`` is the answer."""

    data: bytes


class Signed(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Parent to worker."""

    signature: bytes


class CostReply(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Worker to parent: the job was not begun, because its cost is over its grant."""

    cost: Cost
    rss: int
    usage: JobUsage = JobUsage()
    vips: VipsMemory = VipsMemory()


class Setup(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Parent to zygote, once, with the watermark's memfd where there is one."""

    render: RenderConfig
    memory_limit: int
    max_result: int
    sandbox: bool
    test_operations: bool
    film: FilmConfig | None = None
    """Of a zygote whose workers read films, and no pictures."""
    niceness: int = 0
    fonts_dir: str = ""
    identity: SigningIdentity = NOBODY
    """Who signs results; the key stays in the parent."""


class Fork(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Parent to zygote, with the new worker's socket and the memfd that takes what it writes to stderr."""


JobReply = ResultReply | ErrorReply | CostReply
"""Messages that end a job."""
Reply = Forked | Ready | Need | Sign | JobReply

_encoder = msgspec.msgpack.Encoder()
encode = _encoder.encode
decode_job = msgspec.msgpack.Decoder(WorkerJob).decode
decode_have = msgspec.msgpack.Decoder(Have).decode
decode_signed = msgspec.msgpack.Decoder(Signed).decode
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
    """One message and its descriptors, which the caller owns; ``(b"", [])`` when the peer has closed its socket.

    ConnectionResetError when the other side went without having read what it was sent last: that is how the kernel
    tells a job that never began from one that was cut short. WireError when the message was cut.
    """
    message, ancillary, flags, _ = connection.recvmsg(size, _CONTROL, _RECEIVE_FLAGS)
    descriptors = _descriptors(ancillary) if ancillary else []
    if flags & _CUT_SHORT:
        close_all(descriptors)
        raise WireError("a message was longer than agreed")
    return message, descriptors


def receive_reply(connection: socket.socket) -> tuple[Reply | None, list[int]]:
    """Receive a message to the parent and its descriptors, which the caller owns; None when the other side is gone.

    WireError where the message is none of ``Reply``; OSError as the socket says.
    """
    message, descriptors = receive(connection)
    try:
        return decode_reply(message) if message else None, descriptors
    except (ValueError, RecursionError) as error:  # of msgspec; text that is not UTF-8; arrays in arrays
        close_all(descriptors)
        raise WireError(f"a reply cannot be used: {error}") from error


def _descriptors(ancillary: list[tuple[int, int, bytes]]) -> list[int]:
    numbers = array.array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            numbers.frombytes(data[: len(data) - len(data) % numbers.itemsize])
    return numbers.tolist()


def check_result(descriptor: int, size: int) -> None:
    """Raise WireError unless the memfd is sealed and has ``size`` bytes: reading it neither blocks nor falls short."""
    if fcntl.fcntl(descriptor, fcntl.F_GET_SEALS) & SEALS != SEALS:
        raise WireError("a result is not sealed")
    if os.fstat(descriptor).st_size != size:
        raise WireError("a result has another size than announced")
