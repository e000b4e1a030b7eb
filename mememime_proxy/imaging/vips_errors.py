"""The error of a request for an error of libvips."""

from __future__ import annotations

import re

import pyvips

from mememime_proxy.errors import BrokenImageError, LimitError, MememimeError, WorkerCrashError, WorkerError

_BROKEN = re.compile(
    r"^(?:\S+load(?:_buffer|_source)?: |\S+2vips: |VipsJpeg: |(?:lib)?png: |gif(?:load|lib)?: |heif: |webp: |tiff?: "
    r"|vipspng: libpng read|svgload: |XML parse error: |source: |premature end|read error|unable to call \S*load"
    r"|vips2\w+: unable to write to target)",
    re.MULTILINE | re.IGNORECASE,
)
"""Messages of decoders about their input; pixels are decoded lazily, so any later operation may carry them.

An encoder that cannot write to its target, which is memory and never fails, was given no pixels: of an interlaced PNG
that is damaged nothing else is said.
"""
_TOO_LARGE = re.compile(r"too large|too big|dimension|exceed", re.IGNORECASE)
_NO_MEMORY = re.compile(r"out of memory", re.IGNORECASE)


def map_vips_error(error: pyvips.Error) -> MememimeError:
    """Return the error to answer with for one of libvips."""
    message = f"{error.message}\n{error.detail}"
    if _NO_MEMORY.search(message):
        return WorkerCrashError(message)
    if _TOO_LARGE.search(message):
        return LimitError(message)
    if _BROKEN.search(message) or _is_silent(error):
        return BrokenImageError(message)
    return WorkerError(message)


def _is_silent(error: pyvips.Error) -> bool:
    """Return whether libvips reported no message, as for a truncated interlaced PNG."""
    return error.message.startswith("unable to ") and not str(error.detail).strip()
