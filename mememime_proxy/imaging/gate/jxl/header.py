"""The size and image headers at the start of a codestream. ISO/IEC 18181-1, annex D; 18181-2 for the container."""

from __future__ import annotations

from dataclasses import dataclass

from mememime_proxy.errors import BrokenImageError
from mememime_proxy.imaging.gate.boxes.bmff import boxes
from mememime_proxy.imaging.gate.header import Buffer, ImageHeader
from mememime_proxy.imaging.gate.jxl.bits import Choices, CodestreamBits, split
from mememime_proxy.imaging.gate.jxl.frames import Canvas, Frames, count_frames

_CODESTREAM = b"\xff\x0a"
_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}
_GREY, _XYB = 1, 2
_CUSTOM = 2
_ALPHA, _SPOT_COLOUR, _COLOUR_FILTER_ARRAY = 0, 2, 5
_MAX_EXTRA = 16
_FIRST_SIDEWAYS = 5
"""The first of the orientations that exchange width and height."""
_COORDINATE: Choices = ((0, 19), (524_288, 19), (1_048_576, 20), (2_097_152, 21))
_WEIGHTS = (15, 55, 210)
"""Numbers of custom weights for upsampling by 2, 4 and 8."""


def walk(data: memoryview) -> ImageHeader:
    """Return the header of a JPEG XL, of the picture after its decoder's rotation.

    Raises BrokenImageError, LimitError, and IndexError where the data ends too soon.
    """
    stream, has_exif = _codestream(data)
    bits = CodestreamBits(stream)
    bits.skip(16)
    width, height = _size(bits)
    if not (width and height):
        raise BrokenImageError("JPEG XL without pixels")
    fields = _metadata(bits)
    canvas = Canvas(width, height, fields.xyb, fields.extra, fields.animation, fields.timecodes, fields.preview)
    # The profile that may lie in front of the frames is coded: what is behind it is not known.
    frames = Frames(progressive=True, modular=not fields.xyb) if fields.icc else count_frames(bits, canvas)
    colors = 1 if fields.grey else 3
    if fields.orientation >= _FIRST_SIDEWAYS:
        width, height = height, width
    return ImageHeader(
        format="jxl",
        width=width,
        height=height,
        sequence=fields.animation,
        alpha=fields.alpha,
        icc=fields.icc,
        exif=has_exif,
        bit_depth=fields.depth,
        bands=colors + fields.alpha,
        planes=fields.extra + (colors if frames.modular else 0),
        layers=frames.layers,
        layer_pixels=frames.pixels,
        progressive=frames.progressive,
        coding="lossless" if frames.modular else "",
    )


def _codestream(data: memoryview) -> tuple[Buffer, bool]:
    """Return the codestream, and whether there is EXIF beside it. It is copied where it comes in parts."""
    if bytes(data[:2]) == _CODESTREAM:
        return data, False
    parts: list[Buffer] = []
    has_exif = False
    for kind, start, end in boxes(data, 0, len(data)):
        if kind in (b"jxlc", b"jxlp"):
            parts.append(data[start + (4 if kind == b"jxlp" else 0) : end])
        has_exif = has_exif or kind == b"Exif"
    stream = split(parts) if parts else b""
    if bytes(stream[:2]) != _CODESTREAM:
        raise BrokenImageError("JPEG XL without a codestream")
    return stream, has_exif


def _size(bits: CodestreamBits) -> tuple[int, int]:
    """SizeHeader."""
    small = bits.flag()
    height = _side(bits, small=small)
    ratio = bits.take(3)
    if not ratio:
        return _side(bits, small=small), height
    across, down = _RATIOS[ratio]
    return height * across // down, height


def _side(bits: CodestreamBits, *, small: bool) -> int:
    if small:
        return 8 * (bits.take(5) + 1)
    return bits.number(((1, 9), (1, 13), (1, 18), (1, 30)))


@dataclass(slots=True)
class _Metadata:
    """ImageMetadata, as far as it counts here; the defaults are those of the standard."""

    orientation: int = 1
    preview: tuple[int, int] | None = None
    animation: bool = False
    timecodes: bool = False
    depth: int = 8
    extra: int = 0
    alpha: bool = False
    xyb: bool = True
    icc: bool = False
    grey: bool = False


