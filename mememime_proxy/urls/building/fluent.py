"""The options as typed methods, for :class:`~mememime_proxy.urls.building.builder.UrlBuilder`.

One method for each option of the table, with the arguments of the table in the same order; a test compares the two.
"""

from __future__ import annotations

from typing import Literal, Self

from mememime_proxy.urls.building.fluent_effects import FluentEffectOptions
from mememime_proxy.urls.building.fluent_output import FluentOutputOptions

ResizingTypeName = Literal["fit", "fill", "fill-down", "force", "auto"]
Place = Literal["ce", "no", "so", "ea", "we", "noea", "nowe", "soea", "sowe"]
PutGravity = Place | Literal["fp"]
CutGravity = Place | Literal["fp", "sm", "obj", "objw"]
ObjectGravity = Place | Literal["fp", "prop"]
WatermarkPlace = Place | Literal["re", "ch"]


class FluentOptions(FluentEffectOptions, FluentOutputOptions):
    """A method for each option. ``docs/options.md`` explains them."""

    def resize(
        self,
        type: ResizingTypeName | None = None,  # noqa: A002 - the argument's name in the URL language
        width: int | None = None,
        height: int | None = None,
        enlarge: bool | None = None,
        extend: bool | None = None,
        gravity: PutGravity | None = None,
        x: float | None = None,
        y: float | None = None,
    ) -> Self:
        """Resizing type and size at once."""
        return self.option("resize", type, width, height, enlarge, extend, gravity, x, y)

    def size(
        self,
        width: int | None = None,
        height: int | None = None,
        enlarge: bool | None = None,
        extend: bool | None = None,
        gravity: PutGravity | None = None,
        x: float | None = None,
        y: float | None = None,
    ) -> Self:
        """Width, height, and what to do with small pictures."""
        return self.option("size", width, height, enlarge, extend, gravity, x, y)

    def resizing_type(self, type: ResizingTypeName) -> Self:  # noqa: A002
        """How the picture meets the box."""
        return self.option("resizing_type", type)

    def width(self, width: int) -> Self:
        """Width of the box, pixels."""
        return self.option("width", width)

    def height(self, height: int) -> Self:
        """Height of the box, pixels."""
        return self.option("height", height)

    def min_width(self, width: int) -> Self:
        """Least width, pixels."""
        return self.option("min-width", width)

    def min_height(self, height: int) -> Self:
        """Least height, pixels."""
        return self.option("min-height", height)

    def zoom(self, x: float, y: float | None = None) -> Self:
        """Factors for the size."""
        return self.option("zoom", x, y)

    def dpr(self, ratio: float) -> Self:
        """Device pixel ratio."""
        return self.option("dpr", ratio)

    def enlarge(self, enlarge: bool = True) -> Self:
        """Enlarge small pictures."""
        return self.option("enlarge", enlarge)

    def extend(
        self,
        extend: bool = True,
        gravity: PutGravity | None = None,
        x: float | None = None,
        y: float | None = None,
    ) -> Self:
        """Fill up to the box."""
        return self.option("extend", extend, gravity, x, y)

    def extend_aspect_ratio(
        self,
        extend: bool = True,
        gravity: PutGravity | None = None,
        x: float | None = None,
        y: float | None = None,
    ) -> Self:
        """Fill up to the box's aspect ratio."""
        return self.option("extend_aspect_ratio", extend, gravity, x, y)

    def gravity(
        self, gravity: CutGravity, x: float | str | None = None, y: float | str | None = None, *more: float | str
    ) -> Self:
        """Set the part of the picture that stays in view; ``obj`` takes classes, ``objw`` pairs of class and weight."""
        return self.option("gravity", gravity, x, y, *more)

    def crop(
        self,
        width: float,
        height: float | None = None,
        gravity: CutGravity | None = None,
        x: float | str | None = None,
        y: float | str | None = None,
        *more: float | str,
    ) -> Self:
        """Cut out an area of the original; its gravity as in ``gravity``."""
        return self.option("crop", width, height, gravity, x, y, *more)

    def crop_objects(self, scale: float, *classes: str) -> Self:
        """Cut out the box around what is found in the picture, scaled, of these classes or of all."""
        return self.option("crop_objects", scale, *classes)

    def objects_position(self, gravity: ObjectGravity, x: float | None = None, y: float | None = None) -> Self:
        """Where objects lie in what is cropped by them."""
        return self.option("objects_position", gravity, x, y)

    def trim(
        self,
        threshold: float | None,
        colour: str | None = None,
        equal_hor: bool | None = None,
        equal_ver: bool | None = None,
    ) -> Self:
        """Cut away a border of one colour; None switches it off."""
        return self.option("trim", threshold, colour, equal_hor, equal_ver)

    def padding(
        self, top: int | None, right: int | None = None, bottom: int | None = None, left: int | None = None
    ) -> Self:
        """Add a border, in pixels, in the order of CSS."""
        return self.option("padding", top, right, bottom, left)

    def auto_rotate(self, auto_rotate: bool = True) -> Self:
        """Turn upright as EXIF says."""
        return self.option("auto_rotate", auto_rotate)

    def rotate(self, angle: int) -> Self:
        """Turn clockwise, degrees."""
        return self.option("rotate", angle)

    def flip(self, horizontal: bool | None = None, vertical: bool | None = None) -> Self:
        """Mirror."""
        return self.option("flip", horizontal, vertical)

    def background(self, colour: str | tuple[int, int, int] | None) -> Self:
        """Set a colour behind transparent parts: hexadecimal, or red, green and blue; None switches it off."""
        return self.option("background", *(colour if isinstance(colour, tuple) else (colour,)))

    def blur(self, sigma: float) -> Self:
        """Gaussian blur."""
        return self.option("blur", sigma)

    def sharpen(self, sigma: float) -> Self:
        """Sharpen."""
        return self.option("sharpen", sigma)

    def pixelate(self, size: int) -> Self:
        """Squares of one colour, pixels."""
        return self.option("pixelate", size)

    def watermark(
        self,
        opacity: float,
        position: WatermarkPlace | None = None,
        x: float | None = None,
        y: float | None = None,
        scale: float | None = None,
    ) -> Self:
        """Lay the operator's watermark over the picture."""
        return self.option("watermark", opacity, position, x, y, scale)

    def strip_metadata(self, strip: bool = True) -> Self:
        """Drop EXIF, XMP and IPTC."""
        return self.option("strip_metadata", strip)

    def keep_copyright(self, keep: bool = True) -> Self:
        """Keep author and copyright."""
        return self.option("keep_copyright", keep)

    def strip_color_profile(self, strip: bool = True) -> Self:
        """Convert to sRGB and drop the profile."""
        return self.option("strip_color_profile", strip)

    def preserve_hdr(self, preserve: bool = True) -> Self:
        """Keep 16 bits and gain maps."""
        return self.option("preserve_hdr", preserve)

    def enforce_thumbnail(self, enforce: bool = True) -> Self:
        """Work from the embedded preview."""
        return self.option("enforce_thumbnail", enforce)

    def video_thumbnail_second(self, second: float | str) -> Self:
        """Moment of a film: seconds, ``50p`` per cent, or ``auto``."""
        return self.option("video_thumbnail_second", second)

    def video_thumbnail_keyframes(self, keyframes: bool = True) -> Self:
        """Show the key frame before the moment."""
        return self.option("video_thumbnail_keyframes", keyframes)

    def video_thumbnail_tile(
        self,
        step: float,
        columns: int | None = None,
        rows: int | None = None,
        tile_width: int | None = None,
        tile_height: int | None = None,
        extend_tile: bool | None = None,
        trim: bool | None = None,
        fill: bool | None = None,
        focus_x: float | None = None,
        focus_y: float | None = None,
    ) -> Self:
        """Make a sprite of frames of a film; a step of 0 switches it off."""
        tile = (columns, rows, tile_width, tile_height, extend_tile, trim, fill, focus_x, focus_y)
        return self.option("video_thumbnail_tile", step, *tile)

    def video_thumbnail_animation(
        self,
        step: float,
        delay: int | None = None,
        frames: int | None = None,
        frame_width: int | None = None,
        frame_height: int | None = None,
        extend_frame: bool | None = None,
        trim: bool | None = None,
        fill: bool | None = None,
        focus_x: float | None = None,
        focus_y: float | None = None,
    ) -> Self:
        """Make an animated picture of frames of a film; a step of 0 switches it off."""
        frame = (delay, frames, frame_width, frame_height, extend_frame, trim, fill, focus_x, focus_y)
        return self.option("video_thumbnail_animation", step, *frame)

    def quality(self, quality: int) -> Self:
        """Quality, 0 to 100."""
        return self.option("quality", quality)

    def format_quality(self, **pairs: int) -> Self:
        """Quality for single formats: ``format_quality(avif=60, webp=75)``."""
        return self.option("format_quality", *(value for pair in pairs.items() for value in pair))

    def max_bytes(self, bytes: int) -> Self:  # noqa: A002
        """Largest size of the file."""
        return self.option("max_bytes", bytes)

    def format(self, format: str) -> Self:  # noqa: A002
        """Format of the result."""
        return self.option("format", format)

    def skip_processing(self, *formats: str) -> Self:
        """Pass originals of these formats on."""
        return self.option("skip_processing", *formats)

    def raw(self, raw: bool = True) -> Self:
        """Return the original without processing, in any format."""
        return self.option("raw", raw)

    def cachebuster(self, text: str) -> Self:
        """Make caches fetch the picture anew."""
        return self.option("cachebuster", text)

    def expires(self, time: int) -> Self:
        """Unix seconds after which the URL is not served."""
        return self.option("expires", time)

    def return_attachment(self, attachment: bool = True) -> Self:
        """Let the browser save the picture."""
        return self.option("return_attachment", attachment)

    def preset(self, *names: str) -> Self:
        """Apply presets."""
        return self.option("preset", *names)

    def max_src_resolution(self, megapixels: float) -> Self:
        """Megapixels of an original."""
        return self.option("max_src_resolution", megapixels)

    def max_src_file_size(self, bytes: int) -> Self:  # noqa: A002
        """Bytes of an original."""
        return self.option("max_src_file_size", bytes)

    def max_animation_frames(self, frames: int) -> Self:
        """Frames of an animation."""
        return self.option("max_animation_frames", frames)

    def max_animation_frame_resolution(self, megapixels: float) -> Self:
        """Megapixels of one frame."""
        return self.option("max_animation_frame_resolution", megapixels)

    def max_result_dimension(self, pixels: int) -> Self:
        """Longest side of the result, pixels."""
        return self.option("max_result_dimension", pixels)
