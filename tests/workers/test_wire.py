from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from mememime_proxy.cost import Cost, JobClass, JobUsage
from mememime_proxy.formats.effects_plan import Watermark
from mememime_proxy.formats.output_rules import FormatPreference
from mememime_proxy.memfd import close_all, memfd, read_all, seal
from mememime_proxy.plan import Crop, Gravity, GravityType, Padding, Plan, RenderConfig, ResizingType, Trim
from mememime_proxy.variant import Variant
from mememime_proxy.workers import wire

RICH_PLAN = Plan(
    source="http://example.com/a.jpg",
    resizing_type=ResizingType.FILL_DOWN,
    width=300,
    crop=Crop(0.5, 20.0, Gravity(GravityType.FOCUS_POINT, 0.2, 0.3)),
    trim=Trim(10.0, (1, 2, 3), equal_hor=True),
    padding=Padding(1, 2, 3, 4),
    background=(255, 0, 10),
    watermark=Watermark(0.5, "re", 1.0, 2.0, 0.1),
    format_quality=(("jpeg", 70), ("avif", 50)),
    skip_processing=("svg",),
    preference=FormatPreference(prefer_avif=True),
)


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = wire.pair()
    with ours, theirs:
        yield ours, theirs


def test_wire_job_round_trip(ends: tuple[socket.socket, socket.socket], source: int) -> None:
    job = wire.WorkerJob("render", RICH_PLAN, 12.5)
    wire.send(ends[0], wire.encode(job), (source,))
    message, descriptors = wire.receive(ends[1], wire.MAX_MESSAGE)
    assert wire.decode_job(message) == job
    assert read_all(descriptors[0], 11) == b"an original"
    assert not os.get_inheritable(descriptors[0])
    close_all(descriptors)


@pytest.mark.parametrize(
    "reply",
    [
        wire.Forked(7),
        wire.Ready(("limits",)),
        wire.ResultReply(Variant("webp", 3, 4, "jpeg", 30, 40, 2, rendered=False), 100, 5),
        wire.ErrorReply("image.too_large", "too large", 9),
    ],
)
def test_wire_replies_have_distinct_types(reply: wire.Reply) -> None:
    assert wire.decode_reply(wire.encode(reply)) == reply


def test_wire_setup_keeps_the_configuration() -> None:
    setup = wire.Setup(RenderConfig(quality=71, format_quality={"webp": 5}), 1, 2, sandbox=True, test_operations=False)
    assert wire.decode_order(wire.encode(setup)) == setup


def test_wire_garbage_is_no_reply() -> None:
    with pytest.raises(msgspec.MsgspecError):
        wire.decode_reply(b"\xc1")


@pytest.mark.parametrize(
    "message",
    [
        wire.encode(wire.ErrorReply("a", "bcd")).replace(b"bcd", b"b\xffd"),
        b"\x9f\xaaErrorReply\xa1a\xa1b\x01\xc2\x93\x01\x01\x01" + b"\x91" * 4000,
    ],
    ids=["not UTF-8", "arrays in arrays"],
)
def test_wire_reply_that_cannot_be_decoded_is_refused_and_its_descriptors_closed(
    ends: tuple[socket.socket, socket.socket], source: int, message: bytes
) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    wire.send(ends[1], message, (source,))
    with pytest.raises(wire.WireError):
        wire.receive_reply(ends[0])
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_wire_end_of_the_other_side_is_an_empty_message(ends: tuple[socket.socket, socket.socket]) -> None:
    ends[1].close()
    assert wire.receive(ends[0]) == (b"", [])


def test_wire_close_with_unread_messages_is_a_reset(ends: tuple[socket.socket, socket.socket]) -> None:
    wire.send(ends[0], b"unread")
    ends[1].close()
    with pytest.raises(ConnectionResetError):
        wire.receive(ends[0])


def test_wire_reply_sent_before_the_close_is_read(ends: tuple[socket.socket, socket.socket]) -> None:
    wire.send(ends[1], b"answer")
    ends[1].close()
    assert wire.receive(ends[0]) == (b"answer", [])
    assert wire.receive(ends[0]) == (b"", [])


def test_wire_message_too_long_is_not_sent(ends: tuple[socket.socket, socket.socket]) -> None:
    with pytest.raises(wire.WireError):
        wire.send(ends[0], bytes(wire.MAX_MESSAGE + 1))
    wire.send(ends[0], bytes(wire.MAX_MESSAGE))
    assert len(wire.receive(ends[1], wire.MAX_MESSAGE)[0]) == wire.MAX_MESSAGE


def test_wire_message_longer_than_agreed_is_refused_and_its_descriptors_closed(
    ends: tuple[socket.socket, socket.socket], source: int, descriptors_open: Callable[[], int]
) -> None:
    before = descriptors_open()
    wire.send(ends[1], bytes(wire.MAX_REPLY + 1), (source,))
    with pytest.raises(wire.WireError):
        wire.receive(ends[0])
    wire.send(ends[1], b"x", (source,) * 20)
    with pytest.raises(wire.WireError):
        wire.receive(ends[0])
    assert descriptors_open() == before


def test_wire_reply_is_received_as_it_was_sent(ends: tuple[socket.socket, socket.socket]) -> None:
    cost = Cost(JobClass.MODERN, 1.5, 1 << 30, 1 << 20)
    variant: Variant[bytes] = Variant("webp", 3, 4, "jpeg", 30, 40, 2, rendered=False)
    for reply in (
        wire.ResultReply(variant, 3, 5, usage=JobUsage(0.25, 7), cost=cost),
        wire.ErrorReply("image.corrupt", "why", 5, usage=JobUsage(0.25, 7)),
        wire.CostReply(cost, 5, JobUsage(0.25, 7)),
    ):
        wire.send(ends[1], wire.encode(reply))
        assert wire.receive_reply(ends[0]) == (reply, [])
    ends[1].close()
    assert wire.receive_reply(ends[0]) == (None, [])


def test_wire_reply_that_cannot_be_used_is_refused_and_its_descriptors_closed(
    ends: tuple[socket.socket, socket.socket], source: int, descriptors_open: Callable[[], int]
) -> None:
    before = descriptors_open()
    for message, descriptors in ((b"\xc1", (source,)), (b"\x91\x01", ()), (wire.encode(wire.Fork()), (source,))):
        wire.send(ends[1], message, descriptors)
        with pytest.raises(wire.WireError):
            wire.receive_reply(ends[0])
    assert descriptors_open() == before


def test_wire_only_sealed_files_of_the_announced_size_are_taken(source: int) -> None:
    whole = memfd("result", b"abc")
    seal(whole)
    wire.check_result(whole, 3)
    for descriptor, size in ((source, 11), (whole, 2), (whole, 4)):
        with pytest.raises(wire.WireError):
            wire.check_result(descriptor, size)
    os.close(whole)
