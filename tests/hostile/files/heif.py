"""AVIF with many references, properties, extents, tiles and derived pictures. Row H4."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence

from tests.hostile.files.containers import box, full_box
from tests.hostile.files.heif_writer import Heif, Item, coded, grid_data, ispe, pixi, plain
from tests.hostile.records import Hostile

_FREE = box(b"free")


def _grid(tiles: Sequence[int], properties: int, size: tuple[int, int] = (64, 64), rows: int = 1) -> Heif:
    """A grid whose references name ``tiles``, and a tile with so many properties in front of its size."""
    data, configuration = coded()
    columns = max(1, len(tiles) // rows)
    grid = Item(b"grid", grid_data(min(rows, 256), min(columns, 256), *size), (1, 3))
    tile = Item(b"av01", data)
    boxes = [ispe(64, 64), configuration, pixi(8, 8, 8), *[_FREE] * min(properties, 1000)]
    own = [*(4 + n % min(properties, 1000) for n in range(properties)), 0x8002, 1]
    parts = [own[at : at + 255] for at in range(0, len(own), 255)]  # an entry has at most 255, an item several entries
    entries = b"".join(struct.pack(f">HB{len(part)}H", 2, len(part), *part) for part in parts)
    more = full_box(b"ipma", struct.pack(">I", len(parts)), entries, flags=1)
    return Heif([grid, tile], boxes, [(b"dimg", 1, tiles)], more_ipma=more)


def references(count: int) -> bytes:
    """A grid that names one tile 60,000 times; and more properties than any tile has."""
    return _grid([2] * count, 8160).build()


def references_unknown(count: int) -> bytes:
    """The tiles do not exist."""
    return _grid([n % 60_000 + 3 for n in range(count)], 100).build()


def references_many(count: int) -> bytes:
    """Each reference in a box of its own."""
    file = plain()
    file.references = [(b"thmb", 2, [1])] * count
    file.items.append(Item(b"av01", file.items[0].data, (1, 2, 3)))
    return file.build()


def references_types(count: int) -> bytes:
    file = plain()
    file.references = [(b"%04d" % (n % 10_000), 1, [1]) for n in range(count)]
    return file.build()


def properties(count: int) -> bytes:
    """Properties that nobody uses."""
    file = plain()
    file.properties += [_FREE] * count
    return file.build()


def apertures(count: int) -> bytes:
    """As many clean apertures: each one is found, and taken away."""
    file = plain()
    file.properties += [box(b"clap", struct.pack(">8I", 32, 1, 32, 1, 0, 1, 0, 1))] * count
    file.items[0].properties = (1, 0x8002, 3, *range(0x8004, 0x8004 + min(count, 200)))
    return file.build()


def associations(count: int) -> bytes:
    """Association boxes that name the same item with 255 properties each."""
    file = plain()
    file.properties += [_FREE] * 300
    entry = struct.pack(">HB", 1, 255) + struct.pack(">255H", *range(4, 259))
    file.more_ipma = full_box(b"ipma", struct.pack(">I", count), entry * count, flags=1)
    return file.build()


def items(count: int) -> bytes:
    file = plain()
    data = file.items[0].data
    file.items += [Item(b"av01", b"", (1, 2, 3), [(0, len(data))]) for _ in range(count)]
    return file.build()


def hidden_items(count: int) -> bytes:
    file = plain()
    file.items += [Item(b"mime", b"", (), [(0, 8)], hidden=True) for _ in range(count)]
    return file.build()


def extents(count: int) -> bytes:
    """The primary item in that many parts: one whole copy of its data in each."""
    file = plain()
    length = len(file.items[0].data)
    file.items[0].extents = [(0, length)] * count
    return file.build()


def extents_of_exif(count: int) -> bytes:
    """Metadata put together from many copies of the file."""
    file = plain()
    file.items.append(Item(b"Exif", bytes(2000), (), [(0, 2000)] * count))
    file.references.append((b"cdsc", 2, [1]))
    return file.build()


def extents_of_tiles(count: int) -> bytes:
    """Tiles that share their data, each in many extents of one byte."""
    data, configuration = coded()
    tiles = 16
    shared = [(n, 1) for n in range(min(len(data), count))]
    grid = Item(b"grid", grid_data(4, 4, 256, 256), (4, 3))
    members = [Item(b"av01", data if n == 0 else b"", (1, 0x8002, 3), shared) for n in range(tiles)]
    for member in members:
        member.extents = [(len(grid.data) + at, length) for at, length in shared]
    boxes = [ispe(64, 64), configuration, pixi(8, 8, 8), ispe(256, 256)]
    return Heif([grid, *members], boxes, [(b"dimg", 1, list(range(2, 2 + tiles)))]).build()


def tiles(side: int) -> bytes:
    """A grid of ``side``² tiles, all of them one coded picture: legal, and each tile is decoded by itself."""
    data, configuration = coded()
    count = side * side
    grid = Item(b"grid", grid_data(side, side, 64 * side, 64 * side), (4, 3))
    members = [Item(b"av01", data if n == 0 else b"", (1, 0x8002, 3)) for n in range(count)]
    for member in members:
        member.extents = [(len(grid.data), len(data))]
    boxes = [ispe(64, 64), configuration, pixi(8, 8, 8), ispe(64 * side, 64 * side)]
    return Heif([grid, *members], boxes, [(b"dimg", 1, list(range(2, 2 + count)))]).build()


def derived_chain(count: int) -> bytes:
    """Identity pictures, each of the one before it."""
    file = plain(primary=count + 1)
    file.items += [Item(b"iden", b"", (1, 3)) for _ in range(count)]
    file.references = [(b"dimg", n + 2, [n + 1]) for n in range(count)]
    return file.build()


def derived_cycle(count: int) -> bytes:
    file = plain(primary=2)
    file.items += [Item(b"iden", b"", (1, 3)) for _ in range(count)]
    file.references = [(b"dimg", n + 2, [(n + 1) % count + 2]) for n in range(count)]
    return file.build()


def derived_fan(depth: int) -> bytes:
    """Overlays of eight overlays of eight overlays …: 8^depth decodes of one picture."""
    file = plain(primary=depth + 1)
    overlay = struct.pack(">BB4H2H", 0, 0, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 64, 64) + bytes(4 * 8)
    file.items += [Item(b"iovl", overlay, (1, 3)) for _ in range(depth)]
    file.references = [(b"dimg", n + 2, [n + 1] * 8) for n in range(depth)]
    return file.build()


def grid_of_grids(side: int) -> bytes:
    """A grid of one grid again and again."""
    data, configuration = coded()
    outer = Item(b"grid", grid_data(side, side, 64 * side, 64 * side), (4, 3))
    inner = Item(b"grid", grid_data(side, side, 64, 64), (1, 3))
    boxes = [ispe(64, 64), configuration, pixi(8, 8, 8), ispe(64 * side, 64 * side)]
    count = side * side
    return Heif([outer, inner, Item(b"av01", data, (1, 0x8002, 3))], boxes,
                [(b"dimg", 1, [2] * count), (b"dimg", 2, [3] * count)]).build()  # fmt: skip


def deep_boxes(depth: int) -> bytes:
    """Boxes in boxes at the end of ``meta``."""
    body = b""
    for _ in range(depth):
        body = struct.pack(">I4s", len(body) + 8, b"iprp") + body
    file = plain()
    file.more_meta = body
    return file.build()


def top_boxes(count: int) -> bytes:
    data = plain().build()
    length = struct.unpack_from(">I", data)[0]
    # Locations are absolute: the boxes come behind what is located.
    return data[:length] + data[length:] + _FREE * count


def empty_boxes_first(count: int) -> bytes:
    data = plain().build()
    length = struct.unpack_from(">I", data)[0]
    return data[:length] + _FREE * count + data[length:]


_FILES: dict[str, tuple[Callable[[int], bytes], int]] = {
    "references": (references, 60_000),
    "references-unknown": (references_unknown, 60_000),
    "references-many": (references_many, 60_000),
    "references-types": (references_types, 60_000),
    "properties": (properties, 100_000),
    "apertures": (apertures, 20_000),
    "associations": (associations, 1800),
    "items": (items, 14_000),
    "hidden-items": (hidden_items, 18_000),
    "extents": (extents, 60_000),
    "extents-of-exif": (extents_of_exif, 60_000),
    "extents-of-tiles": (extents_of_tiles, 60_000),
    "tiles": (tiles, 80),
    "derived-chain": (derived_chain, 16_000),
    "derived-cycle": (derived_cycle, 1000),
    "derived-fan": (derived_fan, 12),
    "grid-of-grids": (grid_of_grids, 100),
    "deep-boxes": (deep_boxes, 100_000),
    "top-boxes": (top_boxes, 120_000),
    "boxes-first": (empty_boxes_first, 120_000),
}


def records() -> Iterator[Hostile]:
    for name, (build, size) in _FILES.items():
        yield Hostile(f"heif-{name}", "H4", "avif", build, size)
