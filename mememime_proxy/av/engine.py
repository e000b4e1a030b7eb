"""The engine, FFmpeg in the process by PyAV: its version, its licence, what this build of it reads and writes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import av
from av import logging as engine_log
from av._core import library_meta
from av.codec import Codec

from mememime_proxy.av.allowlist import SOUND, VIDEO

_ENCODERS: Final = (
    *("libx264", "libopenh264", "libx265", "libsvtav1", "libvpx-vp9", "libvpx", "libopus", "aac", "libmp3lame"),
    *("flac", "alac", "libwebp_anim", "gif"),
)
_GPL: Final = frozenset({"libx264", "libx265"})
"""Libraries under the GPL: with one of them, a build is distributed under it as a whole."""


@dataclass(frozen=True, slots=True)
class EngineReport:
    """What ``mememime formats`` and ``mememime doctor`` tell of the engine."""

    version: str
    """Of FFmpeg."""
    binding: str
    """PyAV and its version."""
    licence: str
    """As FFmpeg says it, and what libraries in it add."""
    decoders: tuple[str, ...]
    """Codecs that are read here, of those that are allowed."""
    encoders: tuple[str, ...]


def prepare() -> None:
    """Set the library up before a fork: it writes nothing to stderr."""
    engine_log.set_level(engine_log.PANIC)
    # SVT-AV1 has a log of its own: nothing but fatal errors.
    os.environ["SVT_LOG"] = "0"
    has_avx512()  # workers cannot read what it is in


@cache
def has_avx512() -> bool:
    """Whether the processor has instructions of AVX-512."""
    try:
        return "avx512" in Path("/proc/cpuinfo").read_text("ascii", "replace")
    except OSError:
        return False


def libraries() -> dict[str, str]:
    """Return the versions of the libraries that read films and sound here, by name."""
    return {"FFmpeg": av.ffmpeg_version_info, "PyAV": av.__version__}


@cache
def decoders() -> tuple[str, ...]:
    """Return the names of FFmpeg's decoders that may be used, of those that are installed."""
    names = {_decoder_of(codec) for codec in VIDEO | SOUND}
    names |= {name for name in av.codecs_available if name.startswith("pcm_")}
    return tuple(sorted(names - {""}))


def report() -> EngineReport:
    """Return what this build of the engine is, and what it reads and writes."""
    encoders = tuple(name for name in _ENCODERS if has_encoder(name))
    licence = library_meta["libavcodec"]["license"]
    if gpl := sorted(_GPL & set(encoders)):
        licence += f"; with {' and '.join(gpl)}, GPL version 3 or later as a whole"
    codecs = tuple(sorted(codec for codec in VIDEO | SOUND if _decoder_of(codec)))
    return EngineReport(av.ffmpeg_version_info, f"PyAV {av.__version__}", licence, codecs, encoders)


def _decoder_of(codec: str) -> str:
    try:
        return Codec(codec.replace("amr_", "amr"), "r").name
    except ValueError:
        return ""


def has_encoder(name: str) -> bool:
    """Whether this build of FFmpeg has an encoder of this name."""
    try:
        return Codec(name, "w").name == name
    except ValueError:
        return False
