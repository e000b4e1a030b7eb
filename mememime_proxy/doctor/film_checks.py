"""Checks of the workers that read films: that they start and are confined, and what the engine is."""

from __future__ import annotations

import os
import struct
from collections.abc import AsyncIterator
from typing import Final

from mememime_proxy.doctor.findings import Finding, note, ok, wrong
from mememime_proxy.doctor.worker_checks import check_libraries, check_sandbox
from mememime_proxy.errors import MememimeError
from mememime_proxy.formats.containers import EXTRA, is_engine_installed
from mememime_proxy.memfd import memfd
from mememime_proxy.plan import RenderConfig
from mememime_proxy.settings import sections
from mememime_proxy.settings.settings import Settings
from mememime_proxy.workers.pool import Pool, WorkerJob

_SUBJECT: Final = "films"
_TIMEOUT: Final = 20.0


async def check_films(settings: Settings) -> AsyncIterator[Finding]:
    """Start the workers that read films, and let one look at a piece of sound."""
    if not settings.enable_video_thumbnails:
        yield note("films.engine", _SUBJECT, f"switched off by {settings.variable('enable_video_thumbnails')}")
        return
    if not is_engine_installed():
        yield note("films.engine", _SUBJECT, f"not read: the extra {EXTRA!r} is not installed")
        return
    from mememime_proxy.av import engine  # noqa: PLC0415 - not where it is not installed

    report = engine.report()
    yield ok("films.engine", _SUBJECT, f"FFmpeg {report.version} by {report.binding}")
    yield ok("films.licence", "licence of FFmpeg", report.licence)
    yield ok("films.codecs", "codecs that are read", ", ".join(report.decoders))
    yield ok("films.codecs", "encoders of this FFmpeg", ", ".join(report.encoders) or "none that is used")
    pool = Pool(sections.film_pool_config(settings), RenderConfig())
    try:
        await pool.start()
        yield check_sandbox(pool.sandbox, "sandbox of the workers for films")
        for finding in check_libraries(pool.libraries):
            yield finding
        yield await _look(pool)
    except MememimeError as error:
        yield wrong("films.start", f"{settings.film_worker_count} workers for films", error.detail)
    finally:
        await pool.close(0)


async def _look(pool: Pool) -> Finding:
    descriptor = memfd("self-test", _sound())
    try:
        await pool.run(WorkerJob("film_info"), descriptor, _TIMEOUT)
    finally:
        os.close(descriptor)
    return ok("films.start", f"{pool.config.size} workers for films", "started")


def _sound() -> bytes:
    """Return a tenth of a second of silence: a WAV."""
    samples = bytes(1600)
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16)
    data = struct.pack("<4sI", b"data", len(samples)) + samples
    return struct.pack("<4sI4s", b"RIFF", 4 + len(form) + len(data), b"WAVE") + form + data
