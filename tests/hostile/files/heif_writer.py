"""AVIF files to the byte: items, properties, references and locations as wanted. ISO/IEC 14496-12, 23008-12."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from tests.hostile.files.containers import box, full_box, picture, saved


@cache
def coded(side: int = 64) -> tuple[bytes, bytes]:
    """Return the AV1 data of a picture and its ``av1C`` box."""
    return _parts(saved("AVIF", picture("RGB", side), speed=10))


@cache
def solid(side: int, bands: int = 3) -> tuple[bytes, bytes]:
    """Return the same of a picture of one colour, of any size."""
    import pyvips

    image = pyvips.Image.black(side, side, bands=bands)
    image = image.copy(interpretation="srgb" if bands == 3 else "b-w")
    return _parts(image.heifsave_buffer(compression="av1", effort=0, Q=1, subsample_mode="on"))


def _parts(data: bytes) -> tuple[bytes, bytes]:
    at = data.index(b"av1C") - 4
    configuration = data[at : at + struct.unpack_from(">I", data, at)[0]]
    at = data.index(b"mdat") - 4
    return data[at + 8 : at + struct.unpack_from(">I", data, at)[0]], configuration


@dataclass
class Item:
    """An item: its type, its data, its properties by index (from 1), and the extents that locate it.

    ``extents``: pairs of offset in ``mdat`` and length, in place of the data's own.
    """

    kind: bytes
    data: bytes = b""
    properties: Sequence[int] = ()
    extents: Sequence[tuple[int, int]] | None = None
    hidden: bool = False


@dataclass
class Heif:
    """A file; ``build`` writes it. Item ids count from 1."""

    items: list[Item]
    properties: list[bytes]
    references: list[tuple[bytes, int, Sequence[int]]] = field(default_factory=list)
    primary: int = 1
    brand: bytes = b"avif"
    more_meta: bytes = b""
    """Boxes at the end of ``meta``."""
    more_ipma: bytes = b""
    """Further ``ipma`` boxes."""

    def build(self) -> bytes:
        head = box(b"ftyp", self.brand, bytes(4), self.brand, b"mif1miaf")
        size = len(self._meta(0))
        media = box(b"mdat", b"".join(item.data for item in self.items))
        return head + self._meta(len(head) + size + 8) + media

    def _meta(self, media_start: int) -> bytes:
        handler = full_box(b"hdlr", bytes(4), b"pict", bytes(13))
        primary = full_box(b"pitm", struct.pack(">H", self.primary))
        infos = b"".join(
            full_box(b"infe", struct.pack(">HH", number, 0), item.kind, b"\0", version=2, flags=int(item.hidden))
            for number, item in enumerate(self.items, 1)
        )
        information = full_box(b"iinf", struct.pack(">H", len(self.items)), infos)
        associations = b"".join(
            struct.pack(">HB", number, len(item.properties))
            + b"".join(struct.pack(">H", index) for index in item.properties)
            for number, item in enumerate(self.items, 1)
        )
        ipma = full_box(b"ipma", struct.pack(">I", len(self.items)), associations, flags=1)
        properties = box(b"iprp", box(b"ipco", *self.properties), ipma, self.more_ipma)
        references = [
            box(kind, struct.pack(">HH", owner, len(targets)), struct.pack(f">{len(targets)}H", *targets))
            for kind, owner, targets in self.references
        ]
        parts = [handler, primary, self._locations(media_start), information, properties]
        if references:
            parts.append(full_box(b"iref", *references))
        return full_box(b"meta", *parts, self.more_meta)

    def _locations(self, media_start: int) -> bytes:
        body = struct.pack(">BBH", 0x44, 0, len(self.items))
        at = 0
        for number, item in enumerate(self.items, 1):
            extents = [(at, len(item.data))] if item.extents is None else item.extents
            body += struct.pack(">HHH", number, 0, len(extents))
            body += b"".join(struct.pack(">II", media_start + offset, length) for offset, length in extents)
            at += len(item.data)
        return full_box(b"iloc", body)


def ispe(width: int, height: int) -> bytes:
    return full_box(b"ispe", struct.pack(">II", width, height))


def pixi(*bits: int) -> bytes:
    return full_box(b"pixi", bytes([len(bits), *bits]))


def plain(side: int = 64, **options: object) -> Heif:
    """A picture of one coded item."""
    data, configuration = coded(side)
    properties = [ispe(side, side), configuration, pixi(8, 8, 8)]
    return Heif([Item(b"av01", data, (1, 0x8002, 3))], properties, **options)  # type: ignore[arg-type]


def grid_data(rows: int, columns: int, width: int, height: int) -> bytes:
    return struct.pack(">4BII", 0, 1, rows - 1, columns - 1, width, height)
