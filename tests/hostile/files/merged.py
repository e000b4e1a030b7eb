"""PSD whose lengths, sizes and resources lie. Row C21."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tests.hostile.records import Hostile
from tests.support.psd_writer import head, resource, section


def claimed(side: int) -> bytes:
    """A large picture with nothing behind its header."""
    return head(side, side) + section(b"") * 3 + bytes(2)


def solid(side: int) -> bytes:
    """A large picture in as few bytes as runs can have."""
    row = b"\x81\0" * (side // 128) + bytes([257 - (side % 128 or 2), 0])
    lengths = struct.pack(">H", len(row)) * (3 * side)
    return head(side, side) + section(b"") * 3 + b"\0\1" + lengths + row * (3 * side)


def short_rows(side: int) -> bytes:
    """Lengths of rows that are zero: nothing is there to unpack."""
    return head(side, side) + section(b"") * 3 + b"\0\1" + bytes(6 * side)


def resources(count: int) -> bytes:
    return head(8, 8) + section(b"") + section(resource(1, b"") * count) + section(b"") + bytes(2 + 3 * 64)


def layers(count: int) -> bytes:
    """A list of layers that claims more than there is, in front of a small picture."""
    body = section(struct.pack(">h", -32768) + bytes(18) * count)
    return head(8, 8) + section(b"") * 2 + section(body) + bytes(2 + 3 * 64)


def long_section(length: int) -> bytes:
    return head(8, 8) + section(b"") + struct.pack(">I", length) + bytes(200)


def records() -> Iterator[Hostile]:
    makers = {
        claimed: 6_000, solid: 6_000, short_rows: 6_000, resources: 1_000_000, layers: 1_000_000,
        long_section: 0xFFFFFFFF,
    }  # fmt: skip
    for build, size in makers.items():
        yield Hostile(f"psd-{build.__name__.replace('_', '-')}", "C21", "psd", build, size)
