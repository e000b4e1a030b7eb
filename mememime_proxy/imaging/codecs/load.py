"""From the bytes of an original to libvips images: one decoder a format, never a guess."""

from __future__ import annotations

from functools import partial
from typing import Any

import pyvips

from mememime_proxy.color.encoding import ColorEncoding
from mememime_proxy.decoded import LoadKey
from mememime_proxy.errors import BrokenImageError
from mememime_proxy.formats import FORMATS, cannot_read
from mememime_proxy.imaging.codecs import bitmap, external_decoders, gif
from mememime_proxy.imaging.codecs.frames import avif as animated_avif
from mememime_proxy.imaging.codecs.frames import stack
from mememime_proxy.imaging.codecs.tiff import samples as tiff
from mememime_proxy.imaging.color.bmp_header import embedded_profile
from mememime_proxy.imaging.color.samples import with_color_profile
from mememime_proxy.imaging.color.working_space import with_profile, without_profile
from mememime_proxy.imaging.gate import inspect
from mememime_proxy.imaging.gate.header import Buffer, ImageHeader
from mememime_proxy.imaging.pdf.document import rasterised
from mememime_proxy.imaging.pixels.exchange import PixelExchange
from mememime_proxy.plan import ImageLimits, RenderConfig

STRICT = "error"
"""Level of libvips' ``fail_on`` at which a file that is damaged or ends too soon is refused.

Nothing less will do for TIFF, whose missing strips libvips leaves black otherwise. What decoders only warn of, such as
the flipped bits in a JPEG that browsers show too, goes through.
"""
SVG_DPI = 96.0
"""CSS pixels to the inch, as browsers have it."""
_POINTS_PER_INCH = 72.0
_SVG_MIN_SCALE = 0.001
"""What libvips takes; a still smaller drawing is made by fewer dots to the inch."""

_LOADERS = {
    "jpeg": "jpegload_source",
    "png": "pngload_source",
    "webp": "webpload_source",
    "svg": "svgload_source",
}
Frames = tuple[int, int]
"""The number of the first frame, and how many there are."""
_FIRST: Frames = (0, 1)
_EXCHANGED = frozenset({"jpeg", "png", "webp", "avif", "heic", "jxl"})
"""Formats of photographs whose pixels are computed from in the same parts, whether or not they are in memory.

Those of a TIFF in tiles are not; of others a page seldom shows several sizes.
"""