def _metadata(bits: CodestreamBits) -> _Metadata:
    """Read ImageMetadata and CustomTransformData."""
    found = _Metadata()
    if not bits.flag():  # all_default
        extra_fields = bits.flag()
        if extra_fields:
            _read_extra_fields(bits, found)
        found.depth = _bit_depth(bits)
        bits.flag()  # modular_16bit_buffers
        _read_extra_channels(bits, found)
        found.xyb = bits.flag()
        _read_color_encoding(bits, found)
        if extra_fields and not bits.flag():  # tone mapping, all_default
            bits.skip_floats(2)
            bits.flag()
            bits.skip_floats(1)
        bits.skip_extensions()
    if not bits.flag():  # CustomTransformData, all_default
        if found.xyb and not bits.flag():  # OpsinInverseMatrix, all_default
            bits.skip_floats(9 + 3 + 4)
        mask = bits.take(3)
        bits.skip_floats(sum(count for index, count in enumerate(_WEIGHTS) if mask >> index & 1))
    bits.align()
    return found


def _read_extra_fields(bits: CodestreamBits, found: _Metadata) -> None:
    found.orientation = bits.take(3) + 1
    if bits.flag():  # intrinsic size
        _size(bits)
    if bits.flag():
        found.preview = _preview(bits)
    found.animation = bits.flag()
    if found.animation:
        bits.number(((100, 0), (1000, 0), (1, 10), (1, 30)))  # ticks a second
        bits.number(((1, 0), (1001, 0), (1, 8), (1, 10)))
        bits.number(((0, 0), (0, 3), (0, 16), (0, 32)))  # loops
        found.timecodes = bits.flag()


def _preview(bits: CodestreamBits) -> tuple[int, int]:
    """PreviewHeader."""
    in_eighths = bits.flag()
    choices: Choices = ((16, 0), (32, 0), (1, 5), (33, 9)) if in_eighths else ((1, 6), (65, 8), (321, 10), (1345, 12))
    unit = 8 if in_eighths else 1
    height = unit * bits.number(choices)
    ratio = bits.take(3)
    if not ratio:
        return unit * bits.number(choices), height
    across, down = _RATIOS[ratio]
    return height * across // down, height


def _bit_depth(bits: CodestreamBits) -> int:
    if bits.flag():  # floating point
        depth = bits.number(((32, 0), (16, 0), (24, 0), (1, 6)))
        bits.take(4)
        return depth
    return bits.number(((8, 0), (10, 0), (12, 0), (1, 6)))


def _read_extra_channels(bits: CodestreamBits, found: _Metadata) -> None:
    found.extra = bits.number(((0, 0), (1, 0), (2, 4), (1, 12)))
    if found.extra > _MAX_EXTRA:
        raise BrokenImageError(f"JPEG XL with {found.extra} extra channels")
    for _ in range(found.extra):
        if bits.flag():  # all_default: 8 bits of alpha
            found.alpha = True
            continue
        kind = bits.enum()
        _bit_depth(bits)
        bits.number(((0, 0), (3, 0), (4, 0), (1, 3)))  # dim_shift
        bits.skip_name()
        if kind == _ALPHA:
            found.alpha = True
            bits.flag()  # alpha_associated
        elif kind == _SPOT_COLOUR:
            bits.skip_floats(4)
        elif kind == _COLOUR_FILTER_ARRAY:
            bits.number(((1, 0), (0, 2), (3, 4), (19, 8)))


def _read_color_encoding(bits: CodestreamBits, found: _Metadata) -> None:
    if bits.flag():  # all_default
        return
    found.icc = bits.flag()
    space = bits.enum()
    found.grey = space == _GREY
    if found.icc:
        return
    if space != _XYB:
        if bits.enum() == _CUSTOM:  # white point
            _skip_coordinates(bits, 1)
        if space != _GREY and bits.enum() == _CUSTOM:  # primaries
            _skip_coordinates(bits, 3)
        if bits.flag():  # gamma
            bits.skip(24)
        else:
            bits.enum()  # transfer function
    bits.enum()  # rendering intent


def _skip_coordinates(bits: CodestreamBits, count: int) -> None:
    for _ in range(2 * count):
        bits.number(_COORDINATE)
