"""JPEG: its scans, from the first to the end marker. ITU-T T.81, annexes B, F and G."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import ceil
from typing import Final

from mememime_proxy.errors import BrokenImageError, LimitError
from mememime_proxy.imaging.damage.model import Damage, Repaired
from mememime_proxy.imaging.gate.header import ImageHeader
from mememime_proxy.imaging.gate.jpeg import MAX_MARKERS, next_marker

_EOI, _SOS, _DHT, _DRI = 0xD9, 0xDA, 0xC4, 0xDD
_SEQUENTIAL, _PROGRESSIVE = frozenset({0xC0, 0xC1}), frozenset({0xC2})
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {_DHT, 0xC8, 0xCC})
_MARKER = re.compile(rb"\xff[\xc0-\xcf\xd9-\xfe]")
"""A marker that may follow a scan: no stuffed zero, no fill byte, no restart."""
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
_ZEROS = re.compile(rb"\x00{64,}")
_ZERO_RUN = bytes(64)
_END = b"\xff\xd9"
_AC = 0x10
_COEFFICIENTS: Final = 64
_MAX_RUN = 15
"""Of zero coefficients; a smaller run of a symbol without a coefficient ends that many blocks, as a power of two."""
_SIZE = 0x0F
"""Bits of a coded coefficient's symbol that hold its size; 0 for symbols without a coefficient."""


@dataclass(frozen=True, slots=True)
class _Code:
    """The code of a Huffman table whose bits are all 0."""

    length: int
    symbol: int


@dataclass(frozen=True, slots=True)
class _Scan:
    """One scan: components with their tables, spectral selection, successive approximation, place of its data."""

    components: tuple[tuple[int, int, int], ...]
    """Identifier, DC table, AC table."""
    first: int
    last: int
    high: int
    low: int
    codes: dict[int, _Code]
    """By table class and number."""
    restart_interval: int
    start: int
    end: int


@dataclass(slots=True)
class JpegLayout:
    """The frame and the scans of a JPEG, up to its end marker or its last byte."""

    kind: int = 0
    """Code of the frame's marker."""
    width: int = 0
    height: int = 0
    sampling: dict[int, tuple[int, int]] = field(default_factory=dict)
    """By component: horizontal and vertical factor."""
    scans: list[_Scan] = field(default_factory=list)
    ended: bool = False
    """Whether there is an end marker."""
    truncated: bool = False
    """Whether the data ends without one; otherwise there is a segment that no decoder takes."""
    end: int = 0
    """Position after the data of the last scan."""

    @classmethod
    def of(cls, data: memoryview) -> JpegLayout:
        """Read the markers of a JPEG that passed the gate.

        Raises BrokenImageError before the first scan, and LimitError for more than ``MAX_MARKERS`` markers.
        """
        layout = cls()
        try:
            layout._read(data)
        except IndexError:
            layout.truncated = True
        return layout

    def _read(self, data: memoryview) -> None:
        codes: dict[int, _Code] = {}
        interval, at = 0, 2
        for _ in range(MAX_MARKERS):
            at, marker = _marker_after_scan(data, at) if self.scans else next_marker(data, at)
            if marker == _EOI:
                self.ended = True
                return
            if marker < min(_FRAMES):
                continue
            length = data[at] << 8 | data[at + 1]
            _ = data[at + length - 1]
            body = data[at + 2 : at + length]
            at += length
            if marker in _FRAMES and not self.kind:
                self._read_frame(marker, body)
            elif marker == _DHT:
                if not _is_valid_table(body):
                    return
                codes = codes | dict(_codes(body))
            elif marker == _DRI:
                interval = body[0] << 8 | body[1]
            elif marker == _SOS:
                found = _MARKER.search(data, at)
                self.end = found.start() if found else len(data)
                scan = _scan(body, codes, interval, at, self.end)
                if not {component for component, _, _ in scan.components} <= self.sampling.keys():
                    return
                self.scans.append(scan)
                at = self.end
        raise LimitError(f"JPEG with more than {MAX_MARKERS} markers")

    def _read_frame(self, marker: int, body: memoryview) -> None:
        self.kind = marker
        self.height, self.width = body[1] << 8 | body[2], body[3] << 8 | body[4]
        for at in range(6, 6 + 3 * body[5], 3):
            self.sampling[body[at]] = (body[at + 1] >> 4, body[at + 1] & 15)

    def units(self, scan: _Scan) -> int:
        """Return the number of MCUs of a scan."""
        across = max(h for h, _ in self.sampling.values())
        down = max(v for _, v in self.sampling.values())
        if len(scan.components) > 1:
            return ceil(self.width / (8 * across)) * ceil(self.height / (8 * down))
        horizontal, vertical = self.sampling.get(scan.components[0][0], (1, 1))
        columns = ceil(ceil(self.width * horizontal / across) / 8)
        return columns * ceil(ceil(self.height * vertical / down) / 8)

    def blocks_of_unit(self, scan: _Scan) -> int:
        """Return the number of blocks in an MCU of a scan of several components."""
        return sum(h * v for h, v in (self.sampling.get(component, (1, 1)) for component, _, _ in scan.components))


def repair(data: memoryview, _header: ImageHeader) -> Repaired:
    """Return the same JPEG up to the last scan that decoders take, and an end marker.

    libjpeg decodes up to the damage and goes on with the last colour, or grey; of a progressive picture the scans that
    are missing leave out details.
    """
    layout = JpegLayout.of(data)
    damage = Damage.TRUNCATED if layout.truncated else Damage.CORRUPT
    if layout.ended or not layout.scans:
        return Repaired(data, damage)
    return Repaired(bytes(data[: layout.scans[-1].end]) + _END, damage)


