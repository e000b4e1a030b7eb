"""Settings of video encoders, as plain data, and an encoder's stream in a file that is written.

One thread each, whatever the machine has: equal settings and frames give equal bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from mememime_proxy.av.encoding.levels import av1_level, h264_level
from mememime_proxy.av.encoding.quality import (
    DEFAULT_SPEED,
    FASTEST,
    av1_crf,
    bit_rate_cap,
    h264_crf,
    hevc_crf,
    svt_preset,
    x264_preset,
)
from mememime_proxy.av.engine import has_avx512

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.video.stream import VideoStream

_X264: Final = "libx264"
_X264_PARAMS: Final = "x264-params"
_B_FRAMES: Final = 3
_PROFILE: Final = "6400"
"""Two bytes of the SPS: High."""
_PROFILE_OF_KEY_FRAMES: Final = "6410"
_PROFILE_OF_FASTEST: Final = "42c0"
"""Baseline: the fastest preset uses no tool of a higher profile, and x264 writes the lowest one."""


@dataclass(frozen=True, slots=True)
class VideoFormat:
    """What is encoded: upright frames with square pixels and even sides."""

    width: int
    height: int
    rate: Fraction
    """Frames a second."""
    key_interval: int
    """Frames from one key frame to the next."""
    color: tuple[int, int, int] = (2, 2, 2)
    """Code points (ITU-T H.273) of primaries, transfer function and matrix; 2 = not told. Of limited range."""


@dataclass(frozen=True, slots=True)
class VideoChoices:
    """What may be chosen of an encoder. 0: the default of the codec, or of the size."""

    quality: int = 0
    """1–100."""
    speed: int = DEFAULT_SPEED
    """0 slowest – 9 fastest."""
    bit_rate: int = 0
    """Bits a second at most."""


@dataclass(frozen=True, slots=True)
class VideoSettings:
    """The settings of one encoder for one format."""

    encoder: str
    """FFmpeg's name."""
    options: tuple[tuple[str, str], ...]
    format: VideoFormat
    max_rate: int
    """Bits a second; the buffer holds those of one second."""
    delay: int = 0
    """Frames by which decoding begins before the first frame is shown, because frames are reordered."""
    codecs: str = ""
    """The codec as media types name it (RFC 6381); '' where it is known from the encoded bytes alone."""
    pixel_format: str = "yuv420p"


def h264(what: VideoFormat, how: VideoChoices = VideoChoices()) -> VideoSettings:
    """Return the settings of x264: profile High, a fixed level, closed groups of pictures that begin with an IDR frame.

    Raises LimitError for frames that no level holds.
    """
    max_rate = how.bit_rate or bit_rate_cap(what.width, what.height, what.rate)
    level = h264_level(what.width, what.height, what.rate, max_rate)
    b_frames = 0 if how.speed == FASTEST else min(_B_FRAMES, what.key_interval - 1)
    keys = f"keyint={what.key_interval}:min-keyint={what.key_interval}:scenecut=0:open-gop=0:stitchable=1"
    options = {
        "preset": x264_preset(how.speed),
        "crf": str(h264_crf(how.quality)),
        "profile": "high",
        "level": f"{level // 10}.{level % 10}",
        "bf": str(b_frames),
        "forced-idr": "1",
        _X264_PARAMS: keys,
        **_capped(max_rate),
    }
    profile = _PROFILE_OF_KEY_FRAMES if what.key_interval == 1 else _PROFILE
    codecs = f"avc1.{_PROFILE_OF_FASTEST if how.speed == FASTEST else profile}{level:02x}"
    return VideoSettings(_X264, tuple(options.items()), what, max_rate, min(2, b_frames), codecs)


def hevc(what: VideoFormat, how: VideoChoices = VideoChoices()) -> VideoSettings:
    """Return the settings of x265."""
    max_rate = how.bit_rate or bit_rate_cap(what.width, what.height, what.rate)
    keys = f"keyint={what.key_interval}:min-keyint={what.key_interval}:scenecut=0:open-gop=0"
    options = {
        "preset": x264_preset(how.speed),
        "crf": str(hevc_crf(how.quality)),
        "x265-params": f"{keys}:pools=none:frame-threads=1:log-level=none:info=0",
        **_capped(max_rate),
    }
    return VideoSettings("libx265", tuple(options.items()), what, max_rate)


def av1(what: VideoFormat, how: VideoChoices = VideoChoices()) -> VideoSettings:
    """Return the settings of SVT-AV1. Raises LimitError for frames that no level holds."""
    max_rate = how.bit_rate or bit_rate_cap(what.width, what.height, what.rate)
    keys = f"keyint={what.key_interval}:irefresh-type=2:scd=0:lp=1"
    cap = f":mbr={max_rate // 1000}" if how.bit_rate else ""
    options = {
        "preset": str(svt_preset(how.speed)),
        "crf": str(av1_crf(how.quality)),
        "svtav1-params": keys + cap,
    }
    codecs = f"av01.0.{av1_level(what.width, what.height, what.rate):02d}M.08"
    return VideoSettings("libsvtav1", tuple(options.items()), what, max_rate, 0, codecs)


def vp9(what: VideoFormat, how: VideoChoices = VideoChoices()) -> VideoSettings:
    """Return the settings of libvpx for VP9: its quick mode from speed 5 on, else the one for files."""
    max_rate = how.bit_rate or bit_rate_cap(what.width, what.height, what.rate)
    options = {
        "deadline": "realtime" if how.speed >= 5 else "good",
        "cpu-used": str(min(how.speed, 8)),
        "crf": str(av1_crf(how.quality)),
        "b": str(max_rate if how.bit_rate else 0),
        "g": str(what.key_interval),
        "row-mt": "0",
    }
    return VideoSettings("libvpx-vp9", tuple(options.items()), what, max_rate)


SETTINGS: Final[dict[str, Callable[[VideoFormat, VideoChoices], VideoSettings]]] = {
    "h264": h264,
    "hevc": hevc,
    "av1": av1,
    "vp9": vp9,
}
"""The function of each codec, by its name in URLs."""


def add_stream(film: OutputContainer, settings: VideoSettings) -> VideoStream:
    """Return a new stream of a film that is written. Its frames have times in units of a frame, from any number on."""
    what = settings.format
    options = dict(settings.options)
    if settings.encoder == _X264 and has_avx512():
        # With AVX-512 (core 165) about one in a hundred segments of equal frames has other bytes; those of AVX2 are
        # always the ones that most of them have.
        options[_X264_PARAMS] += ":asm=avx2"
    stream: Any = film.add_stream(settings.encoder, rate=what.rate, options=options)
    stream.width, stream.height, stream.pix_fmt = what.width, what.height, settings.pixel_format
    stream.time_base = 1 / what.rate
    context = stream.codec_context
    context.time_base, context.thread_count = 1 / what.rate, 1
    context.gop_size = what.key_interval
    context.color_primaries, context.color_trc, context.colorspace = what.color
    context.color_range = 1
    video: VideoStream = stream
    return video


def _capped(max_rate: int) -> dict[str, str]:
    return {"maxrate": str(max_rate), "bufsize": str(max_rate)}
