"""The error of a request for an error of libvips, by the text that this request alone caused."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

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
_LOST_PIXELS = re.compile(
    r"^VipsJpeg: (?:premature end"
    r"|corrupt JPEG data: (?:premature|bad|found|[1-9]\d+ extraneous bytes before marker 0x(?:c4|da))).*",
    re.MULTILINE | re.IGNORECASE,
)
"""What libjpeg warns of where pixels are missing or wrong. Bytes before the end marker are harmless padding; before the
tables of a later scan they are most often the rest of a scan that was decoded wrongly.
"""

T = TypeVar("T")


def run_job(work: Callable[[], T]) -> T:
    """Return the result of one job with libvips; its errors are raised as those of ``map_vips_error``.

    libvips appends all messages of a process, warnings among them, to one buffer and never clears it. It is cleared
    here, so that no job is judged by the text of another one.
    """
    pyvips.vips_lib.vips_error_clear()
    try:
        return work()
    except pyvips.Error as error:
        raise map_vips_error(error) from error
    except MemoryError as error:
        raise WorkerCrashError("out of memory") from error


def reported_damage() -> str:
    """Return what a decoder of the present job said about damage that it went past; '' if it said nothing."""
    match = _LOST_PIXELS.search(pyvips.ffi.string(pyvips.vips_lib.vips_error_buffer()).decode("utf-8", "replace"))
    return match[0] if match else ""


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
