"""How a result is written down: a head that says what it is, then its bytes, under one digest."""

from __future__ import annotations

import hashlib
import struct

import msgspec

from mememime_proxy.proxy.cache.memory import Kept
from mememime_proxy.proxy.model import Picture
from mememime_proxy.sources.model import SourceState
from mememime_proxy.variant import Variant

_FRAME = struct.Struct(">4sI16s")
_MAGIC = b"MMV1"
_MAX_HEAD = 1 << 20


class _Head(msgspec.Struct, frozen=True, array_like=True):
    key: bytes
    source: str
    generation: str
    checked: float
    validator: str
    last_modified: str
    said: dict[str, str]
    etag: str
    source_size: int
    variant: Variant[bytes]


_decoder = msgspec.msgpack.Decoder(_Head)


def _digest(head: bytes, body: bytes) -> bytes:
    digest = hashlib.blake2b(len(head).to_bytes(4), digest_size=16)
    digest.update(head)
    digest.update(body)
    return digest.digest()


def encode(key: bytes, kept: Kept) -> bytes:
    """The record of a result."""
    picture, state = kept.picture, kept.state
    head = msgspec.msgpack.encode(
        _Head(
            key,
            kept.source,
            kept.generation,
            kept.checked,
            state.validator,
            state.last_modified,
            dict(state.cache_headers),
            picture.etag,
            picture.source_size,
            picture.variant.with_body(b""),
        )
    )
    return _FRAME.pack(_MAGIC, len(head), _digest(head, picture.variant.body)) + head + picture.variant.body


def decode(key: bytes, record: bytes) -> Kept:
    """The result of a record. ValueError where it is not whole, not unchanged, or another's."""
    if len(record) < _FRAME.size:
        raise ValueError("it is too short")
    magic, length, digest = _FRAME.unpack_from(record)
    end = _FRAME.size + length
    if magic != _MAGIC or length > _MAX_HEAD or end > len(record):
        raise ValueError("it is no record of this version")
    head, body = record[_FRAME.size : end], record[end:]
    if _digest(head, body) != digest:
        raise ValueError("its digest is another")
    said = _decoder.decode(head)
    if said.key != key:
        raise ValueError("it is another variant's")
    state = SourceState(said.validator, said.last_modified, said.said)
    picture = Picture(said.variant.with_body(body), said.etag, said.last_modified, said.said, said.source_size)
    return Kept(picture, state, said.generation, said.source, said.checked)
