"""Checks of the machine or container: open files, shared memory, memory against the limits of workers."""

from __future__ import annotations

import resource
import shutil
from collections.abc import Iterator
from pathlib import Path

from mememime_proxy.doctor.findings import Finding, note, ok, wrong
from mememime_proxy.errors import SettingsError
from mememime_proxy.proxy.http.clients import WAITING_CLIENTS
from mememime_proxy.settings.checks import check_memory
from mememime_proxy.settings.memory import largest_render, memory_limit
from mememime_proxy.settings.settings import Settings
from mememime_proxy.workers.sandbox import confine

_CGROUPS = Path("/sys/fs/cgroup")
_BYTES_PER_PIXEL = 16
"""Of the decoders that take most: AVIF and HEIC, measured with large pictures."""
_FILES_PER_REQUEST = 4
"""Descriptors of one request: the client's socket, the source's, the original, the result."""
_LEAST_FILES = 1024
_SHARED_MEMORY = "/dev/shm"  # noqa: S108 - its size is looked at
_LEAST_SHARED_MEMORY = 64 << 20
MIB = 1 << 20


def check_machine(settings: Settings, services: int) -> Iterator[Finding]:
    """Check limits of this process; ``services``: how many services share them."""
    yield _open_files(settings)
    yield _shared_memory()
    yield from _memory(settings, services)
    for layer, state in confine.report().items():
        finding = note if state.startswith(("not ", "no ")) else ok
        yield finding("machine.sandbox", f"sandbox: {layer}", state)


def _open_files(settings: Settings) -> Finding:
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    expected = max(_LEAST_FILES, (_FILES_PER_REQUEST + WAITING_CLIENTS) * settings.max_clients)
    found = f"at most {limit} open files"
    if limit < _LEAST_FILES:
        return wrong("machine.open_files", "ulimit -n", f"{found}, expected {expected} or more")
    if limit < expected:
        detail = f"{found}, {expected} are needed for MEMEMIME_MAX_CLIENTS={settings.max_clients}"
        return note("machine.open_files", "ulimit -n", detail)
    return ok("machine.open_files", "ulimit -n", found)


def _shared_memory() -> Finding:
    """Check /dev/shm, which libraries may use. Pictures do not go through it: they are in anonymous memory files."""
    try:
        size = shutil.disk_usage(_SHARED_MEMORY).total
    except OSError as error:
        return note("machine.shared_memory", _SHARED_MEMORY, f"cannot be read ({error.strerror}); it is not needed")
    finding = ok if size >= _LEAST_SHARED_MEMORY else note
    detail = f"{size // MIB} MiB; pictures are in anonymous memory and do not need it"
    return finding("machine.shared_memory", _SHARED_MEMORY, detail)


def _memory(settings: Settings, services: int) -> Iterator[Finding]:
    limit, budget, workers = memory_limit(_CGROUPS), settings.memory_limit, settings.worker_count
    found = f"{budget // MIB} MiB for {workers} workers"
    if services * budget > limit.size:
        share = limit.size // services // MIB
        detail = f"{found}, for each of {services} services, above {limit.size // MIB} MiB ({limit.subject})"
        yield note("machine.memory", "MEMEMIME_MEMORY_BUDGET", f"{detail}: set it to less than {share} for each")
    try:
        check_memory(settings)
    except SettingsError as error:
        yield wrong("machine.memory", "MEMEMIME_MEMORY_BUDGET", error.detail)
        return
    largest = largest_render(budget, workers)
    found = f"{found}, {largest // MIB} MiB of them for one render"
    megapixels = largest / _BYTES_PER_PIXEL / 1_000_000
    if megapixels * 1_000_000 < settings.max_src_resolution:
        detail = f"{found}: AVIF, interlaced PNG and others above {megapixels:.0f} megapixels may be refused"
        yield note("machine.memory", "MEMEMIME_MEMORY_BUDGET", detail)
    else:
        yield ok("machine.memory", "MEMEMIME_MEMORY_BUDGET", f"{found} ({limit.size // MIB} MiB: {limit.subject})")
    if settings.worker_memory_limit and settings.worker_memory_limit > limit.size:
        detail = f"{settings.worker_memory_limit // MIB} MiB for one render, above {limit.size // MIB} MiB"
        yield note("machine.memory", "MEMEMIME_WORKER_MEMORY_LIMIT", f"{detail} ({limit.subject})")
