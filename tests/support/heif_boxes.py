"""Additions to HEIF files as libheif writes them: properties of the primary item, references between items."""

import struct


def _boxes(data, at, end):
    while at + 8 <= end:
        length, kind = struct.unpack_from(">I4s", data, at)
        yield kind, at, at + length
        at += length


def _box(data, *path):
    start, end = 0, len(data)
    found = []
    for kind in path:
        head = 4 if found and found[-1][0] == b"meta" else 0
        box = next(b for b in _boxes(data, start + head, end) if b[0] == kind)
        found.append(box)
        start, end = box[1] + 8, box[2]
    return found


def _insert(data, at, new, *parents):
    """The file with ``new`` put in at a position within the boxes ``parents``, and its items moved."""
    data = bytearray(data)
    for _, start, _ in parents:
        struct.pack_into(">I", data, start, struct.unpack_from(">I", data, start)[0] + len(new))
    _, iloc, _ = _box(data, b"meta", b"iloc")[-1]
    version, sizes, base = data[iloc + 8], data[iloc + 12], data[iloc + 13] >> 4
    assert sizes == 0x44
    (count,) = struct.unpack_from(">H", data, iloc + 14)
    place = iloc + 16
    for _ in range(count):
        method = data[place + 3] & 15 if version else 0
        place += (6 if version else 4) + base
        (extents,) = struct.unpack_from(">H", data, place)
        place += 2
        for _ in range(extents):
            if method == 0:
                struct.pack_into(">I", data, place, struct.unpack_from(">I", data, place)[0] + len(new))
            place += 8
    data[at:at] = new
    return bytes(data)


def primary(data):
    pitm = _box(data, b"meta", b"pitm")[-1]
    return struct.unpack_from(">H", data, pitm[1] + 12)[0]


def with_property(data, kind, body):
    """The file with one more property of its primary item."""
    meta, iprp, ipco = _box(data, b"meta", b"iprp", b"ipco")
    ipma = _box(data, b"meta", b"iprp", b"ipma")[-1]
    assert ipma[1] > ipco[1]
    index = len(list(_boxes(data, ipco[1] + 8, ipco[2]))) + 1
    item = primary(data)
    at = ipma[1] + 16
    while struct.unpack_from(">H", data, at)[0] != item:
        at += 3 + data[at + 2]
    counted = bytearray(data)
    counted[at + 2] += 1
    data = _insert(counted, at + 3, bytes((index,)), meta, iprp, ipma)
    meta, iprp, ipco = _box(data, b"meta", b"iprp", b"ipco")
    return _insert(data, ipco[2], struct.pack(">I4s", 8 + len(body), kind) + body, meta, iprp, ipco)


def with_nclx(data, primaries, transfer):
    return with_property(data, b"colr", b"nclx" + struct.pack(">3HB", primaries, transfer, 6, 0x80))


def with_profile(data, icc):
    return with_property(data, b"colr", b"prof" + icc)


def with_premultiplied_alpha(data):
    """The file with the reference that says that the colours of its primary item are multiplied by its alpha."""
    meta, iref = _box(data, b"meta", b"iref")
    item = primary(data)
    alpha = next(
        struct.unpack_from(">H", data, at + 8)[0]
        for kind, at, _ in _boxes(data, iref[1] + 12, iref[2])
        if kind == b"auxl"
    )
    return _insert(data, iref[2], struct.pack(">I4s3H", 14, b"prem", item, 1, alpha), meta, iref)
