"""JPEG XL: the size and image headers at the start of a codestream, bare or in its container.

ISO/IEC 18181-1, annexes A (fields) and D (headers); 18181-2 (container).
"""

from __future__ import annotations

from mememime_proxy.errors import BrokenImageError
from mememime_proxy.imaging.gate.bmff import boxes
from mememime_proxy.imaging.gate.header import ImageHeader

_HEAD_LENGTH = 256
_CODESTREAM = b"\xff\x0a"
_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}
_GREY = 1
_ALPHA, _SPOT_COLOUR, _COLOUR_FILTER_ARRAY = 0, 2, 5
_MAX_EXTRA = 16
_FIRST_SIDEWAYS = 5
"""The first of the orientations that exchange width and height."""

Choice = tuple[int, int]
"""One of the four distributions of a U32 field: a constant, and a number of bits to add."""


def walk(data: memoryview) -> ImageHeader:
    """Return the header of a JPEG XL, of the picture after its decoder's rotation.

    Frames of an animation are not counted: that would take decoding.
    Raises BrokenImageError, IndexError where the data ends too soon.
    """
    head, has_exif = _codestream(data)
    bits = _Bits(head)
    bits.take(16)
    width, height = _size(bits)
    if not (width and height):
        raise BrokenImageError("JPEG XL without pixels")
    if bits.flag():  # all_default
        return ImageHeader(format="jxl", width=width, height=height, alpha=False, icc=False, exif=has_exif)
    orientation, sequence = _extra_fields(bits) if bits.flag() else (1, False)
    depth = _bit_depth(bits)
    bits.flag()  # modular_16bit_buffers
    alpha = _extra_channels(bits)
    bits.flag()  # xyb_encoded
    icc = grey = False
    if not bits.flag():  # all_default
        icc, grey = bits.flag(), bits.enum() == _GREY
    if orientation >= _FIRST_SIDEWAYS:
        width, height = height, width
    return ImageHeader(
        format="jxl",
        width=width,
        height=height,
        sequence=sequence,
        alpha=alpha,
        icc=icc,
        exif=has_exif,
        bit_depth=depth,
        bands=(1 if grey else 3) + alpha,
    )


def _codestream(data: memoryview) -> tuple[bytes, bool]:
    """Return the first bytes of the codestream, and whether there is EXIF beside it."""
    if bytes(data[:2]) == _CODESTREAM:
        return bytes(data[:_HEAD_LENGTH]), False
    head, has_exif = b"", False
    for kind, start, end in boxes(data, 0, len(data)):
        if kind in (b"jxlc", b"jxlp") and len(head) < _HEAD_LENGTH:
            first = start + (4 if kind == b"jxlp" else 0)
            head += bytes(data[first : min(end, first + _HEAD_LENGTH)])
        has_exif = has_exif or kind == b"Exif"
    if head[:2] != _CODESTREAM:
        raise BrokenImageError("JPEG XL without a codestream")
    return head, has_exif


class _Bits:
    """Fields of a codestream, least significant bit first. Raises IndexError at the end."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "little")
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        if count > self._left:
            raise IndexError("the header ends too soon")
        value = self._value & (1 << count) - 1
        self._value >>= count
        self._left -= count
        return value

    def flag(self) -> bool:
        return bool(self.take(1))

    def number(self, choices: tuple[Choice, Choice, Choice, Choice]) -> int:
        """Return a U32 field."""
        constant, count = choices[self.take(2)]
        return constant + self.take(count)

    def enum(self) -> int:
        return self.number(((0, 0), (1, 0), (2, 4), (18, 6)))


def _size(bits: _Bits) -> tuple[int, int]:
    """SizeHeader."""
    small = bits.flag()
    height = _side(bits, small=small)
    ratio = bits.take(3)
    if not ratio:
        return _side(bits, small=small), height
    across, down = _RATIOS[ratio]
    return height * across // down, height


def _side(bits: _Bits, *, small: bool) -> int:
    if small:
        return 8 * (bits.take(5) + 1)
    return bits.number(((1, 9), (1, 13), (1, 18), (1, 30)))


def _extra_fields(bits: _Bits) -> tuple[int, bool]:
    """Orientation, and whether there is an animation; the sizes in between are skipped."""
    orientation = bits.take(3) + 1
    if bits.flag():  # intrinsic size
        _size(bits)
    if bits.flag():
        _skip_preview(bits)
    animated = bits.flag()
    if animated:
        bits.number(((100, 0), (1000, 0), (1, 10), (1, 30)))  # ticks a second
        bits.number(((1, 0), (1001, 0), (1, 8), (1, 10)))
        bits.number(((0, 0), (0, 3), (0, 16), (0, 32)))  # loops
        bits.flag()
    return orientation, animated


def _skip_preview(bits: _Bits) -> None:
    in_eighths = bits.flag()
    choices = ((16, 0), (32, 0), (1, 5), (33, 9)) if in_eighths else ((1, 6), (65, 8), (321, 10), (1345, 12))
    bits.number(choices)
    if not bits.take(3):
        bits.number(choices)


def _bit_depth(bits: _Bits) -> int:
    if bits.flag():  # floating point
        depth = bits.number(((32, 0), (16, 0), (24, 0), (1, 6)))
        bits.take(4)
        return depth
    return bits.number(((8, 0), (10, 0), (12, 0), (1, 6)))


def _extra_channels(bits: _Bits) -> bool:
    """Whether one of the extra channels is alpha."""
    count = bits.number(((0, 0), (1, 0), (2, 4), (1, 12)))
    if count > _MAX_EXTRA:
        raise BrokenImageError(f"JPEG XL with {count} extra channels")
    alpha = False
    for _ in range(count):
        if bits.flag():  # all_default: 8 bits of alpha
            alpha = True
            continue
        kind = bits.enum()
        _bit_depth(bits)
        bits.number(((0, 0), (3, 0), (4, 0), (1, 3)))  # dim_shift
        bits.take(8 * bits.number(((0, 0), (0, 4), (16, 5), (48, 10))))  # name
        if kind == _ALPHA:
            alpha = True
            bits.flag()  # alpha_associated
        elif kind == _SPOT_COLOUR:
            bits.take(4 * 16)
        elif kind == _COLOUR_FILTER_ARRAY:
            bits.number(((1, 0), (0, 2), (3, 4), (19, 8)))
    return alpha
