"""TIFF and BigTIFF: directories and the entries that determine the cost of decoding. TIFF 6.0, sections 2 and 8."""

from __future__ import annotations

import struct

from mememime_proxy.errors import BrokenImageError, LimitError
from mememime_proxy.imaging.gate.header import MAX_ICC_LENGTH, ImageHeader, TiffSamples

MAX_PAGES = 256
MAX_BANDS = 5
"""CMYK and alpha."""
MAX_EXTRA = 64
"""Extra channels whose kinds are read."""
MAX_BITS = 32
MAX_FLOAT_BITS = 64
_MAX_ENTRIES = 1024
_ENTRY_LENGTH = 12
_SPARE_LENGTH = 16 << 20
"""Bytes of values beyond twice those of the file: libtiff reads each of them, however many lie in the same place."""
_MAX_FREE_TILE = 1 << 20
"""Pixels of a tile that are allowed in any case: small pictures may have large tiles."""

_WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC, _ORIENTATION, _SAMPLES = 256, 257, 258, 262, 274, 277
_MOST_ROWS = 128
"""Rows of a strip from which libvips reads it row by row."""
_COMPRESSION, _ROWS_PER_STRIP = 259, 278
_TILE_WIDTH, _TILE_HEIGHT, _EXTRA_SAMPLES, _SAMPLE_FORMAT, _EXIF, _ICC = 322, 323, 338, 339, 34665, 34675
_FLOAT = 3
_COLORS = {0: 1, 1: 1, 2: 3, 3: 1, 5: 4, 6: 3, 8: 3, 9: 3}
"""Channels of colour by PhotometricInterpretation; TIFF 6.0, section 8."""
_ALPHA = frozenset({1, 2})
"""Extra samples that are alpha: associated (multiplied into the colours) and unassociated."""
_LAYOUTS = {1: "B", 3: "H", 4: "I", 16: "Q"}
_LENGTHS = {1: 1, 2: 1, 3: 2, 4: 4, 6: 1, 7: 1, 8: 2, 9: 4, 16: 8}


def walk(data: memoryview, max_pixels: int, *, unlimited: bool) -> ImageHeader:
    """Return the header of a TIFF's first picture; ``max_pixels`` bounds its tiles (0 = no limit).

    ``unlimited``: the operator trusts the sources, so pages, bands and bits may be any number.
    Directories have no more entries together than the file has room for, but ``_MAX_ENTRIES``, and values do not
    overlap by much.
    Raises BrokenImageError and LimitError. May raise struct.error where the data ends too soon.
    """
    reader = _Reader(data)
    first, pages = None, 0
    offset, visited = reader.first, set[int]()
    while offset and offset not in visited and not (unlimited and first):
        visited.add(offset)
        if len(visited) > MAX_PAGES:
            raise LimitError(f"TIFF with more than {MAX_PAGES} pages")
        entries, offset = reader.directory(offset)
        first, pages = first or entries, pages + 1
    if not first:
        raise BrokenImageError("TIFF without a directory")
    width, height = first.get(_WIDTH, (0, 0))[0], first.get(_HEIGHT, (0, 0))[0]
    if not (width and height):
        raise BrokenImageError("TIFF without pixels")
    bits, bands = first.get(_BITS, (1, 1))[0], first.get(_SAMPLES, (1, 1))[0]
    sample_format = first.get(_SAMPLE_FORMAT, (1, 1))[0]
    max_bits = MAX_FLOAT_BITS if sample_format == _FLOAT else MAX_BITS
    if not (bands and bits):
        raise BrokenImageError("TIFF without samples")
    if not unlimited and (bands > MAX_BANDS or bits > max_bits):
        raise LimitError(f"TIFF with {bands} bands of {bits} bits")
    tile_width, tile_height = first.get(_TILE_WIDTH, (0, 0))[0], first.get(_TILE_HEIGHT, (0, 0))[0]
    tile = tile_width * tile_height
    if 0 < max_pixels < tile > _MAX_FREE_TILE:
        raise LimitError(f"TIFF with tiles of {tile} pixels")
    rows = first.get(_ROWS_PER_STRIP, (height, 1))[0]
    strip = tile_height * max(tile_width, width) if tile else width * min(rows, height, _MOST_ROWS)
    icc_length = first.get(_ICC, (0, 0))[1]
    if icc_length > MAX_ICC_LENGTH:
        raise LimitError(f"a colour profile of {icc_length} bytes")
    orientation = first.get(_ORIENTATION, (1, 1))[0]
    photometric = first.get(_PHOTOMETRIC, (1, 1))[0]
    extra = reader.extra_samples
    return ImageHeader(
        format="tiff",
        width=width,
        height=height,
        pages=pages,
        orientation=orientation if 1 <= orientation <= 8 else 1,
        alpha=bool(_ALPHA.intersection(extra)) if extra else bands > _COLORS.get(photometric, bands),
        icc=icc_length > 0,
        exif=_EXIF in first,
        bit_depth=bits,
        bands=bands,
        coding=str(first.get(_COMPRESSION, (1, 1))[0]),
        strip_pixels=strip,
        samples=TiffSamples(photometric=photometric, sample_format=sample_format, extra=extra),
    )


