"""PDF documents by PDFium: the size of a page, and its pixels at any scale.

Its build for Python has no engine for scripts; forms are shown as they are stored, nothing in a document is executed.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import pyvips

from mememime_proxy.errors import BrokenImageError, PasswordError
from mememime_proxy.memfd import Buffer

_PASSWORD: Final = 4
"""FPDF_ERR_PASSWORD."""
_PIXELS_TO_POINT: Final = 96 / 72
"""As those of a drawing: 72 points are 96 pixels."""
_WHITE: Final = (255, 255, 255, 255)
_NOTHING: Final = (255, 255, 255, 0)


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What a document tells of one page."""

    pages: int
    """All pages of the document."""
    page: int
    """Number of this one."""
    width: float
    """In pixels at 96 dots per inch, after the page's own rotation."""
    height: float


def page_facts(data: Buffer, page: int) -> PageFacts:
    """Return the facts of a page, or of the last one where there are fewer.

    Raises PasswordError and BrokenImageError.
    """
    with _opened(data) as document:
        pages = len(document)
        if not pages:
            raise BrokenImageError("PDF without a page")
        number = min(page, pages - 1)
        width, height = (side * _PIXELS_TO_POINT for side in document.get_page_size(number))
    if not (0 < width < math.inf and 0 < height < math.inf):
        raise BrokenImageError(f"PDF with a page of {width}×{height}")
    return PageFacts(pages, number, width, height)


def rasterised(data: Buffer, page: int, width: int, height: int, *, transparent: bool) -> pyvips.Image:
    """Return a page as an image of that size, in memory: RGB on white, or RGBA if ``transparent``.

    Raises BrokenImageError.
    """
    pdfium: Any = importlib.import_module("pypdfium2")
    raw: Any = importlib.import_module("pypdfium2.raw")
    kind, bands = (raw.FPDFBitmap_BGRA, 4) if transparent else (raw.FPDFBitmap_BGR, 3)
    with _opened(data) as document:
        opened = document[page]
        bitmap = pdfium.PdfBitmap.new_native(width, height, kind, rev_byteorder=True)
        try:
            bitmap.fill_rect(_NOTHING if transparent else _WHITE, 0, 0, width, height)
            flags = raw.FPDF_ANNOT | raw.FPDF_REVERSE_BYTE_ORDER
            raw.FPDF_RenderPageBitmap(bitmap, opened, 0, 0, width, height, 0, flags)
            rows, stride, line = memoryview(bitmap.buffer).cast("B"), bitmap.stride, width * bands
            # a copy, because the memory is gone with the bitmap
            pixels = b"".join(rows[at : at + line] for at in range(0, height * stride, stride))
        finally:
            bitmap.close()
            opened.close()
    image: pyvips.Image = pyvips.Image.new_from_memory(memoryview(pixels), width, height, bands, "uchar")
    return image.copy(interpretation="srgb")


@contextmanager
def _opened(data: Buffer) -> Iterator[Any]:
    pdfium: Any = importlib.import_module("pypdfium2")
    try:
        document = pdfium.PdfDocument(bytes(data))
        try:
            yield document
        finally:
            document.close()
    except pdfium.PdfiumError as error:
        if error.err_code == _PASSWORD:
            raise PasswordError("PDF that is encrypted with a password") from error
        raise BrokenImageError(f"PDF: {error}") from error
