from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator

import msgspec
import pytest

from mememime_proxy.memfd import close_all, read_all, sealed
from mememime_proxy.plan import (
    Crop,
    FormatPreference,
    Gravity,
    GravityType,
    Padding,
    Plan,
    RenderConfig,
    ResizingType,
    Trim,
    Watermark,
)
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


def test_wire_reply_with_a_result_is_received_with_its_descriptor(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    result = sealed("result", b"abc")
    done = wire.ResultReply(Variant("webp", 3, 4, "jpeg", 30, 40, 2, rendered=False), 3, 5)
    wire.send(ends[1], wire.encode(done), (result,))
    reply, (received,) = wire.receive_reply(ends[0])
    assert reply == done
    assert os.pread(received, 10, 0) == b"abc"
    os.close(received)
    os.close(result)
    ends[1].close()
    assert wire.receive_reply(ends[0]) == (None, [])


def test_wire_reply_that_cannot_be_used_is_refused_and_its_descriptors_closed(
    ends: tuple[socket.socket, socket.socket], source: int, descriptors_open: Callable[[], int]
) -> None:
    before = descriptors_open()
    done = wire.encode(wire.ResultReply(Variant("webp", 3, 4, "jpeg", 30, 40, 2, rendered=False), 11, 5))
    for message, descriptors in ((b"\xc1", (source,)), (done, ()), (done, (source,)), (done, (source, source))):
        wire.send(ends[1], message, descriptors)
        with pytest.raises(wire.WireError):
            wire.receive_reply(ends[0])
    assert descriptors_open() == before


def test_wire_only_sealed_files_of_the_announced_size_are_taken(source: int) -> None:
    ours, theirs = os.pipe()
    whole = sealed("result", b"abc")
    for descriptor, size in ((ours, 0), (source, 11), (whole, 2), (whole, 4)):
        with pytest.raises(wire.WireError):
            wire.check_result([descriptor], size)
    for descriptor in (ours, theirs, whole):
        os.close(descriptor)
