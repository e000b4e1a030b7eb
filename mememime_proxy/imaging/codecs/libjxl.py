"""JPEG XL by libjxl itself, as the package imagecodecs brings it: pixels with their colours, and metadata.

The functions of imagecodecs hand over pixels only. Those of the library are called through cffi's ABI mode; its
interface, of version 0.9 or later, is described in ``jxl/decode.h`` and ``jxl/encode.h``.
"""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import cffi

from mememime_proxy.color.encoding import LINEAR, SRGB_CURVE, ColorEncoding, Curve, HdrTransfer, Primaries
from mememime_proxy.color.encoding import from_code_points as _from_code_points
from mememime_proxy.color.matrices import is_usable
from mememime_proxy.imaging.codecs.libjxl_abi import DECLARATIONS

MIN_VERSION = 9000
"""Of libjxl: 0.9.0. Before it some functions took other arguments."""
MAX_METADATA = 1024 * 1024
"""Bytes of a box of metadata, inflated; what is longer is left out."""

_LIBRARY = re.compile(r"/\S*/libjxl(?:-[0-9a-f]+)?\.so[.0-9]*$")
_NEED_IMAGE_BUFFER, _BOX_NEED_OUTPUT = 5, 7
_BASIC_INFO, _COLOR, _FULL_IMAGE, _BOX = 0x40, 0x100, 0x1000, 0x4000
_SUCCESS, _NEED_MORE_OUTPUT = 0, 2
_DATA, _UINT8, _UINT16 = 1, 2, 3
_RGB, _GREY = 0, 1
_CUSTOM, _GAMMA = 2, 65535
_EFFORT = 0
_SDR_TRANSFERS = {1: SRGB_CURVE, 8: LINEAR, 13: SRGB_CURVE}
_EXIF_OFFSET = 4
"""Bytes before the TIFF header in the box; ISO/IEC 18181-2, 9.4."""
_CHUNK = 1 << 16

ffi: Any = cffi.FFI()
ffi.cdef(DECLARATIONS)


class LibjxlError(RuntimeError):
    """What libjxl refuses."""


@dataclass(slots=True)
class Decoded:
    """A picture as it was decoded: upright, colours not multiplied by alpha."""

    width: int = 0
    height: int = 0
    bands: int = 0
    sixteen: bool = False
    pixels: bytearray = field(default_factory=bytearray)
    color: ColorEncoding | None = None
    """What the samples mean; None where only ``icc`` says it."""
    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None


def library_path() -> str:
    """Return the path of libjxl, as imagecodecs has loaded it. Raises ImportError where it has not."""
    importlib.import_module("imagecodecs._jpegxl")
    maps = Path("/proc/self/maps").read_text().splitlines()
    path = next((match[0] for line in maps if (match := _LIBRARY.search(line))), None)
    if path is None:
        raise ImportError("imagecodecs without libjxl as a library of its own")
    return path


@cache
def library() -> Any:
    """Return libjxl's functions. Raises ImportError where it is too old, or not to be found."""
    loaded = ffi.dlopen(library_path())
    if loaded.JxlDecoderVersion() < MIN_VERSION:
        raise ImportError("libjxl is older than 0.9")
    return loaded


def version() -> str:
    """Return the version of libjxl."""
    number = library().JxlDecoderVersion()
    return f"{number // 1000000}.{number // 1000 % 1000}.{number % 1000}"


def decode(data: bytes, *, max_pixels: int, deep: bool) -> Decoded:
    """Return the first picture of a file.

    It has 16 bits a channel if ``deep``, or if 8 are too coarse for its encoding, and if it has more than 8.
    Raises LibjxlError where the file is broken, or has more than ``max_pixels``.
    """
    lib = library()
    decoder = lib.JxlDecoderCreate(ffi.NULL)
    if decoder == ffi.NULL:
        raise LibjxlError("no memory for a decoder")
    try:
        return _Decoding(lib, decoder, data, max_pixels, deep=deep).run()
    finally:
        lib.JxlDecoderDestroy(decoder)


