"""Pages of a document and frames of an animation as one still picture."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pyvips

from mememime_proxy.errors import HashsumError, LimitError
from mememime_proxy.formats.output_plan import FIRST_PAGE, PageRange
from mememime_proxy.formats.sniff import sniff
from mememime_proxy.geometry.geometry import Geometry, Rotation, calculate
from mememime_proxy.imaging.codecs.load import OriginalImage
from mememime_proxy.imaging.gate.header import Buffer, ImageHeader
from mememime_proxy.imaging.orientation import rotate_upright
from mememime_proxy.imaging.picture import single_frame
from mememime_proxy.imaging.steps.vector import guarded_size
from mememime_proxy.plan import ImageLimits, Plan

_COUNTED: Final = 1 << 16
"""Frames up to which the gate counts those of an animation of which a plan names one."""
_MAX_PAGES: Final = 256
"""Of a TIFF that are looked for; the gate refuses one with more."""
_WHITE: Final = 255
_DOCUMENTS: Final = frozenset({"tiff", "pdf"})


def check_hashsum(data: Buffer, hashsum: str) -> None:
    """Return if an original has a digest (``Plan.hashsum``). Raises HashsumError."""
    kind, _, expected = hashsum.partition(":")
    if expected and (found := hashlib.new(kind, data, usedforsecurity=False).hexdigest()) != expected:
        raise HashsumError(f"{kind}: found {found}, expected {expected}")


def counting_limits(plan: Plan) -> ImageLimits:
    """Return the plan's limits for the gate, which has to count all frames where the plan names one of them."""
    if plan.pages == FIRST_PAGE:
        return plan.limits
    return replace(plan.limits, max_animation_frames=max(_COUNTED, plan.limits.max_animation_frames))


def from_page(data: Buffer, page: int) -> Buffer:
    """Return a TIFF whose first page is the one with that number, or its last one; other data as they are.

    It is a copy in which the offset of the first directory is another one; TIFF 6.0, section 2.
    """
    view = memoryview(data)
    if not page or sniff(view) != "tiff":
        return data
    order, big = "<" if bytes(view[:2]) == b"II" else ">", 43 in (view[2], view[3])
    place, word, count_word, entry = (8, "Q", "Q", 20) if big else (4, "I", "H", 12)
    offset = 0
    try:
        (offset,) = struct.unpack_from(f"{order}{word}", view, place)
        for _ in range(min(page, _MAX_PAGES)):
            (entries,) = struct.unpack_from(f"{order}{count_word}", view, offset)
            (following,) = struct.unpack_from(
                f"{order}{word}", view, offset + struct.calcsize(count_word) + entries * entry
            )
            if not following:
                break
            struct.unpack_from(f"{order}{count_word}", view, following)
            offset = following
    except (struct.error, OverflowError):  # what can be read of the chain ends here
        pass
    if not offset:
        return data
    copy = bytearray(view)
    struct.pack_into(f"{order}{word}", copy, place, offset)
    return bytes(copy)


def chosen_pages(header: ImageHeader, pages: PageRange) -> tuple[int, int]:
    """Return the number of the first frame and how many there are.

    Documents have been opened at their first page, by ``from_page`` or ``open_original``.
    """
    if header.format == "tiff":
        return 0, min(pages.count, header.pages)
    if header.format == "pdf":
        return 0, min(pages.count, header.pages - header.page)
    if not header.animated:
        return 0, 1
    first = min(pages.first, header.pages - 1)
    return first, min(pages.count, header.pages - first)


class PageStack:
    """Pages of an original that one picture shows, one below the other and upright. Nothing is decoded yet."""

    def __init__(
        self, original: OriginalImage, first: int, count: int, reopen: Callable[[Buffer, int], OriginalImage]
    ) -> None:
        """``reopen``: returns the original in the bytes of another page of a document, and raises ImageError.

        They are those of that page of a TIFF, those of the document and the page's number for a PDF.
        """
        self._first, self._count = first, count
        self._originals = [original]
        if original.format == "tiff":
            self._originals += [reopen(from_page(original.data, index), 0) for index in range(1, count)]
        elif original.format == "pdf":
            page = original.header.page
            self._originals += [reopen(original.data, page + index) for index in range(1, count)]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of all pages together."""
        sizes = [_upright_size(each.header) for each in self._originals]
        if len(sizes) == 1:
            width, height = sizes[0]
            return width, height * self._count
        return max(width for width, _ in sizes), sum(height for _, height in sizes)

    @property
    def header(self) -> ImageHeader:
        """A header that stands for what is decoded: frames before the first one, too."""
        width, height = self.size
        header = self._originals[0].header
        skipped = self._first * header.height if header.animated else 0
        return replace(header, width=width, height=height + skipped, pages=1, animated=False, orientation=1)

    def geometry(self, plan: Plan) -> Geometry:
        """Return the geometry of all pages together; drawings are as large as the limits allow. Raises LimitError."""
        (width, height), limit = self.size, plan.limits.max_src_resolution
        is_vector = self._originals[0].vector
        if is_vector:
            width, height = guarded_size(width, height, limit)
        elif 0 < limit < width * height:
            raise LimitError(f"pages of {width}×{height} pixels are more than {limit}")
        return calculate(width, height, 1, plan, vector=is_vector)

    def load_for(self, geometry: Geometry, plan: Plan) -> tuple[pyvips.Image, Geometry]:
        """Return the picture, in memory, and its geometry: of drawings at the size that is wanted.

        Raises ImageError and pyvips.Error.
        """
        if not self._originals[0].vector:
            return self.load(), geometry
        reduction = 1.0 if plan.trim is not None else geometry.preshrink()
        image = self.load(geometry.source_width / self.size[0] / reduction)
        return image, geometry.loaded_at(image.width, image.height)

    def load(self, scale: float = 1.0) -> pyvips.Image:
        """Return the picture, in memory; ``scale``: of drawings. Raises ImageError and pyvips.Error."""
        original = self._originals[0]
        if original.format in _DOCUMENTS:
            return _joined(
                [_upright(single_frame(each.load(scale=scale)), each.header.orientation) for each in self._originals]
            )
        image = original.load(page=self._first, pages=self._count).copy_memory()
        height = image.height // self._count
        pages = [image.crop(0, index * height, image.width, height) for index in range(self._count)]
        return _joined([_upright(single_frame(page), original.header.orientation) for page in pages])


def _upright_size(header: ImageHeader) -> tuple[int, int]:
    sideways = Rotation.from_orientation(header.orientation).angle % 180 != 0
    return (header.height, header.width) if sideways else (header.width, header.height)


def _upright(image: pyvips.Image, orientation: int) -> pyvips.Image:
    return rotate_upright(image.copy_memory(), Rotation.from_orientation(orientation))


def _joined(pages: list[pyvips.Image]) -> pyvips.Image:
    first, *others = pages
    space = first.interpretation
    if any(page.interpretation != space for page in others):
        pages = [page.colourspace("srgb") for page in pages]
    width = max(page.width for page in pages)
    if any(page.hasalpha() for page in pages):
        pages = [page if page.hasalpha() else page.addalpha() for page in pages]
    fill = [0.0 if pages[0].hasalpha() else float(_WHITE) * (257 if pages[0].format == "ushort" else 1)]
    widened = [
        page if page.width == width else page.embed(0, 0, width, page.height, extend="background", background=fill)
        for page in pages
    ]
    joined = widened[0]
    for page in widened[1:]:
        joined = joined.join(page, "vertical", expand=True, align="low")
    return joined.copy_memory()
