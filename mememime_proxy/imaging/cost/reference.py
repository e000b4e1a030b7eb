"""The tables of costs: docs/cost.md. ``python -m mememime_proxy.imaging.cost.reference`` writes it."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

from mememime_proxy.cost import SMALL_CPU, SMALL_MEMORY
from mememime_proxy.imaging.cost.decoders import DECODERS, Decoder
from mememime_proxy.imaging.cost.encoders import ENCODERS, Encoder
from mememime_proxy.imaging.cost.operations import OPERATIONS
from mememime_proxy.imaging.cost.work import BASE_BYTES, BASE_SECONDS

PATH = Path(__file__).parents[3] / "docs" / "cost.md"

_HEAD = f"""# Cost of a job

Before a pixel is decoded, a worker estimates what a job will cost: CPU seconds, bytes of memory, and bytes that its
result has at most. It knows the header of the original, the plan and the operator's settings, and adds up the records
on this page: a decoder, what the plan does to the pixels, an encoder, on top of {BASE_SECONDS * 1000:g} ms and
{BASE_BYTES >> 20} MiB that any job takes. A job of at most {SMALL_CPU * 1000:g} ms and {SMALL_MEMORY >> 20} MiB is
*small*, whatever its format; others are *large* (many pixels), *vector* (drawings), *modern* (AVIF, HEIC, JPEG XL) or
*animation*. The class and the figures decide when a job runs, what it may take before it is ended, and how much of the
service's memory is reserved for it.

**What estimates promise.** A picture that a decoder accepts takes at most twice the CPU time of its estimate, on a
machine as fast as the one that was measured; a service learns the factor of its own. Photographs take about half of it
to all of it, noise up to one and a half times as much. Memory is an upper bound. `python -m benchmarks cost` measures
both for pictures of every format, content and size and for plans with every option, and its results are committed
([benchmarks](../benchmarks/README.md)); a test holds a sample of them.

Times are nanoseconds, memory is bytes. A *sample* is one channel of one pixel.
"""

_DECODERS = """
## Decoders

Time is for each *pixel* of the file, each *sample byte* (a byte that a pixel of the file has once it is decoded: 1.5
for a JPEG with halved colours, 8 for 16-bit RGBA), each *file byte*, each pixel of a *plane* (a channel of a JPEG XL
that is coded by its samples, as all are in a lossless one), each pixel of a further *scan*, and each *output* pixel, of
which there are fewer where JPEG and WebP are decoded smaller. *Held* is memory for each pixel of the file, for each of
its sample bytes, planes and output pixels. *Copies* of the file are in memory too.
Of a PDF the page counts as output, and the file's largest picture as pixels. A JPEG XL of layers takes as much
for each of them, and some for each pixel of the picture beside.
"""

_OPERATIONS = """
## Operations

Time for each sample of the picture at that point. Filters, rotations, trimming, smart crops and animations also hold
copies of the picture at that point; a reduction holds twenty rows of its result as rows of the original. A blur of 32
pixels and more is computed on a smaller copy, so that its time does not grow any further.
"""

_ENCODERS = """
## Encoders

Time for each pixel of the result, times the factor of the operator's effort (from 0 up): *pixel* for a flat picture of
quality 0, and what comes on top: *noise* where all is noise (in proportion to the bytes that the original has for each
pixel), *best* at quality 100 (in proportion to the fourth power of the quality). *Result* is the most bytes of a file
of quality 100. A search for `max_bytes` multiplies the time by the number of tries. So does
one by `autoquality`, of up to three files, or seven for a size; a look at the picture takes 12 ms more, and each file
that is measured 14 ms.
"""


def page() -> str:
    """Return the text of docs/cost.md."""
    return "".join((
        _HEAD,
        _DECODERS, "\n", _records(DECODERS, Decoder),
        _OPERATIONS, "\n| operation | time |\n|---|---|\n",
        "".join(f"| {name} | {time:g} |\n" for name, time in OPERATIONS.items()),
        _ENCODERS, "\n", _records(ENCODERS, Encoder),
    ))  # fmt: skip


def _records(records: dict[str, Any], kind: type[Any]) -> str:
    columns = [column.name for column in fields(kind)]
    lines = [
        "| | " + " | ".join(column.replace("_", " ") for column in columns) + " |",
        "|---" * (len(columns) + 1) + "|",
    ]
    for name, record in records.items():
        lines.append(f"| {name} | " + " | ".join(_cell(getattr(record, column)) for column in columns) + " |")
    return "\n".join(lines) + "\n"


def _cell(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(f"{factor:g}" for factor in value)
    return f"{value:g}" if value else ""


if __name__ == "__main__":
    PATH.write_text(page())