class _Decoding:
    """One run of a decoder, event by event."""

    def __init__(self, lib: Any, decoder: Any, data: bytes, max_pixels: int, *, deep: bool) -> None:
        self._lib = lib
        self._decoder = decoder
        self._data = ffi.from_buffer(data)
        self._max_pixels = max_pixels
        self._deep = deep
        self._info = ffi.new("JxlBasicInfo*")
        self._result = Decoded()
        self._box = b""
        self._wanted = {b"Exif", b"xml "}
        """Boxes of metadata of which none has come yet: the first one counts, and no other is decompressed."""
        self._buffer: Any = None

    def run(self) -> Decoded:
        lib, decoder = self._lib, self._decoder
        _check(lib.JxlDecoderSubscribeEvents(decoder, _BASIC_INFO | _COLOR | _FULL_IMAGE | _BOX))
        _check(lib.JxlDecoderSetUnpremultiplyAlpha(decoder, 1))
        lib.JxlDecoderSetDecompressBoxes(decoder, 1)
        _check(lib.JxlDecoderSetInput(decoder, self._data, len(self._data)))
        lib.JxlDecoderCloseInput(decoder)
        complete = False
        while (event := lib.JxlDecoderProcessInput(decoder)) != _SUCCESS:
            if event == _BASIC_INFO:
                self._read_info()
            elif event == _COLOR:
                self._read_color()
            elif event == _NEED_IMAGE_BUFFER:
                self._give_image_buffer()
            elif event == _FULL_IMAGE:
                complete = True
                if self._info.have_animation:  # the next frames are not wanted; metadata may follow a single one
                    break
            elif event == _BOX:
                self._begin_box()
            elif event == _BOX_NEED_OUTPUT:
                self._drop_box()
            elif complete:
                break
            else:
                raise LibjxlError("a file that is damaged or ends too soon")
        self._end_box()
        if not complete:
            raise LibjxlError("a file without a picture")
        return self._result

    def _read_info(self) -> None:
        _check(self._lib.JxlDecoderGetBasicInfo(self._decoder, self._info))
        info, result = self._info, self._result
        if not 0 < info.xsize * info.ysize <= self._max_pixels:
            raise LibjxlError(f"{info.xsize}×{info.ysize} pixels")
        sideways = info.orientation > 4
        result.width, result.height = (info.ysize, info.xsize) if sideways else (info.xsize, info.ysize)
        result.bands = info.num_color_channels + (info.alpha_bits > 0)

    def _read_color(self) -> None:
        lib, decoder = self._lib, self._decoder
        encoding = ffi.new("JxlColorEncoding*")
        if lib.JxlDecoderGetColorAsEncodedProfile(decoder, _DATA, encoding) == _SUCCESS:
            self._result.color = _color_encoding(encoding)
        if self._result.color is None:
            length = ffi.new("size_t*")
            _check(lib.JxlDecoderGetICCProfileSize(decoder, _DATA, length))
            icc = bytearray(length[0])
            _check(lib.JxlDecoderGetColorAsICCProfile(decoder, _DATA, ffi.from_buffer(icc), len(icc)))
            self._result.icc = bytes(icc)
        color = self._result.color
        needs_depth = self._deep or (color is not None and color.needs_depth)
        self._result.sixteen = needs_depth and self._info.bits_per_sample > 8

    def _give_image_buffer(self) -> None:
        result = self._result
        pixel_format = _pixel_format(result.bands, sixteen=result.sixteen)
        length = ffi.new("size_t*")
        _check(self._lib.JxlDecoderImageOutBufferSize(self._decoder, pixel_format, length))
        if length[0] != result.width * result.height * result.bands * (1 + result.sixteen):
            raise LibjxlError("a picture of another size than its header")
        result.pixels = bytearray(length[0])
        buffer = ffi.from_buffer(result.pixels)
        _check(self._lib.JxlDecoderSetImageOutBuffer(self._decoder, pixel_format, buffer, len(buffer)))

    def _begin_box(self) -> None:
        self._end_box()
        kind = ffi.new("char[4]")
        _check(self._lib.JxlDecoderGetBoxType(self._decoder, kind, 1))
        self._box = bytes(ffi.buffer(kind))
        if self._box in self._wanted:
            self._wanted.remove(self._box)
            self._buffer = ffi.new("uint8_t[]", MAX_METADATA)
            _check(self._lib.JxlDecoderSetBoxBuffer(self._decoder, self._buffer, MAX_METADATA))

    def _drop_box(self) -> None:
        self._lib.JxlDecoderReleaseBoxBuffer(self._decoder)
        self._box, self._buffer = b"", None

    def _end_box(self) -> None:
        if self._buffer is None:
            return
        unused = self._lib.JxlDecoderReleaseBoxBuffer(self._decoder)
        content = bytes(ffi.buffer(self._buffer, MAX_METADATA - unused))
        if self._box == b"Exif":
            self._result.exif = content[_EXIF_OFFSET:]
        else:
            self._result.xmp = content
        self._box, self._buffer = b"", None


def _check(status: int) -> None:
    if status != _SUCCESS:
        raise LibjxlError("refused by libjxl")


def _pixel_format(bands: int, *, sixteen: bool) -> Any:
    return ffi.new("JxlPixelFormat*", (bands, _UINT16 if sixteen else _UINT8, 0, 0))


