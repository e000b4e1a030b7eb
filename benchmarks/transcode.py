"""CPU of frames, short films and segments of streams, beside the ffmpeg program with the same settings, one thread."""

from __future__ import annotations

import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from benchmarks.statistics import median, spread
from mememime_proxy.av import engine
from mememime_proxy.av.byte_source import ByteSource
from mememime_proxy.av.encoding.video import VideoChoices, VideoFormat, VideoSettings, h264
from mememime_proxy.av.films import FilmReader
from mememime_proxy.av.results import make
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.formats.film_still import VideoMoment, VideoTile
from mememime_proxy.formats.media_plan import MediaPlan
from mememime_proxy.plan import Plan

RATIOS: Final = {"transcode": 1.1, "segment": 1.1, "frame": 1.3}
"""CPU time by that of ffmpeg that is to be reached at most."""
MILLISECONDS: Final = {"playlist": 2, "copied segment": 40, "tile of a sprite": 15}
"""CPU milliseconds to be reached, of what ffmpeg has no equal for."""
_SIZE: Final = (1280, 720)
_RATE: Final = 30
_KEY: Final = 60
_TILES: Final = 16
_LINES: Final = 360
_SEGMENT: Final = 4
"""Seconds of a segment: the second one begins at a key frame of the film."""
_MOMENT: Final = 5.5
_CONFIG: Final = FilmConfig(max_result=1 << 30, timeout=3600)
_FFMPEG: Final = ("ffmpeg", "-nostdin", "-v", "error", "-y", "-threads", "1", "-filter_threads", "1")
Work = Callable[[], object]


def transcode(rounds: int, seconds: int = 10) -> dict[str, dict[str, Any]]:
    """Measure each kind of work in turns with ffmpeg; a row for each. FileNotFoundError without that program."""
    engine.prepare()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "film.mp4")
        _write_film(path, seconds)
        descriptor = os.open(path, os.O_RDONLY)
        try:
            works = _works(path, descriptor)
            times: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
            for _ in range(rounds):
                for name, (ours, bare) in works.items():
                    times[name].append((_cpu(ours), _cpu(bare) if bare is not None else 0.0))
        finally:
            os.close(descriptor)
    return {name: _row(name, pairs) for name, pairs in times.items()}


def _works(path: Path, descriptor: int) -> dict[str, tuple[Work, Work | None]]:
    """Return the function of each kind of work, and that of ffmpeg."""
    size, reader = path.stat().st_size, FilmReader(_CONFIG)
    facts = reader.look(ByteSource(descriptor, size))

    def source() -> ByteSource:
        """The film, with what an earlier request has found out about it."""
        found = ByteSource(descriptor, size)
        found.facts = facts
        return found

    def result(format_: str, height: int = 0, **media: Any) -> Work:
        plan = Plan(format=format_, height=height, media=MediaPlan(**media))
        return lambda: make(source(), plan, _CONFIG)

    def member(name: str, *ladder: str) -> Work:
        return result("m3u8", member=name, ladder=ladder, segment_duration=_SEGMENT)

    frame = Plan(video_moment=VideoMoment(value=_MOMENT))
    tile = VideoTile(step=-1, columns=_TILES, rows=1, width=160, height=90)
    sprite = Plan(video_moment=VideoMoment(value=0), video_tile=tile, video_key_frames=True)
    lines = str(_LINES)
    film, segment = _settings(2 * _RATE), _settings(_SEGMENT * _RATE)
    part = ("-ss", str(_SEGMENT), "-i", str(path), "-frames:v", str(_SEGMENT * _RATE))
    return {
        "transcode": (result("mp4", _LINES, audio_codec="none"), _ffmpeg(("-i", str(path)), *_encoded(film))),
        "segment": (member(f"{lines}/1.m4s", lines), _ffmpeg(part, *_encoded(segment))),
        "frame": (
            lambda: reader.take_frame(source(), frame),
            _ffmpeg(
                ("-ss", str(_MOMENT), "-i", str(path)), "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"
            ),
        ),
        "playlist": (member(f"{lines}/v.m3u8", lines), None),
        "copied segment": (member("copy/1.m4s", lines, "copy"), None),
        "tile of a sprite": (lambda: reader.take_frame(source(), sprite), None),
    }


def _settings(key_interval: int) -> VideoSettings:
    size = _LINES * _SIZE[0] // _SIZE[1], _LINES
    return h264(VideoFormat(*size, Fraction(_RATE), key_interval), VideoChoices())


def _encoded(settings: VideoSettings) -> tuple[str, ...]:
    what = settings.format
    options = [word for name, value in settings.options for word in (f"-{name}:v", value)]
    scale = f"scale={what.width}:{what.height}:flags=bicubic+accurate_rnd+full_chroma_int"
    return ("-vf", scale, "-an", "-c:v", settings.encoder, *options, "-threads", "1", "-f", "mp4",
            "-movflags", "empty_moov+default_base_moof", "-")  # fmt: skip


def _ffmpeg(source: tuple[str, ...], *output: str) -> Work:
    return lambda: subprocess.run([*_FFMPEG, *source, *output], stdout=subprocess.DEVNULL, check=True)


def _write_film(path: Path, seconds: int) -> None:
    pictures = f"testsrc2=size={_SIZE[0]}x{_SIZE[1]}:rate={_RATE}:duration={seconds}"
    sources = ("-f", "lavfi", "-i", pictures, "-f", "lavfi", "-i", f"sine=duration={seconds}")
    video = ("-c:v", "libx264", "-preset", "veryfast", "-g", str(_KEY), "-sc_threshold", "0", "-pix_fmt", "yuv420p")
    subprocess.run([*_FFMPEG, *sources, *video, "-c:a", "aac", "-movflags", "faststart", str(path)], check=True)


def _cpu(work: Work) -> float:
    """Return the CPU seconds of a function and of the programs that it runs."""
    before = time.process_time() + _children()
    work()
    return time.process_time() + _children() - before


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _row(name: str, pairs: list[tuple[float, float]]) -> dict[str, Any]:
    ours = [each / (_TILES if name == "tile of a sprite" else 1) for each, _ in pairs]
    ratios = [each / bare for each, bare in pairs if bare]
    return {
        "cpu_ms": round(1000 * median(ours), 1),
        "spread": f"{spread(ours):.0%}",
        "cpu_by_ffmpeg": round(median(ratios), 2) if ratios else "",
        "goal": RATIOS.get(name) or f"{MILLISECONDS[name]} ms",
    }