class OriginalImage:
    """An original that passed the gate. Its images read from ``data`` while they are worked on, without a copy."""

    __slots__ = ("_config", "_fail_on", "_preserve_hdr", "data", "header", "pixels")

    def __init__(
        self,
        header: ImageHeader,
        data: Buffer,
        config: RenderConfig,
        *,
        preserve_hdr: bool = False,
        fail_on: str = STRICT,
        pixels: PixelExchange | None = None,
    ) -> None:
        self.header = header
        self.data = data
        self._config = config
        self._preserve_hdr = preserve_hdr
        self._fail_on = fail_on
        self.pixels = pixels if _is_exchangeable(header) else None
        """Pixels that were decoded before, and those that are handed back; None where each render decodes."""

    @property
    def format(self) -> str:
        """Name of the format."""
        return self.header.format

    @property
    def vector(self) -> bool:
        """A drawing, which can be loaded at any scale."""
        return FORMATS[self.header.format].vector

    @property
    def animated(self) -> bool:
        """More than one frame, to be shown one after the other."""
        return self.header.animated

    @property
    def gain_map(self) -> bool:
        """A JPEG with a gain map (Ultra HDR)."""
        return self.header.gain_map

    def load(
        self,
        *,
        shrink: float = 1.0,
        scale: float = 1.0,
        page: int = 0,
        pages: int = 1,
        thumbnail: bool = False,
        gain_map: bool = False,
    ) -> pyvips.Image:
        """Return the pixels, to be read once from top to bottom: ``pages`` frames, the first of which is ``page``.

        ``shrink``: how many times smaller; 2, 4 or 8 for JPEG, any number from 1 for WebP, ignored for other formats.
        ``scale``: of a drawing, in relation to its own size at 96 dots per inch. ``thumbnail``: the small picture
        embedded in a HEIF file instead. ``gain_map``: with the gain map, as libvips' metadata.

        Raises ImageError or pyvips.Error; decoding goes on lazily, so later operations may raise the latter too.
        """
        if self.pixels is not None and (page, pages) == _FIRST and not thumbnail:
            return self.pixels.load(self.load_key(shrink), partial(self._load, shrink))
        return self._load(shrink, scale, (page, pages), thumbnail=thumbnail, gain_map=gain_map)

    def small(self, side: int) -> pyvips.Image:
        """Return a copy for analysis, decoded by itself: at least ``side`` pixels along the longer side, or all.

        Raises as ``load``.
        """
        longest = max(self.header.width, self.header.height)
        if self.vector:
            return self._load(1.0, scale=min(1.0, side / longest))
        reduction = max(1.0, longest / side)
        if self.header.format == "jpeg":
            return self._load(max(step for step in (1, 2, 4, 8) if step <= reduction))
        return self._load(reduction if self.header.format == "webp" and not self.animated else 1.0)

    def load_key(self, shrink: float) -> LoadKey:
        """Return what, for this original, decides about the pixels of a load."""
        return LoadKey(shrink, self._preserve_hdr)

    def _load(
        self,
        shrink: float,
        scale: float = 1.0,
        frames: Frames = _FIRST,
        *,
        thumbnail: bool = False,
        gain_map: bool = False,
    ) -> pyvips.Image:
        image = self._decode(shrink, scale, frames, thumbnail=thumbnail, gain_map=gain_map)
        name = self.header.format
        if name == "bmp" and (icc := embedded_profile(memoryview(self.data))) is not None:
            image = with_profile(image, icc)
        if self.header.color_over_icc:
            image = without_profile(image)
        exif = memoryview(self.data) if name == "tiff" else None
        # JPEG XL always says what its samples are, and its decoder has attached that where it is not sRGB
        color = ColorEncoding() if name == "jxl" else self.header.color
        return with_color_profile(image, color, exif)

    def _decode(self, shrink: float, scale: float, frames: Frames, *, thumbnail: bool, gain_map: bool) -> pyvips.Image:
        name = self.header.format
        if name == "avif":
            return self._avif(frames, thumbnail=thumbnail)
        if thumbnail:
            raise BrokenImageError("no thumbnail that can be read")
        if name == "pdf":
            width, height = (max(1, round(side * scale)) for side in (self.header.width, self.header.height))
            return rasterised(self.data, self.header.page, width, height, transparent=self._config.pdf_no_background)
        if name in bitmap.DECODERS:
            return bitmap.DECODERS[name](self.data, self.header, partial=self._fail_on == "none")
        if name in external_decoders.DECODERS:
            return external_decoders.DECODERS[name](self.data, self.header, deep=self._deep)
        if gain_map and self.header.gain_map:
            shrunk: dict[str, Any] = {"shrink": int(shrink)} if shrink > 1 else {}
            return self._open("uhdrload_source", **shrunk)
        return self._by_libvips(name, self._options(shrink, scale, frames), frames)

    def _by_libvips(self, name: str, options: dict[str, Any], frames: Frames) -> pyvips.Image:
        if name == "gif":
            return gif.load(self.header, *frames, partial(self._open, "gifload_source"))
        if name == "tiff":
            return tiff.load(self.data, self.header, lambda data: self._open("tiffload_source", data=data, **options))
        image = self._open(_LOADERS[name], **options)
        return image if self.header.stack is None else stack.frames_of(image, self.header.stack, *frames)

    def _avif(self, frames: Frames, *, thumbnail: bool) -> pyvips.Image:
        """Decode by dav1d, which needs a third of the time, or by libheif where dav1d does not support the picture."""
        header = self.header
        if frames != _FIRST:
            page, pages = frames
            return animated_avif.read(self.data, header, pages, page=page, partial=self._fail_on == "none")
        if thumbnail:
            if not header.thumbnail:
                raise BrokenImageError("no thumbnail that can be read")
            return self._straight(self._open("heifload_source", thumbnail=True))
        if self._deep and header.bit_depth > 8 and not header.sequence:
            return external_decoders.visible(self._straight(self._open("heifload_source")), header)
        return external_decoders.avif(self.data, header)

    @property
    def _deep(self) -> bool:
        """More than 8 bits a channel are wanted: to be kept, or because fewer are too coarse before a conversion."""
        color = self.header.color
        return self._preserve_hdr or (color is not None and color.needs_depth)

    def _straight(self, image: pyvips.Image) -> pyvips.Image:
        """Return a picture of libheif, whose colours it leaves multiplied by alpha, with plain ones."""
        if not (self.header.premultiplied and image.hasalpha()):
            return image
        return image.unpremultiply().rint().cast(image.format).copy(interpretation=image.interpretation)

    def check_cost(self, scale: float) -> None:
        """Raise LimitError for a drawing that would take too long, or too much memory, at that scale; see ``load``.

        ``scale`` 0: what any size takes.
        """
        header = self.header
        if header.drawing is not None:
            header.drawing.check(header.width * scale, header.height * scale, len(memoryview(self.data)))

    def _options(self, shrink: float, scale: float, frames: Frames) -> dict[str, Any]:
        name = self.header.format
        options: dict[str, Any] = {}
        if name == "jpeg":
            if shrink > 1:
                options["shrink"] = int(shrink)
        elif name == "webp" and shrink > 1:
            options["scale"] = 1 / shrink
        elif name == "svg":
            # libvips' scale is one pixel to the point: at 96 dots per inch a CSS pixel would be 4/3 of one
            scale *= _POINTS_PER_INCH / SVG_DPI
            options["dpi"] = SVG_DPI * min(1.0, scale / _SVG_MIN_SCALE)
            options["scale"] = max(scale, _SVG_MIN_SCALE)
            if self._config.svg_unlimited:
                options["unlimited"] = True
        elif (name == "png" and self._config.png_unlimited) or (name == "tiff" and self._config.tiff_unlimited):
            options["unlimited"] = True
        if frames != _FIRST and name == "webp":
            options["page"], options["n"] = frames
        return options

    def _open(self, loader: str, *, data: Buffer | None = None, **options: Any) -> pyvips.Image:
        data = self.data if data is None else data
        source = pyvips.Source.new_from_memory(memoryview(data))
        options |= {"access": "sequential", "fail_on": self._fail_on}
        image: pyvips.Image = pyvips.Operation.call(loader, source, **options)
        # libvips holds on to the source, but nothing holds on to the memory behind it
        image._references.append(data)
        return image


