"""Checks of the worker pool: that it starts, that workers are confined, and which formats they write."""

from __future__ import annotations

import importlib.util
from collections.abc import AsyncIterator, Iterator, Mapping

from mememime_proxy.doctor.findings import Finding, note, ok, wrong
from mememime_proxy.errors import MememimeError, missing_extra
from mememime_proxy.formats import FORMATS
from mememime_proxy.proxy.variants import self_test
from mememime_proxy.proxy.variants.picture_pool import picture_pool_config, signing_key
from mememime_proxy.settings import sections
from mememime_proxy.settings.settings import Settings
from mememime_proxy.workers.libraries import outdated
from mememime_proxy.workers.pool import Pool
from mememime_proxy.workers.sandbox import confine

_RENDER_TIMEOUT = 20.0
_EXTRAS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("use_gcs", "cloud", ("obstore",)),
    ("use_abs", "cloud", ("obstore",)),
    ("open_telemetry_enable", "otel", ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")),
    ("repack_assets", "repack", ("mozjpeg_lossless_optimization", "oxipng")),
    ("auto_jxl", "jxl", ("imagecodecs",)),
    ("enforce_jxl", "jxl", ("imagecodecs",)),
)
"""Settings that need the modules of an extra. What needs them without a setting says so when it is used."""


def check_extras(settings: Settings) -> Iterator[Finding]:
    """Check whether what the settings switch on is installed."""
    for name, extra, modules in _EXTRAS:
        if getattr(settings, name):
            subject = f"MEMEMIME_{name.upper()}"
            if all(map(_is_installed, modules)):
                yield ok("extras.installed", subject, f"the extra {extra!r} is installed")
            else:
                yield wrong("extras.installed", subject, missing_extra(subject, extra).detail)


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # of the package that it is in
        return False


async def check_workers(settings: Settings) -> AsyncIterator[Finding]:
    """Start the pool of the settings, and render a small picture in each format."""
    try:
        config = picture_pool_config(settings, signing_key(settings))
        pool = Pool(config, sections.render_config(settings))
        await pool.start()
    except MememimeError as error:
        yield wrong("workers.start", f"{settings.worker_count} workers", error.detail)
        return
    try:
        yield ok("workers.start", f"{settings.worker_count} workers", "started")
        for name in ("disabled_source_formats", "disabled_result_formats"):
            if disabled := getattr(settings, name):
                yield note("workers.formats", settings.variable(name), f"disabled: {', '.join(disabled)}")
        yield check_sandbox(pool.sandbox)
        for finding in check_libraries(pool.libraries):
            yield finding
        yield check_fonts(has_fonts=await self_test.has_fonts(pool, _RENDER_TIMEOUT))
        for format_ in FORMATS.values():
            if format_.writable:
                yield await _check_format(pool, format_.name)
            if not format_.readable:
                detail = f"needs the optional module {format_.module}"
                yield note("workers.formats", f"format {format_.name}", detail)
            elif not format_.writable:
                yield ok("workers.formats", f"format {format_.name}", "can be read, is not written")
    finally:
        await pool.close(0)


def check_sandbox(layers: tuple[str, ...], subject: str = "sandbox of the workers") -> Finding:
    """Check whether workers have all layers of the sandbox."""
    if missing := confine.missing(layers):
        return note("workers.sandbox", subject, f"without {confine.explain(missing)}")
    return ok("workers.sandbox", subject, ", ".join(layers))


def check_fonts(*, has_fonts: bool) -> Finding:
    """Check whether workers can draw text."""
    if has_fonts:
        return ok("workers.fonts", "fonts", "texts can be drawn")
    detail = "there are none: watermark_text is refused, and texts of drawings are boxes. Debian has fonts-dejavu-core"
    return note("workers.fonts", "fonts", f"{detail}; MEMEMIME_FONTS_DIR names a folder of others")


def check_libraries(versions: Mapping[str, str]) -> Iterator[Finding]:
    """Check whether the libraries of workers are new enough."""
    too_old = {library: least for library, _, least in outdated(versions)}
    for library, version in versions.items():
        if least := too_old.get(library):
            detail = f"{version}, expected {least} or newer: it reads originals of strangers"
            yield wrong("workers.libraries", library, detail)
        else:
            yield ok("workers.libraries", library, version)


async def _check_format(pool: Pool, name: str) -> Finding:
    try:
        info = await self_test.render(pool, _RENDER_TIMEOUT, name)
    except MememimeError as error:
        return wrong("workers.formats", f"format {name}", error.detail)
    return ok("workers.formats", f"format {name}", f"written as {info.format}")
