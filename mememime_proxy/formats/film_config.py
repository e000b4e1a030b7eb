"""The operator's limits for films and sound."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmConfig:
    """The operator's limits for films, and in workers the watermark: the same for every request of a process."""

    max_pixels: int = 9_000_000
    """Of one frame."""
    max_read: int = 256 << 20
    """Bytes that one job may read of an original; 0 = no limit."""
    max_streams: int = 32
    max_duration: float = 4 * 3600
    """Seconds of a film or sound that is encoded; of a clip, its own."""
    max_fps: int = 60
    max_frames: int = 100_000
    """Of one result."""
    max_result: int = 64 << 20
    """Bytes of one result."""
    timeout: float = 30.0
    """Seconds for one result."""
    speed: float = 1.0
    """CPU speed of this machine, by that of the reference machine."""
    watermark: bytes | None = None
    watermark_opacity: float = 1.0
    codecs: tuple[str, ...] = ()
    """Codecs that results may have, by the names of options; empty = all that are installed."""
    probe_size: int = 5_000_000
    """Bytes that are read at most to find out about the streams."""
    max_analyze_duration: int = 0
    """Microseconds of the film that are read at most for that; 0 = FFmpeg's choice."""
