"""Films beside pictures: the p99 of either while a crowd asks for the other, and without it, by turns."""

from __future__ import annotations

import itertools
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pyvips

from benchmarks.load import requester
from benchmarks.statistics import median, percentile, spread
from tests.support.proxy_process import ProxyProcess
from tests.support.stream_film import stream_film

BAR: Final = 2.0
"""Times the quiet p99 that pictures may take beside a crowd of films."""
_SAMPLE: Final = Path(__file__).parents[2] / "config" / "samples" / "astronaut.jpg"
_PICTURE: Final = "/unsafe/rs:fit:300/cb:{}/plain/local:///a.jpg@webp"
_SEGMENT: Final = "/unsafe/ld:120/sd:2/es:9/cb:{}/plain/local:///film.mp4@m3u8/~/120/{}.m4s"
_SEGMENTS: Final = 16
_PICTURE_LOAD: Final = 0.3
_SEGMENT_LOAD: Final = 0.1
"""Shares of the capacity that are asked for where latency is measured.

Workers for films have the lower priority: where pictures saturate all CPUs, they get about a tenth of one.
"""
_CROWD: Final = 8
"""Requests of a crowd at any time: several times the workers, so that its queue is never empty."""
_CALIBRATION: Final = 4.0
_numbers = itertools.count()
_Requests = Callable[[int], list[str]]
"""Paths of so many requests, no two alike."""


def films(rounds: int, seconds: float) -> dict[str, dict[str, Any]]:
    """Rows for pictures beside films and films beside pictures; ``seconds``: of each phase."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        originals = folder / "originals"
        originals.mkdir()
        pyvips.Image.thumbnail(str(_SAMPLE), 1200, size="both").jpegsave(str(originals / "a.jpg"), Q=88)
        (originals / "film.mp4").write_bytes(stream_film())
        with ProxyProcess(
            folder / "proxy",
            allow_unsigned="1",
            local_filesystem_root=str(originals),
            variants_cache_size="0",
            pixels_cache_size="0",
            av_ahead="0",
            timeout="60",
            log_level="info",
        ) as proxy:
            return {
                "pictures beside films": _beside(proxy.port, _pictures, _PICTURE_LOAD, _segments, rounds, seconds)
                | {"bar": BAR},
                "films beside pictures": _beside(proxy.port, _segments, _SEGMENT_LOAD, _pictures, rounds, seconds),
            }


def _pictures(count: int) -> list[str]:
    return [_PICTURE.format(number) for number in itertools.islice(_numbers, count)]


def _segments(count: int) -> list[str]:
    return [_SEGMENT.format(number, number % _SEGMENTS) for number in itertools.islice(_numbers, count)]


def _beside(port: int, kind: _Requests, load: float, crowd: _Requests, rounds: int, seconds: float) -> dict[str, Any]:
    """Measure requests of one kind alone and beside a crowd of the other kind."""
    found = requester.collect(requester.closed_loop(port, kind(20_000), 2, _CALIBRATION))
    rate = load * found.status.count(200) / found.wall
    alone, together, made, refused = [], [], [], 0
    for _ in range(rounds):
        quiet = _ask(port, kind, rate, seconds)
        busy = requester.closed_loop(port, crowd(20_000), _CROWD, seconds)
        beside = _ask(port, kind, rate, seconds)
        alone.append(_p99(quiet))
        together.append(_p99(beside))
        refused += beside.status.count(503)
        made.append(requester.collect(busy).status.count(200) / seconds)
    ratios = [slow / fast for slow, fast in zip(together, alone, strict=True)]
    return {
        "per_second": round(rate, 1),
        "p99_alone_ms": round(1000 * median(alone), 1),
        "p99_beside_ms": round(1000 * median(together), 1),
        "ratio": round(median(ratios), 2),
        "spread": f"{spread(ratios):.0%}",
        "refused": refused,
        "crowd_per_second": round(median(made), 1),
    }


def _ask(port: int, kind: _Requests, rate: float, seconds: float) -> requester.Answers:
    """Ask at random moments."""
    rng, moments, at = random.Random(1), [], 0.0
    while at < seconds:
        moments.append(at)
        at += rng.expovariate(rate)
    answers = requester.collect(requester.open_loop(port, list(zip(moments, kind(len(moments)), strict=True))))
    if not set(answers.status) <= {200, 503}:
        raise RuntimeError(f"neither results nor refusals: {sorted(set(answers.status))}")
    return answers


def _p99(answers: requester.Answers) -> float:
    """Return the p99 of the seconds of results; a refusal counts as the slowest of them."""
    results = [taken for taken, status in zip(answers.seconds, answers.status, strict=True) if status == 200]
    return percentile(results + [max(results)] * (len(answers.seconds) - len(results)), 0.99)
