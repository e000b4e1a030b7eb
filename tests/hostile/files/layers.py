"""JPEG XL of many frames that make one picture: layers, shown at no time of their own. Rows C6 and H11."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import cffi
import numpy as np

from mememime_proxy.color.encoding import from_code_points
from mememime_proxy.imaging.codecs import libjxl
from mememime_proxy.imaging.codecs.libjxl_abi import DECLARATIONS
from mememime_proxy.imaging.color.icc import profile_for
from tests.hostile.records import Hostile

_MORE = """
typedef struct { int mode; uint32_t source, alpha; int clamp; } JxlBlendInfo;
typedef struct {
  int have_crop; int32_t crop_x0, crop_y0; uint32_t xsize, ysize;
  JxlBlendInfo blend_info; uint32_t save_as_reference;
} JxlLayerInfo;
typedef struct {
  uint32_t duration, timecode, name_length; int is_last; JxlLayerInfo layer_info; uint8_t padding[100];
} JxlFrameHeader;
void JxlEncoderInitFrameHeader(JxlFrameHeader*);
int JxlEncoderSetFrameHeader(JxlEncoderFrameSettings*, const JxlFrameHeader*);
int JxlEncoderSetFrameName(JxlEncoderFrameSettings*, const char*);
"""
_EFFORT, _BLEND, _MORE_OUTPUT = 0, 2, 2
_CHUNK = 1 << 16
Place = tuple[int, int] | None


@cache
def _library() -> tuple[Any, Any]:
    ffi: Any = cffi.FFI()
    ffi.cdef(DECLARATIONS + _MORE)
    libjxl.library()
    return ffi, ffi.dlopen(libjxl.library_path())


def layered(
    frames: Sequence[np.ndarray],
    *,
    places: Sequence[Place] | None = None,
    durations: Sequence[int] | None = None,
    names: Sequence[str] | None = None,
    options: dict[int, int] | None = None,
    effort: int = 1,
    distance: float = 0.0,
    icc: bytes | None = None,
) -> bytes:
    """Return a file of frames of 1 to 4 channels, the first of which has the size of the picture.

    ``places``: where a frame is in the picture, None for all of it; ``durations``: in ticks of an animation, 0 for a
    layer; ``options``: of libjxl by their numbers.
    """
    ffi, lib = _library()
    encoder = lib.JxlEncoderCreate(ffi.NULL)
    height, width, bands = frames[0].shape
    info = ffi.new("JxlBasicInfo*")
    lib.JxlEncoderInitBasicInfo(info)
    info.xsize, info.ysize, info.bits_per_sample = width, height, 8
    info.num_color_channels = 1 if bands < 3 else 3
    info.num_extra_channels = int(bands in (2, 4))
    info.alpha_bits = 8 * info.num_extra_channels
    info.uses_original_profile = int(distance == 0)
    if durations is not None:
        info.have_animation, info.tps_numerator, info.tps_denominator = 1, 10, 1
    _check(lib.JxlEncoderSetBasicInfo(encoder, info))
    if icc is None:
        encoding = ffi.new("JxlColorEncoding*")
        lib.JxlColorEncodingSetToSRGB(encoding, int(bands < 3))
        _check(lib.JxlEncoderSetColorEncoding(encoder, encoding))
    else:
        _check(lib.JxlEncoderSetICCProfile(encoder, icc, len(icc)))
    for number, frame in enumerate(frames):
        settings = lib.JxlEncoderFrameSettingsCreate(encoder, ffi.NULL)
        for option, value in {_EFFORT: effort, **(options or {})}.items():
            _check(lib.JxlEncoderFrameSettingsSetOption(settings, option, value))
        _check(lib.JxlEncoderSetFrameDistance(settings, distance))
        if distance == 0:
            _check(lib.JxlEncoderSetFrameLossless(settings, 1))
        head = ffi.new("JxlFrameHeader*")
        lib.JxlEncoderInitFrameHeader(head)
        if durations is not None:
            head.duration = durations[number]
        layer = head.layer_info
        place = places[number] if places else None
        if place is not None:
            layer.have_crop, (layer.crop_x0, layer.crop_y0) = 1, place
        layer.ysize, layer.xsize = frame.shape[:2]
        layer.save_as_reference = layer.blend_info.source = 1
        layer.blend_info.mode = _BLEND if number and bands in (2, 4) else 0
        if number == len(frames) - 1:
            layer.save_as_reference = 0
        _check(lib.JxlEncoderSetFrameHeader(settings, head))
        if names is not None:
            _check(lib.JxlEncoderSetFrameName(settings, names[number].encode()))
        pixels = frame.tobytes()
        pixel_format = ffi.new("JxlPixelFormat*", (bands, 2, 0, 0))
        _check(lib.JxlEncoderAddImageFrame(settings, pixel_format, ffi.from_buffer(pixels), len(pixels)))
    lib.JxlEncoderCloseInput(encoder)
    parts = []
    buffer, status = ffi.new("uint8_t[]", _CHUNK), _MORE_OUTPUT
    while status == _MORE_OUTPUT:
        place_, left = ffi.new("uint8_t**", buffer), ffi.new("size_t*", _CHUNK)
        status = lib.JxlEncoderProcessOutput(encoder, place_, left)
        parts.append(bytes(ffi.buffer(buffer, _CHUNK - left[0])))
    _check(status)
    lib.JxlEncoderDestroy(encoder)
    return b"".join(parts)


def _check(status: int) -> None:
    if status:
        raise RuntimeError("refused by libjxl")


def flat(side: int, bands: int = 3, value: int = 90) -> np.ndarray:
    return np.full((side, side, bands), value, np.uint8)


def _layers(count: int, side: int, bands: int = 3, **options: Any) -> bytes:
    return layered([flat(side, bands, number % 251) for number in range(count)], **options)


def layers(count: int) -> bytes:
    return _layers(count, 2000)


def layers_slow(count: int) -> bytes:
    """Without loss, by an encoder that takes its time."""
    return _layers(count, 2000, effort=3)


def layers_lossy(count: int) -> bytes:
    return _layers(count, 2000, distance=1.0)


def layers_alpha(count: int) -> bytes:
    return _layers(count, 2000, 4)


def layers_tiny(count: int) -> bytes:
    """Of one pixel each; a decoder lays all of the picture over all of it."""
    return layered([flat(2000, 4), *[flat(1, 4)] * count], places=[None, *[(5, 5)] * count])


def layers_many(count: int) -> bytes:
    return _layers(count, 16)


def layers_profile(count: int) -> bytes:
    """Frames behind a colour profile, whose length only decoding tells."""
    encoding = from_code_points(9, 1)
    if encoding is None:
        raise RuntimeError("no such colours")
    return _layers(count, 2000, effort=3, icc=profile_for(encoding, grey=False))


def frames(count: int) -> bytes:
    """Of an animation, of which the first is the picture."""
    return layered([flat(64, 3, number % 251) for number in range(count)], durations=[1] * count)


def layers_animated(count: int) -> bytes:
    """Frames of no duration in front of the first one that is shown."""
    return _layers(count, 2000, durations=[*[0] * (count - 1), 1])


def slow(side: int) -> bytes:
    return layered([flat(side)], effort=3)


def squeezed(side: int) -> bytes:
    """From coarse to fine, without loss."""
    return layered([flat(side)], effort=3, options={16: 1})


def progressive(side: int) -> bytes:
    return layered([flat(side)], distance=1.0, effort=3, options={17: 1, 18: 1, 19: 2})


_FILES: dict[str, tuple[Callable[[int], bytes], int]] = {
    "layers": (layers, 50), "layers-slow": (layers_slow, 14), "layers-lossy": (layers_lossy, 20),
    "layers-alpha": (layers_alpha, 20), "layers-tiny": (layers_tiny, 900), "layers-many": (layers_many, 900),
    "layers-more": (layers_many, 3000), "layers-profile": (layers_profile, 14), "layers-few": (layers, 10),
    "layers-animated": (layers_animated, 20), "frames": (frames, 2000),
    "slow-25": (slow, 5000), "squeezed-25": (squeezed, 5000), "progressive-49": (progressive, 7000),
}  # fmt: skip


def records() -> Iterator[Hostile]:
    for name, (build, size) in _FILES.items():
        row = "C6" if build in (layers_many, frames) else "H11"
        yield Hostile(f"jxl-{name}", row, "jxl", build, size, legal=name.endswith(("-25", "-49")))
