"""Seconds of sound in a CPU second: peaks, loudness, AAC, Opus and others, beside the same work by bare PyAV."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.filter import Graph

from benchmarks.statistics import median, spread
from mememime_proxy.av import engine
from mememime_proxy.av.byte_source import ByteSource
from mememime_proxy.av.results import make
from mememime_proxy.av.sound.production import measure_track
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.formats.media_plan import MediaPlan, Waveform
from mememime_proxy.memfd import memfd
from mememime_proxy.plan import Plan

RATE = 44100
GOALS = {"peaks": 500, "loudness": 200, "m4a": 60, "opus": 120}
"""Seconds of sound in a CPU second that are to be reached."""
_CONFIG = FilmConfig(max_result=1 << 30, timeout=3600)
_ENCODERS = {"m4a": ("mp4", "aac", 48000, 128_000), "opus": ("ogg", "libopus", 48000, 96_000),
             "mp3": ("mp3", "libmp3lame", RATE, 0), "flac": ("flac", "flac", RATE, 0)}  # fmt: skip


def music(seconds: int) -> bytes:
    """Return chords with a beat of noise, in stereo, as a FLAC file."""
    times = np.arange(seconds * RATE) / RATE
    random = np.random.default_rng(1)
    notes = 220 * 2 ** (np.array([0, 3, 7, 10, 12, 5])[(times // 0.5).astype(int) % 6] / 12)
    phase = 2 * np.pi * np.cumsum(notes) / RATE
    tones = sum(np.sin(phase * factor) / factor for factor in (1, 1.5, 2, 3, 5))
    beat = random.normal(0, 0.5, len(times)) * np.exp(-(times % 0.5) * 20)
    samples = np.stack((tones + beat, np.roll(tones, 400) - beat)) * 0.12
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="flac") as file:
        stream: Any = file.add_stream("flac", rate=RATE, layout="stereo")
        whole = (samples * 32767).astype(np.int16)
        for begin in range(0, whole.shape[1], RATE):
            part = np.ascontiguousarray(whole[:, begin : begin + RATE].T).reshape(1, -1)
            frame: Any = AudioFrame.from_ndarray(part, format="s16", layout="stereo")
            frame.sample_rate, frame.pts = RATE, begin
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return buffer.getvalue()


def sound(rounds: int, seconds: int = 60) -> dict[str, Any]:
    """Measure each kind of work in turns; a row for each."""
    engine.prepare()
    content = music(seconds)
    descriptor = memfd("sound", content)

    def source() -> ByteSource:
        return ByteSource(descriptor, len(content))

    def result(plan: Plan) -> Callable[[], object]:
        return lambda: make(source(), plan, _CONFIG)

    works: dict[str, tuple[Callable[[], object], Callable[[], object] | None]] = {
        "peaks": (result(Plan(format="json", media=MediaPlan(waveform=Waveform(512)))), None),
        "spectrogram": (result(Plan(format="png", media=MediaPlan(spectrogram=True))), None),
        "loudness": (lambda: measure_track(source(), "flac", _CONFIG, "", 2), lambda: _bare_loudness(content)),
        "wav": (result(Plan(format="wav")), None),
    }
    for name, settings in _ENCODERS.items():
        works[name] = result(Plan(format=name)), lambda settings=settings: _bare_encode(content, *settings)
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, (ours, bare) in works.items():
            times[name].append((_cpu(ours), _cpu(bare) if bare is not None else 0.0))
    os.close(descriptor)
    return {name: _row(name, seconds, pairs) for name, pairs in times.items()}


def libraries() -> dict[str, str]:
    """Return the versions of the libraries that read and make sound."""
    return engine.libraries()


def _row(name: str, seconds: int, pairs: list[tuple[float, float]]) -> dict[str, Any]:
    ours = [each for each, _ in pairs]
    row: dict[str, Any] = {"seconds_per_cpu_second": round(seconds / median(ours)), "spread": f"{spread(ours):.0%}"}
    row["goal"] = GOALS.get(name, "")
    has_bare = all(bare for _, bare in pairs)
    row["cpu_by_bare"] = round(median([each / bare for each, bare in pairs]), 2) if has_bare else ""
    return row


def _cpu(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _frames(content: bytes, rate: int, layout: str = "stereo") -> Iterator[AudioFrame]:
    with av.open(io.BytesIO(content)) as file:
        resampler = AudioResampler("fltp", layout, rate)
        for frame in file.decode(audio=0):
            yield from resampler.resample(frame)
        yield from resampler.resample(None)


def _bare_encode(content: bytes, container: str, codec: str, rate: int, bit_rate: int) -> None:
    with av.open(io.BytesIO(), "w", format=container) as file:
        stream: Any = file.add_stream(codec, rate=rate, layout="stereo")
        stream.codec_context.thread_count = 1
        if bit_rate:
            stream.bit_rate = bit_rate
        elif codec == "libmp3lame":
            stream.codec_context.qscale, stream.codec_context.global_quality = True, 2 * 118
        for frame in _frames(content, rate):
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))


def _bare_loudness(content: bytes) -> None:
    graph = Graph()
    graph.threads = 1
    buffer = graph.add("abuffer", f"sample_rate={RATE}:sample_fmt=fltp:channel_layout=stereo:time_base=1/{RATE}")
    graph.link_nodes(buffer, graph.add("ebur128", "peak=true:metadata=1"), graph.add("abuffersink")).configure()
    for frame in _frames(content, RATE):
        graph.push(frame)
        while True:
            try:
                graph.pull()
            except (av.error.BlockingIOError, EOFError):
                break