def _color_encoding(encoding: Any) -> ColorEncoding | None:
    """Return libjxl's structure as ours; None for what has no equivalent, XYB and unknown curves."""
    if encoding.color_space not in (_RGB, _GREY):
        return None
    kind = encoding.transfer_function
    transfer: Curve | HdrTransfer | None
    if kind == _GAMMA:
        transfer = Curve(1 / encoding.gamma) if encoding.gamma > 0 else None
    elif kind in tuple(HdrTransfer):
        transfer = HdrTransfer(kind)
    else:
        by_code = _from_code_points(1, kind)
        transfer = _SDR_TRANSFERS.get(kind) or (by_code.transfer if by_code else None)
    if transfer is None:
        return None
    if encoding.color_space == _GREY:
        return ColorEncoding(transfer=transfer)
    points = (
        encoding.white_point_xy,
        encoding.primaries_red_xy,
        encoding.primaries_green_xy,
        encoding.primaries_blue_xy,
    )
    white, red, green, blue = ((point[0], point[1]) for point in points)
    primaries = Primaries(white, red, green, blue)
    return ColorEncoding(primaries, transfer) if is_usable(primaries) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToEncode:
    """A picture and how it is written."""

    pixels: bytes
    width: int
    height: int
    bands: int
    sixteen: bool
    distance: float
    """0 is lossless."""
    effort: int
    hdr: tuple[int, int] | None = None
    """Colour primaries and transfer characteristics of H.273 of HDR samples."""
    icc: bytes | None = None
    """The profile of the samples; sRGB without one."""
    exif: bytes | None = None
    """A TIFF structure, without the ``Exif`` of JPEG."""
    xmp: bytes | None = None


def encode(picture: ToEncode) -> bytes:
    """Return a JPEG XL file. Raises LibjxlError for what the library cannot write."""
    lib = library()
    encoder = lib.JxlEncoderCreate(ffi.NULL)
    if encoder == ffi.NULL:
        raise LibjxlError("no memory for an encoder")
    try:
        _write_header(lib, encoder, picture)
        settings = lib.JxlEncoderFrameSettingsCreate(encoder, ffi.NULL)
        _check(lib.JxlEncoderFrameSettingsSetOption(settings, _EFFORT, picture.effort))
        _check(lib.JxlEncoderSetFrameDistance(settings, picture.distance))
        if picture.distance == 0:
            _check(lib.JxlEncoderSetFrameLossless(settings, 1))
        pixel_format = _pixel_format(picture.bands, sixteen=picture.sixteen)
        pixels = ffi.from_buffer(picture.pixels)
        _check(lib.JxlEncoderAddImageFrame(settings, pixel_format, pixels, len(pixels)))
        lib.JxlEncoderCloseInput(encoder)
        return _output(lib, encoder)
    finally:
        lib.JxlEncoderDestroy(encoder)


def _write_header(lib: Any, encoder: Any, picture: ToEncode) -> None:
    grey, alpha = picture.bands < 3, picture.bands in (2, 4)
    info = ffi.new("JxlBasicInfo*")
    lib.JxlEncoderInitBasicInfo(info)
    info.xsize, info.ysize = picture.width, picture.height
    info.bits_per_sample = 16 if picture.sixteen else 8
    info.num_color_channels = 1 if grey else 3
    info.num_extra_channels = int(alpha)
    info.alpha_bits = info.bits_per_sample if alpha else 0
    info.uses_original_profile = int(picture.distance == 0)
    boxes = [(b"Exif", bytes(_EXIF_OFFSET) + picture.exif)] if picture.exif else []
    boxes += [(b"xml ", picture.xmp)] if picture.xmp else []
    if boxes:
        _check(lib.JxlEncoderUseBoxes(encoder))
    _check(lib.JxlEncoderSetBasicInfo(encoder, info))
    if picture.icc:
        _check(lib.JxlEncoderSetICCProfile(encoder, picture.icc, len(picture.icc)))
    else:
        _check(lib.JxlEncoderSetColorEncoding(encoder, _jxl_encoding(lib, picture.hdr, grey=grey)))
    for kind, content in boxes:
        _check(lib.JxlEncoderAddBox(encoder, kind, content, len(content), 0))
    if boxes:
        lib.JxlEncoderCloseBoxes(encoder)


def _jxl_encoding(lib: Any, hdr: tuple[int, int] | None, *, grey: bool) -> Any:
    encoding = ffi.new("JxlColorEncoding*")
    lib.JxlColorEncodingSetToSRGB(encoding, int(grey))
    color = None if hdr is None else _from_code_points(*hdr)
    if color is not None and hdr is not None:
        encoding.transfer_function = hdr[1]
        encoding.white_point = encoding.primaries = _CUSTOM
        primaries = color.primaries
        encoding.white_point_xy = primaries.white
        encoding.primaries_red_xy = primaries.red
        encoding.primaries_green_xy = primaries.green
        encoding.primaries_blue_xy = primaries.blue
    return encoding


def _output(lib: Any, encoder: Any) -> bytes:
    parts = []
    buffer = ffi.new("uint8_t[]", _CHUNK)
    status = _NEED_MORE_OUTPUT
    while status == _NEED_MORE_OUTPUT:
        place, left = ffi.new("uint8_t**", buffer), ffi.new("size_t*", _CHUNK)
        status = lib.JxlEncoderProcessOutput(encoder, place, left)
        parts.append(bytes(ffi.buffer(buffer, _CHUNK - left[0])))
    _check(status)
    return b"".join(parts)