def verify(data: memoryview, _header: ImageHeader) -> None:
    """Raise BrokenImageError where scans, parts of them or the end marker are missing.

    libjpeg reads zeros as coefficients and reports nothing: blocks
    of zeros are found by the restart markers that they replace, and by what they would mean in the scan's code.
    """
    layout = JpegLayout.of(data)
    if not layout.ended and not layout.truncated:
        raise BrokenImageError("JPEG with a table or scan that no decoder takes")
    if not layout.ended:
        raise BrokenImageError("JPEG without its end marker: it ends in a scan")
    _check_coverage(layout)
    if layout.kind not in _SEQUENTIAL | _PROGRESSIVE:
        return  # an arithmetic code, which the decoder checks
    for scan in layout.scans:
        _check_restarts(data, layout, scan)
        _check_zeros(data, layout, scan)


def _check_coverage(layout: JpegLayout) -> None:
    """Refuse components that no scan has, and coefficients that a progressive picture never gets, or not in full."""
    bits: dict[int, list[int]] = {component: [-1] * _COEFFICIENTS for component in layout.sampling}
    for scan in layout.scans:
        for component, _, _ in scan.components:
            if layout.kind in _PROGRESSIVE:
                for coefficient in range(scan.first, min(scan.last, _COEFFICIENTS - 1) + 1):
                    bits.get(component, [0] * _COEFFICIENTS)[coefficient] = scan.low
            else:
                bits[component] = [0] * _COEFFICIENTS
    if any(any(left) for left in bits.values()):
        raise BrokenImageError("JPEG without all of its scans")


def _check_restarts(data: memoryview, layout: JpegLayout, scan: _Scan) -> None:
    if not scan.restart_interval:
        return
    expected = ceil(layout.units(scan) / scan.restart_interval) - 1
    found = sum(1 for _ in _RESTART.finditer(data, scan.start, scan.end))
    if found < expected:
        raise BrokenImageError(f"JPEG with {found} of {expected} restart markers in a scan")


def _check_zeros(data: memoryview, layout: JpegLayout, scan: _Scan) -> None:
    """Refuse zeros, unless they are the code of blocks without detail, and no more than the scan has."""
    if _ZERO_RUN not in bytes(data[scan.start : scan.end]):
        return  # in a twentieth of the time of the expression
    runs = [(run.start(), run.end()) for run in _ZEROS.finditer(data, scan.start, scan.end)]
    zeros = 8 * sum(end - start for start, end in runs)
    if zeros > _flat_bits(layout, scan):
        raise BrokenImageError(f"JPEG with zeros in place of a scan's data at byte {runs[0][0]}")


def _flat_bits(layout: JpegLayout, scan: _Scan) -> float:
    """Return the most bits that may be 0 in a row, taken together: of a scan whose blocks are all without detail.

    No code of such a block may begin with anything else; where one does, longer rows of zeros are no picture.
    """
    blocks = layout.units(scan) * (1 if len(scan.components) == 1 else layout.blocks_of_unit(scan))
    direct = [scan.codes.get(table) for _, table, _ in scan.components]
    alternating = [scan.codes.get(_AC | table) for _, _, table in scan.components]
    if layout.kind in _PROGRESSIVE:
        if scan.first == 0:
            return blocks * (1 if scan.high else _longest(direct))
        code = alternating[0]
        if code is None or code.symbol & _SIZE or code.symbol >> 4 == _MAX_RUN:
            return 0
        run = code.symbol >> 4
        return blocks * (code.length + run) / (1 << run)
    if any(code is None or code.symbol & _SIZE for code in alternating):
        return 0
    return blocks * (_longest(direct) + _longest(alternating))


def _longest(codes: list[_Code | None]) -> int:
    """Return the most bits of a code of zeros, and of the zeros that follow it as its value."""
    return max((code.length + (code.symbol & _SIZE) for code in codes if code is not None), default=0)


def _marker_after_scan(data: memoryview, at: int) -> tuple[int, int]:
    """Return the position after the next marker, and its code. IndexError where there is none."""
    found = _MARKER.search(data, at)
    if found is None:
        raise IndexError("JPEG without its end marker")
    return found.end(), data[found.end() - 1]


def _is_valid_table(body: memoryview) -> bool:
    """Return whether no Huffman table has more codes than its lengths allow; T.81, C.2."""
    at = 0
    while at + 17 <= len(body):
        lengths = bytes(body[at + 1 : at + 17])
        used = sum(count << 16 - length for length, count in enumerate(lengths, 1))
        if sum(lengths) > 256 or used > 1 << 16 or at + 17 + sum(lengths) > len(body):
            return False
        at += 17 + sum(lengths)
    return at == len(body)


def _codes(body: memoryview) -> Iterator[tuple[int, _Code]]:
    """Yield class and number of each Huffman table, and its code of zeros."""
    at = 0
    while at + 17 <= len(body):
        lengths = body[at + 1 : at + 17]
        total = sum(lengths)
        if total:
            shortest = next(length for length, count in enumerate(lengths, 1) if count)
            yield body[at], _Code(shortest, body[at + 17])
        at += 17 + total


def _scan(body: memoryview, codes: dict[int, _Code], interval: int, start: int, end: int) -> _Scan:
    count = body[0]
    components = tuple((body[at], body[at + 1] >> 4, body[at + 1] & 15) for at in range(1, 1 + 2 * count, 2))
    at = 1 + 2 * count
    high, low = body[at + 2] >> 4, body[at + 2] & 15
    return _Scan(components, body[at], body[at + 1], high, low, codes, interval, start, end)