def _is_exchangeable(header: ImageHeader) -> bool:
    """Whether one picture of pixels is all that is ever loaded of an original."""
    several = header.pages > 1 or header.animated or header.sequence or header.stack is not None
    return header.format in _EXCHANGED and not (several or header.gain_map)


def open_original(
    data: Buffer,
    limits: ImageLimits,
    config: RenderConfig,
    *,
    preserve_hdr: bool = False,
    fail_on: str = STRICT,
    pixels: PixelExchange | None = None,
    style: str = "",
    page: int = 0,
) -> OriginalImage:
    """Return the original in ``data`` behind the gate: nothing is decoded yet.

    ``preserve_hdr``: more than 8 bits a channel are wanted where the original has them. ``fail_on``: the least
    damage at which libvips' decoders fail. ``pixels``: of this original, and loaded with this configuration and
    ``fail_on``. ``style``: CSS for a drawing. ``page``: number of the page of a PDF.
    Raises UnknownFormatError, MissingDecoderError, LimitError, PasswordError, BrokenImageError.
    """
    header, data = inspect(data, limits, config, style, page)
    if not FORMATS[header.format].readable:
        raise cannot_read(header.format)
    return OriginalImage(header, data, config, preserve_hdr=preserve_hdr, fail_on=fail_on, pixels=pixels)
