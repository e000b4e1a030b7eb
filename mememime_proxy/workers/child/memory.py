"""The memory of a worker process: what it uses, what it used at most, how it gives some back."""

from __future__ import annotations

import ctypes
import os
import resource
from typing import Final

from mememime_proxy.workers.wire import VipsMemory

_GROWTH: Final = 64 << 20
"""Resident bytes above those at the start from which freed memory goes back before the answer is sent."""
_RESIDENT: Final = 1
_DATA: Final = 5
"""Fields of ``/proc/self/statm``, in pages."""
_PAGE: Final = resource.getpagesize()
_RESET_PEAK: Final = b"5"
"""See proc(5), ``/proc/pid/clear_refs``."""


class Memory:
    """This process's memory. The files are opened once: a sandbox may forbid it later."""

    def __init__(self) -> None:
        self._statm = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._clear_refs = os.open("/proc/self/clear_refs", os.O_WRONLY | os.O_CLOEXEC)
        except OSError:
            self._clear_refs = -1
        self._trim = ctypes.CDLL(None).malloc_trim if hasattr(ctypes.CDLL(None), "malloc_trim") else None
        self._birth = self.resident()
        self._vips = _load_libvips()

    def resident(self) -> int:
        """Bytes in RAM, shared ones included."""
        return self._read(_RESIDENT)

    def data(self) -> int:
        """Bytes that count against RLIMIT_DATA: private mappings that can be written. The stack is counted, too."""
        return self._read(_DATA)

    def reset_peak(self) -> None:
        """Let ``peak`` count from now on. Without effect where the kernel has no such file."""
        if self._clear_refs >= 0:
            os.write(self._clear_refs, _RESET_PEAK)

    def peak(self) -> int:
        """Most bytes in RAM since ``reset_peak``."""
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10

    def vips(self) -> VipsMemory:
        """Return what libvips counts; zeros where it is not loaded."""
        library = self._vips
        if library is None:
            return VipsMemory()
        return VipsMemory(
            library.vips_tracked_get_mem(),
            library.vips_tracked_get_mem_highwater(),
            library.vips_tracked_get_allocs(),
        )

    def trim(self) -> None:
        """Give freed memory back to the kernel."""
        if self._trim is not None:
            self._trim(0)

    def reclaim(self) -> int:
        """Resident bytes after a job, trimmed first where that is worth its time."""
        resident = self.resident()
        if resident - self._birth < _GROWTH:
            return resident
        self.trim()
        return self.resident()

    def _read(self, field: int) -> int:
        return int(os.pread(self._statm, 128, 0).split()[field]) * _PAGE


def _load_libvips() -> ctypes.CDLL | None:
    """Return the libvips that this process has loaded; pyvips has no binding of its counters."""
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:  # noqa: PTH123 - read line by line
        path = next((line.split(maxsplit=5)[5].strip() for line in maps if "/libvips" in line), "")
    if not path:
        return None
    library = ctypes.CDLL(path)
    try:
        for name in ("vips_tracked_get_mem", "vips_tracked_get_mem_highwater"):
            getattr(library, name).restype = ctypes.c_size_t
        library.vips_tracked_get_allocs.restype = ctypes.c_int
    except AttributeError:
        return None
    return library
