"""Messages between parent, zygote and workers: a worker that is taken over sends what it likes."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from mememime_proxy.memfd import close_all, memfd, seal
from mememime_proxy.plan import Plan, RenderConfig
from mememime_proxy.proxy.cache import store_record
from mememime_proxy.proxy.model import CacheEntry, Epoch, VariantResult
from mememime_proxy.sources.model import SourceState
from mememime_proxy.variant import Variant
from mememime_proxy.workers import wire
from tests.fuzz.target import Target

_BODY = b"12345678"
_RESULT = memfd("result", _BODY)
seal(_RESULT)
"""What the worker was given to write its result to."""
_DECODERS = (wire.decode_job, wire.decode_reply, wire.decode_order)


def _messages(data: bytes) -> None:
    """Each message that can be decoded is written the same again."""
    for decode in _DECODERS:
        try:
            message = decode(data)
        except (ValueError, RecursionError):
            continue
        written = wire.encode(message)
        assert wire.encode(decode(written)) == written


def _messages_seeds() -> Iterable[bytes]:
    from tests.workers.test_wire import RICH_PLAN

    yield wire.encode(wire.WorkerJob("render", RICH_PLAN, 12.5))
    yield wire.encode(wire.WorkerJob("inspect", Plan(), 0.0))
    yield wire.encode(wire.Forked(7))
    yield wire.encode(wire.Ready(("limits", "seccomp")))
    yield wire.encode(wire.ResultReply(Variant("webp", 3, 4, "jpeg", 30, 40, 2, rendered=False), 8, 5))
    yield wire.encode(wire.ErrorReply("image.too_large", "too large", 9))
    yield wire.encode(wire.Setup(RenderConfig(), 1, 2, sandbox=True, test_operations=False))
    yield wire.encode(wire.Fork())


def _replies(data: bytes) -> None:
    """Receive what a worker sends: the first byte chooses its descriptors. None is left open."""
    before = _open_files()
    ours, theirs = wire.pair()
    with ours, theirs:
        passed = _descriptors(data[0] if data else 0)
        try:
            wire.send(theirs, data[1:], passed)
        finally:
            close_all(list(passed))
        descriptors: list[int] = []
        try:
            reply, descriptors = wire.receive_reply(ours)
            if isinstance(reply, wire.ResultReply):
                wire.check_result(_RESULT, reply.size)
                assert reply.size == len(_BODY)
        finally:
            close_all(descriptors)
            assert _open_files() == before + 2, "a descriptor stays open"


def _descriptors(choice: int) -> tuple[int, ...]:
    return tuple(os.open("/dev/null", os.O_RDONLY) for _ in range(choice % 6))


def _replies_seeds() -> Iterable[bytes]:
    for choice in range(6):
        for message in _messages_seeds():
            yield bytes([choice]) + message


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _records(data: bytes) -> None:
    """Records in the store of variants: what can be read is written the same again."""
    key = b"k" * 16
    head, body = data[: len(data) // 2], data[len(data) // 2 :]
    framed = store_record._FRAME.pack(b"MMV1", len(head), store_record._digest(head, body)) + data
    for record in (data, framed):
        try:
            entry = store_record.decode(key, record)
        except ValueError:
            continue
        assert store_record.decode(key, store_record.encode(key, entry)) == entry


def _records_seeds() -> Iterable[bytes]:
    state = SourceState('"1"', "Sun, 06 Nov 1994 08:49:37 GMT", {"Cache-Control": "max-age=3"})
    variant = Variant("webp", 3, 4, "jpeg", 30, 40, 2, body=b"x" * 200)
    record = store_record.encode(
        b"k" * 16, CacheEntry(VariantResult(variant, '"e"', state, 9), "local:///a", Epoch("1"), 2.0)
    )
    yield record
    yield record[24:]


TARGETS = (
    Target(
        name="wire.messages",
        run=_messages,
        seeds=_messages_seeds,
        allowed=(),
        words=(b"WorkerJob", b"ResultReply", b"ErrorReply", b"Ready", b"Forked", b"Setup", b"Fork", b"render"),
    ),
    Target(
        name="wire.replies",
        run=_replies,
        seeds=_replies_seeds,
        allowed=(wire.WireError,),
        max_length=2048,
        words=(b"ResultReply", b"ErrorReply", b"Ready", b"Forked"),
    ),
    Target(name="wire.records", run=_records, seeds=_records_seeds, allowed=(), words=(b"MMV1",)),
)
