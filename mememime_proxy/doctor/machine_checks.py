"""Checks of the machine or container: open files, shared memory, memory against the limits of workers."""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path

from mememime_proxy.doctor.findings import Finding, note, ok, wrong
from mememime_proxy.settings.settings import Settings
from mememime_proxy.workers.sandbox import confine

_CGROUP = Path("/sys/fs/cgroup")
_MEMORY_FILES = ("memory.max", "memory/memory.limit_in_bytes")
"""Of the unified hierarchy, and of the older one."""
_BASE_MEMORY = 256 << 20
"""Bytes of the event loop's process, of the zygote and of its reserve."""
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
    expected = max(_LEAST_FILES, _FILES_PER_REQUEST * settings.max_clients)
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


def memory_limit() -> tuple[int, str]:
    """Return the bytes of memory that this process may use, and where the limit was read; of the machine's, if none."""
    for name in _MEMORY_FILES:
        try:
            value = (_CGROUP / name).read_text("ascii").strip()
        except OSError:
            continue
        machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        if value.isdecimal() and int(value) < machine:
            return int(value), str(_CGROUP / name)
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), "memory of the machine"


def _memory(settings: Settings, services: int) -> Iterator[Finding]:
    limit, subject = memory_limit()
    workers = settings.worker_count
    # One more worker than the pool's size starts before the one that it replaces has ended.
    resident = services * (workers + 1) * settings.worker_max_memory
    caches = settings.originals_cache_size + settings.variants_cache_size
    needed = services * _BASE_MEMORY + resident + caches
    found = f"{limit // MIB} MiB"
    if not settings.worker_max_memory:
        yield note("machine.memory", subject, f"{found}; MEMEMIME_WORKER_MAX_MEMORY=0: workers may grow without limit")
    elif needed > limit:
        detail = f"{found}, but {workers} workers of MEMEMIME_WORKER_MAX_MEMORY, one spare and the caches may need"
        yield note("machine.memory", subject, f"{detail} {needed // MIB} MiB: the kernel may kill the service")
    else:
        yield ok("machine.memory", subject, f"{found}; {workers} workers and the caches may need {needed // MIB} MiB")
    if settings.worker_memory_limit and settings.worker_memory_limit > limit:
        detail = f"{settings.worker_memory_limit // MIB} MiB for one render, above the limit of {found} ({subject}):"
        yield note("machine.memory", "MEMEMIME_WORKER_MEMORY_LIMIT", f"{detail} the kernel ends what this would refuse")
