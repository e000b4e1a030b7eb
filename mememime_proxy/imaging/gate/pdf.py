"""PDF: its structure is checked, then PDFium tells the size of the page."""

from __future__ import annotations

import math
from typing import Final

from mememime_proxy.formats import FORMATS, cannot_read
from mememime_proxy.imaging.gate.header import ImageHeader
from mememime_proxy.imaging.pdf.document import page_facts
from mememime_proxy.imaging.pdf.structure import largest_picture
from mememime_proxy.plan import RenderConfig

_MAX_PIXELS: Final = 1 << 28
"""Pixels that a page has by itself, at most: what PDFium can address."""


def walk(data: memoryview, max_pixels: int, config: RenderConfig, page: int) -> ImageHeader:
    """Return the header of a page at 96 dots per inch, smaller where it had more than ``max_pixels`` (0 = any number).

    ``page``: its number; behind the last one it is that.
    Raises MissingDecoderError, PasswordError, LimitError, BrokenImageError.
    """
    if not FORMATS["pdf"].readable:
        raise cannot_read("pdf")
    largest = largest_picture(data, max_pixels)
    facts = page_facts(data, page)
    limit = min(max_pixels or _MAX_PIXELS, _MAX_PIXELS)
    reduction = max(1.0, math.sqrt(facts.width) * math.sqrt(facts.height) / math.sqrt(limit))
    width, height = (max(1, min(limit, round(side / reduction))) for side in (facts.width, facts.height))
    if width * height > limit:  # a stripe whose other side cannot be less than a pixel
        width, height = (min(side, limit // other) for side, other in ((width, height), (height, width)))
    return ImageHeader(
        format="pdf",
        width=width,
        height=height,
        pages=facts.pages,
        page=facts.page,
        alpha=config.pdf_no_background,
        bands=4 if config.pdf_no_background else 3,
        layer_pixels=largest,
        strip_pixels=largest,
        icc=False,
        exif=False,
    )
