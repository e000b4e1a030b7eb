"""One drawing through the gate, and the pictures and drawings inside of it.

The tree is parsed once, sanitised in place, and its cost is estimated by what is left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mememime_proxy.errors import ImageError
from mememime_proxy.formats import FORMATS
from mememime_proxy.imaging.gate.header import MENDED, Buffer, ImageHeader
from mememime_proxy.imaging.gate.svg import document
from mememime_proxy.imaging.gate.svg.budget import MAX_NESTED_DRAWINGS, Budget
from mememime_proxy.imaging.gate.svg.cost import Cost, estimate
from mememime_proxy.imaging.gate.svg.sanitiser import Sanitiser
from mememime_proxy.imaging.gate.svg.size import size_of
from mememime_proxy.plan import ImageLimits, RenderConfig
from mememime_proxy.sniff import sniff

InspectPicture = Callable[[bytes, ImageLimits, RenderConfig], tuple[ImageHeader, bytes]]
"""``gate.inspect``, for pictures of other formats inside of a drawing."""


def read(data: Buffer, limits: ImageLimits, config: RenderConfig, inspect: InspectPicture) -> tuple[ImageHeader, bytes]:
    """Return the header of a drawing, and its text: without document type, and sanitised where the operator wants that.

    Raises UnknownFormatError, LimitError and BrokenImageError.
    """
    reader = _Reader(limits, config, inspect)
    text, cost, size = reader.read(data)
    header = ImageHeader(
        format="svg",
        width=size[0],
        height=size[1],
        alpha=True,
        icc=False,
        exif=False,
        bands=4,
        cost_per_pixel=cost.per_pixel,
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
        self._costs: dict[bytes, Cost] = {}

    def read(self, data: Buffer) -> tuple[bytes, Cost, tuple[int, int]]:
        """Return the text of a drawing, its cost, and its size in pixels."""
        config = self._config
        root, text = document.read(data, config.max_svg_size, unlimited=config.svg_unlimited)
        pictures: dict[str, Cost] = {}
        if config.sanitize_svg:
            sanitiser = Sanitiser(self._accept, self._budget)
            sanitiser.run(root)
            text = document.serialise(root)
            pictures = {uri: self._costs[body] for uri, body in sanitiser.drawings() if body in self._costs}
        cost = Cost() if config.svg_unlimited else estimate(root, text, pictures, self._budget)
        return text, cost, size_of(root)

    def _accept(self, picture: bytes) -> tuple[str, bytes] | None:
        """Return the media type of an embedded picture, and its bytes as they passed the gate; None if they did not."""
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
        return FORMATS[name].mime, picture if name in MENDED else body

    def _accept_drawing(self, picture: bytes) -> tuple[str, bytes] | None:
        if self._budget.depth >= MAX_NESTED_DRAWINGS:
            return None
        self._budget.depth += 1
        try:
            text, cost, _ = self.read(picture)
        except ImageError:
            return None
        finally:
            self._budget.depth -= 1
        self._costs[text] = cost
        return FORMATS["svg"].mime, text
