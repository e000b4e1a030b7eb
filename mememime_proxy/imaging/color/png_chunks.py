"""The colour encoding in the chunks of a PNG; PNG (third edition), 11.3.2."""

from __future__ import annotations

import struct

from mememime_proxy.color.encoding import (
    BT709,
    SRGB_CURVE,
    ColorEncoding,
    Curve,
    Primaries,
    from_code_points,
)
from mememime_proxy.color.matrices import is_usable

COLOR_CHUNKS = frozenset({b"cICP", b"sRGB", b"gAMA", b"cHRM"})
"""The chunks that tell of colour, beside ``iCCP``, which the decoder reads."""

_UNIT = 100_000
_SRGB_GAMMA = (45_000, 46_000)
"""Values of ``gAMA`` around 1/2.2 (45455). Alone, or with sRGB's primaries, they stand for sRGB (13.12, table 18)."""
_MAX_GAMMA = 10.0
_FULL_RANGE = 1


class PngColor:
    """What the chunks before the pixels say. The first chunk of each kind counts."""

    __slots__ = ("_chunks",)

    def __init__(self) -> None:
        self._chunks: dict[bytes, bytes] = {}

    def add(self, kind: bytes, body: memoryview) -> None:
        """Take note of one of ``COLOR_CHUNKS``."""
        self._chunks.setdefault(kind, bytes(body[:32]))

    def encoding(self) -> ColorEncoding | None:
        """Return the encoding: that of ``cICP``, else of ``sRGB``, else of ``gAMA`` and ``cHRM``; None if unknown.

        A chunk that is not valid counts as not there.
        """
        return self._cicp() or self._srgb() or self._calibrated()

    @property
    def over_icc(self) -> bool:
        """Whether the encoding is that of ``cICP``, which precedes even ``iCCP``; PNG (third edition), 4.3."""
        return self._cicp() is not None

    def _cicp(self) -> ColorEncoding | None:
        body = self._chunks.get(b"cICP", b"")
        if len(body) < 4 or body[2] != 0 or body[3] != _FULL_RANGE:  # a matrix, or video's range, is not allowed
            return None
        return from_code_points(body[0], body[1])

    def _srgb(self) -> ColorEncoding | None:
        return ColorEncoding() if len(self._chunks.get(b"sRGB", b"")) == 1 else None

    def _calibrated(self) -> ColorEncoding | None:
        gamma, primaries = self._gamma(), self._primaries()
        if not gamma and primaries is None:
            return None
        gamut = primaries or BT709
        if not gamma or (gamut.near(BT709) and _SRGB_GAMMA[0] <= gamma <= _SRGB_GAMMA[1]):
            return ColorEncoding(gamut, SRGB_CURVE)
        return ColorEncoding(gamut, Curve(_UNIT / gamma))

    def _gamma(self) -> int:
        """Return 100 000 times the exponent from light to samples; 0 where there is none that makes sense."""
        body = self._chunks.get(b"gAMA", b"")
        value = int.from_bytes(body, "big") if len(body) == 4 else 0
        return value if _UNIT / _MAX_GAMMA <= value <= _UNIT * _MAX_GAMMA else 0

    def _primaries(self) -> Primaries | None:
        body = self._chunks.get(b"cHRM", b"")
        if len(body) != 32:
            return None
        values = [value / _UNIT for value in struct.unpack(">8I", body)]
        white, red, green, blue = zip(values[::2], values[1::2], strict=True)
        primaries = Primaries(white, red, green, blue)
        return primaries if is_usable(primaries) else None
