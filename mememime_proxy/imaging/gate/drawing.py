"""One drawing through the gate, and the pictures and drawings inside of it.

The tree is parsed once, sanitised in place, and its cost is estimated by what is left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mememime_proxy.errors import ImageError
from mememime_proxy.formats import FORMATS
from mememime_proxy.formats.sniff import sniff
from mememime_proxy.imaging.gate.drawing_work import DrawingWork
from mememime_proxy.imaging.gate.header import MENDED, Buffer, ImageHeader
from mememime_proxy.imaging.gate.svg import document
from mememime_proxy.imaging.gate.svg.budget import MAX_NESTED_DRAWINGS, Budget
from mememime_proxy.imaging.gate.svg.pictures import EmbeddedPicture
from mememime_proxy.imaging.gate.svg.sanitiser import Sanitiser
from mememime_proxy.imaging.gate.svg.size import size_of
from mememime_proxy.imaging.gate.svg_cost.estimate import estimate
from mememime_proxy.plan import ImageLimits, RenderConfig

InspectPicture = Callable[[bytes, ImageLimits, RenderConfig], tuple[ImageHeader, bytes]]
"""``gate.inspect``, for pictures of other formats inside of a drawing."""


def read(
    data: Buffer, limits: ImageLimits, config: RenderConfig, inspect: InspectPicture, style: str = ""
) -> tuple[ImageHeader, bytes]:
    """Return the header of a drawing, and its text: without document type, and sanitised where the operator wants that.

    ``style``: CSS that is put in front of its own.
    Raises UnknownFormatError, LimitError and BrokenImageError.
    """
    reader = _Reader(limits, config, inspect)
    text, work, size = reader.read(data, style)
    header = ImageHeader(
        format="svg",
        width=size[0],
        height=size[1],
        alpha=True,
        icc=False,
        exif=False,
        bands=4,
        drawing=work,
    )
    return header, text


class _Reader:
    """Reader of a drawing and those inside of it, which share one budget."""

    def __init__(self, limits: ImageLimits, config: RenderConfig, inspect: InspectPicture) -> None:
        # What a picture costs is bounded by the pixels of all of them; a frame of an animation is one.
        self._limits = replace(limits, max_animation_frames=1)
        self._config = config
        self._inspect = inspect
        self._budget = Budget(max_pixels=0 if config.svg_unlimited else limits.max_src_resolution)

    def read(self, data: Buffer, style: str = "") -> tuple[bytes, DrawingWork | None, tuple[int, int]]:
        """Return the text of a drawing, its work, and its size in pixels."""
        config = self._config
        root, text = document.read(data, config.max_svg_size, unlimited=config.svg_unlimited)
        if style:
            document.add_style(root, style)
            text = document.serialise(root)
        pictures: dict[str, EmbeddedPicture] = {}
        if config.sanitize_svg:
            sanitiser = Sanitiser(self._accept, self._budget)
            sanitiser.run(root)
            text = document.serialise(root)
            pictures = sanitiser.pictures
        work = None if config.svg_unlimited else estimate(root, text, pictures, self._budget)
        return text, work, size_of(root)

    def _accept(self, picture: bytes) -> tuple[str, bytes, EmbeddedPicture] | None:
        """Return media type, bytes and size of an embedded picture that passed the gate; None if it did not."""
        name = sniff(picture)
        if name is None:
            return None
        if name == "svg":
            return self._accept_drawing(picture)
        try:
            header, body = self._inspect(picture, self._limits, self._config)
        except ImageError:
            return None
        self._budget.add_pixels(header.width * header.height)
        embedded = EmbeddedPicture(header.width, header.height, header.scans)
        return FORMATS[name].mime, picture if name in MENDED else body, embedded

    def _accept_drawing(self, picture: bytes) -> tuple[str, bytes, EmbeddedPicture] | None:
        if self._budget.depth >= MAX_NESTED_DRAWINGS:
            return None
        self._budget.depth += 1
        try:
            text, work, size = self.read(picture)
        except ImageError:
            return None
        finally:
            self._budget.depth -= 1
        return FORMATS["svg"].mime, text, EmbeddedPicture(*size, drawing=work)