class _Reader:
    """Directories in either byte order, with 32 or 64 bit offsets."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._order = "<" if bytes(data[:2]) == b"II" else ">"
        self._big = data[2] == 43 or data[3] == 43
        self.extra_samples: tuple[int, ...] = ()
        """Kinds of the extra channels of the first picture."""
        self._entries_left = len(data) // _ENTRY_LENGTH + _MAX_ENTRIES
        self._values_left = 2 * len(data) + _SPARE_LENGTH
        if self._big:
            (self.first,) = struct.unpack_from(f"{self._order}Q", data, 8)
        else:
            (self.first,) = struct.unpack_from(f"{self._order}I", data, 4)

    def directory(self, offset: int) -> tuple[dict[int, tuple[int, int]], int]:
        """Return first value and number of values of each entry, and the next directory's offset (0 = none)."""
        order, data = self._order, self._data
        if offset > len(data):
            raise BrokenImageError("TIFF directory beyond the end")
        number, entry, word = ("Q", "HHQ", "Q") if self._big else ("H", "HHI", "I")
        (count,) = struct.unpack_from(f"{order}{number}", data, offset)
        self._entries_left -= count
        if count > _MAX_ENTRIES or self._entries_left < 0:
            raise LimitError(f"TIFF directory of {count} entries")
        at = offset + struct.calcsize(f"{order}{number}")
        width = struct.calcsize(f"{order}{word}")
        entries: dict[int, tuple[int, int]] = {}
        for _ in range(count):
            at, line = at + 4 + 2 * width, at
            tag, kind, values = struct.unpack_from(f"{order}{entry}", data, line)
            value_at = line + 4 + width
            length = values * _LENGTHS.get(kind, 8)
            if length > width:
                (value_at,) = struct.unpack_from(f"{order}{word}", data, value_at)
                self._values_left -= min(length, len(data))
            if tag in entries:
                continue
            entries[tag] = (self._value(kind, value_at), values)
            if tag == _EXTRA_SAMPLES and offset == self.first:
                self.extra_samples = self._shorts(kind, value_at, values)
        if self._values_left < 0:
            raise LimitError("TIFF with values that overlap")
        (following,) = struct.unpack_from(f"{order}{word}", data, at)
        return entries, following

    def _value(self, kind: int, at: int) -> int:
        layout = _LAYOUTS.get(kind)
        if layout is None or at + _LENGTHS[kind] > len(self._data):
            return 0
        value: int = struct.unpack_from(f"{self._order}{layout}", self._data, at)[0]
        return value

    def _shorts(self, kind: int, at: int, count: int) -> tuple[int, ...]:
        return tuple(self._value(kind, at + index * _LENGTHS.get(kind, 8)) for index in range(min(count, MAX_EXTRA)))
