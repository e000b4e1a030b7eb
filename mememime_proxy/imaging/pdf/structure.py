"""What the gate reads of a PDF's bytes before PDFium opens it: how many objects, streams and pixels there may be.

ISO 32000-2, 7.3 and 8.9.5. Dictionaries of streams are never compressed, so that those of all pictures are seen.
Nothing is inflated; time is linear in the bytes.
"""

from __future__ import annotations

import re
from typing import Final

from mememime_proxy.errors import LimitError
from mememime_proxy.memfd import Buffer

MAX_OBJECTS: Final = 200_000
"""Objects of a file; a book of a thousand pages has some ten thousand."""
_MAX_DICTIONARY: Final = 4096
"""Bytes in front of a stream in which its dictionary is looked for."""
_OBJECT: Final = re.compile(rb"\bobj\b")
_STREAM: Final = re.compile(rb"(?<!end)stream\r?\n")
_WIDTH: Final = re.compile(rb"/Width\s+(\d{1,10})")
_HEIGHT: Final = re.compile(rb"/Height\s+(\d{1,10})")


def largest_picture(data: Buffer, max_pixels: int) -> int:
    """Return the pixels of the largest picture in a file that is within the limits; ``max_pixels``: 0 = any number.

    Raises LimitError.
    """
    view = memoryview(data)
    if sum(1 for _ in _OBJECT.finditer(view)) > MAX_OBJECTS:
        raise LimitError(f"PDF with more than {MAX_OBJECTS} objects")
    largest = end = 0
    for match in _STREAM.finditer(view):
        start, end = max(end, match.start() - _MAX_DICTIONARY), match.end()
        width, height = _most(_WIDTH, view[start:end]), _most(_HEIGHT, view[start:end])
        largest = max(largest, width * height)
        if 0 < max_pixels < largest:
            raise LimitError(f"PDF with a picture of {width}×{height} pixels, which are more than {max_pixels}")
    return largest


def _most(pattern: re.Pattern[bytes], dictionary: memoryview) -> int:
    return max((int(number) for number in pattern.findall(dictionary)), default=0)
