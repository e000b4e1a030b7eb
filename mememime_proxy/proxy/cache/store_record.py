"""Format of a record in the store of variants: a frame, a head with the facts, the body; one digest covers both."""

from __future__ import annotations

import hashlib
import struct

import msgspec

from mememime_proxy.memory_budget import Permit
from mememime_proxy.proxy.model import CacheEntry, Epoch, VariantResult
from mememime_proxy.sources.model import SourceState
from mememime_proxy.variant import Variant

_FRAME = struct.Struct(">4sI16s")
"""Magic, bytes of the head, digest."""
_MAGIC = b"MMV1"
_MAX_HEAD = 1 << 20


class _Head(msgspec.Struct, frozen=True, array_like=True):
    """An array in this order. A new field goes to the end and has a default, so that older records stay readable."""

    key: bytes
    source: str
    epoch: str
    checked_at: float
    validator: str
    last_modified: str
    cache_headers: dict[str, str]
    etag: str
    source_size: int
    variant: Variant[bytes]
    """Without its body."""
    epoch_assumed_at: float = 0.0


_decoder = msgspec.msgpack.Decoder(_Head)


def encode(key: bytes, entry: CacheEntry) -> bytes:
    """Return the record of an entry. UnicodeEncodeError where a text of its source is no Unicode."""
    result = entry.result
    head = msgspec.msgpack.encode(
        _Head(
            key,
            entry.source,
            entry.epoch.name,
            entry.checked_at,
            result.state.validator,
            result.state.last_modified,
            dict(result.state.cache_headers),
            result.etag,
            result.source_size,
            msgspec.structs.replace(result.variant, body=b""),
            entry.epoch.assumed_at,
        )
    )
    body = result.variant.body
    return _FRAME.pack(_MAGIC, len(head), _digest(head, body)) + head + body


def decode(key: bytes, record: bytes, permit: Permit | None = None) -> CacheEntry:
    """Return the entry of a record, whose result owns ``permit``.

    ValueError where the record is damaged, or another variant's.
    """
    if len(record) < _FRAME.size:
        raise ValueError("the record is too short")
    magic, length, digest = _FRAME.unpack_from(record)
    end = _FRAME.size + length
    if magic != _MAGIC or length > _MAX_HEAD or end > len(record):
        raise ValueError("the record does not have this format")
    head, body = record[_FRAME.size : end], record[end:]
    if _digest(head, body) != digest:
        raise ValueError("the record's digest does not match")
    facts = _decoder.decode(head)
    if facts.key != key:
        raise ValueError("the record is of another variant")
    state = SourceState(facts.validator, facts.last_modified, facts.cache_headers)
    variant = msgspec.structs.replace(facts.variant, body=body)
    result = VariantResult(variant, facts.etag, state, facts.source_size, permit=permit)
    return CacheEntry(result, facts.source, Epoch(facts.epoch, facts.epoch_assumed_at), facts.checked_at)


def _digest(head: bytes, body: bytes) -> bytes:
    digest = hashlib.blake2b(len(head).to_bytes(4), digest_size=16)
    digest.update(head)
    digest.update(body)
    return digest.digest()
