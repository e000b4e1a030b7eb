"""Further properties for the primary picture of an AVIF or HEIC file.

ISO/IEC 23008-12, 9.3; 14496-12, 8.11.3 and 12.1.4.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

Box = tuple[bytes, int, int]
"""Type, start with the header, end."""


def clap(*numbers: int) -> bytes:
    """A clean aperture: numerator and denominator of width, height, horizontal and vertical offset."""
    values = [number & 0xFFFFFFFF for number in numbers]
    return struct.pack(">I4s8I", 40, b"clap", *values)


def aperture(width: int, height: int, left: int, top: int, full_width: int, full_height: int) -> bytes:
    """The clean aperture of a rectangle in a picture of that size."""
    return clap(width, 1, height, 1, 2 * left + width - full_width, 2, 2 * top + height - full_height, 2)


def with_properties(data: bytes, properties: Sequence[bytes], *, last: bool = False) -> bytes:
    """The file with further properties, in front of those that the picture has, or behind them where ``last``."""
    meta = next(box for box in _boxes(data, 0, len(data)) if box[0] == b"meta")
    inner = {kind: (start, end) for kind, start, end in _boxes(data, meta[1] + 12, meta[2])}
    start, end = inner[b"iprp"]
    parts = {kind: data[begin:stop] for kind, begin, stop in _boxes(data, start + 8, end)}
    first = sum(1 for _ in _boxes(parts[b"ipco"], 8, len(parts[b"ipco"]))) + 1
    ipco = _box(b"ipco", parts[b"ipco"][8:], *properties)
    primary = int.from_bytes(data[inner[b"pitm"][0] + 12 : inner[b"pitm"][1]], "big")
    ipma = _associated(parts[b"ipma"], primary, list(range(first, first + len(properties))), last=last)
    iprp = _box(b"iprp", ipco, ipma)
    delta = len(iprp) - (end - start)
    body = b""
    for kind, begin, stop in _boxes(data, meta[1] + 12, meta[2]):
        part = data[begin:stop]
        body += iprp if kind == b"iprp" else _moved(part, delta) if kind == b"iloc" else part
    moved = b"".join(
        _moved_chunks(data[begin:stop], delta) if kind == b"moov" else data[begin:stop]
        for kind, begin, stop in _boxes(data, meta[2], len(data))
    )
    return data[: meta[1]] + _box(b"meta", data[meta[1] + 8 : meta[1] + 12], body) + moved


def with_entry_properties(data: bytes, properties: Sequence[bytes]) -> bytes:
    """The sequence with further properties in the sample entry of its first track."""
    path, at, end = [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd"], 0, len(data)
    sizes = []
    for kind in path:
        _, begin, end = next(box for box in _boxes(data, at, end) if box[0] == kind)
        sizes.append(begin)
        at = begin + 8
    entry = sizes[-1] + 16
    more = b"".join(properties)
    stop = entry + int.from_bytes(data[entry : entry + 4], "big")
    changed = bytearray(data)
    for begin in (*sizes, entry):
        changed[begin : begin + 4] = (int.from_bytes(data[begin : begin + 4], "big") + len(more)).to_bytes(4, "big")
    changed[stop:stop] = more
    meta = next(box for box in _boxes(changed, 0, len(changed)) if box[0] == b"meta")
    body = b"".join(
        _moved(bytes(changed[begin:stop]), len(more)) if kind == b"iloc" else bytes(changed[begin:stop])
        for kind, begin, stop in _boxes(changed, meta[1] + 12, meta[2])
    )
    changed[meta[1] + 12 : meta[2]] = body
    moov = next(box for box in _boxes(changed, 0, len(changed)) if box[0] == b"moov")
    changed[moov[1] : moov[2]] = _moved_chunks(bytes(changed[moov[1] : moov[2]]), len(more))
    return bytes(changed)


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", len(body) + 8) + kind + body


def _boxes(data: bytes, at: int, end: int) -> Iterator[Box]:
    while at + 8 <= end:
        length, kind = struct.unpack_from(">I4s", data, at)
        length = length or end - at
        yield kind, at, at + length
        at += length


def _associated(ipma: bytes, primary: int, indices: list[int], *, last: bool) -> bytes:
    version, flags = ipma[8], ipma[11]
    assert not flags & 1
    (count,) = struct.unpack_from(">I", ipma, 12)
    at, items = 16, b""
    for _ in range(count):
        size = 4 if version else 2
        number, own = int.from_bytes(ipma[at : at + size], "big"), ipma[at + size]
        listed = list(ipma[at + size + 1 : at + size + 1 + own])
        if number == primary:
            more = [0x80 | index for index in indices]
            # descriptive properties have to stand in front of transformations
            listed = [*listed, *more] if last else [*listed[:2], *more, *listed[2:]]
        items += number.to_bytes(size, "big") + bytes([len(listed), *listed])
        at += size + 1 + own
    return _box(b"ipma", ipma[8:16], items)


def _moved(iloc: bytes, delta: int) -> bytes:
    """The locations of items, further behind by ``delta`` bytes."""
    version, sizes = iloc[8], struct.unpack_from(">H", iloc, 12)[0]
    offset_size, length_size, base_size, index_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15, sizes & 15
    index_size = index_size if version else 0
    wide = 4 if version == 2 else 2
    out, at = bytearray(iloc), 14 + wide
    for _ in range(int.from_bytes(iloc[14 : 14 + wide], "big")):
        at += wide
        method = int.from_bytes(iloc[at : at + 2], "big") & 15 if version else 0
        at += (2 if version else 0) + 2
        base = int.from_bytes(iloc[at : at + base_size], "big")
        if base and not method:
            out[at : at + base_size] = (base + delta).to_bytes(base_size, "big")
        at += base_size
        extents = int.from_bytes(iloc[at : at + 2], "big")
        at += 2
        for _ in range(extents):
            at += index_size
            if not base and not method:
                offset = int.from_bytes(iloc[at : at + offset_size], "big")
                out[at : at + offset_size] = (offset + delta).to_bytes(offset_size, "big")
            at += offset_size + length_size
    return bytes(out)


def _moved_chunks(moov: bytes, delta: int) -> bytes:
    out, at = bytearray(moov), moov.find(b"stco")
    while at >= 0:
        (count,) = struct.unpack_from(">I", moov, at + 8)
        for place in range(at + 12, at + 12 + 4 * count, 4):
            struct.pack_into(">I", out, place, struct.unpack_from(">I", moov, place)[0] + delta)
        at = moov.find(b"stco", at + 4)
    return bytes(out)
