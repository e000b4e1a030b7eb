"""The options of effects as typed methods, for :class:`~mememime_proxy.urls.building.fluent.FluentOptions`."""

from __future__ import annotations

from typing import Literal, Self

from mememime_proxy.urls.building.fluent_media import FluentMediaOptions
from mememime_proxy.urls.source.base64url import encode

DirectionName = Literal["down", "left", "up", "right"]
TextAlign = Literal["left", "centre", "right", "justify"]
BlendMode = Literal[
    "over", "multiply", "screen", "overlay", "darken", "lighten", "hard-light", "soft-light", "difference",
    "exclusion", "add",
]  # fmt: skip


class FluentEffectOptions(FluentMediaOptions):
    """A method for each option that changes colours or lays a sheet over the picture."""

    def normalize(self, low: float | None = None, high: float | None = None) -> Self:
        """Make the darkest and the lightest parts black and white, by percentiles; 0 alone switches it off."""
        return self.option("normalize", low, high)

    def brightness(self, brightness: int) -> Self:
        """Lighter or darker, -255 to 255."""
        return self.option("brightness", brightness)

    def contrast(self, contrast: float) -> Self:
        """Contrast, a factor."""
        return self.option("contrast", contrast)

    def saturation(self, saturation: float) -> Self:
        """Strength of colours, a factor."""
        return self.option("saturation", saturation)

    def adjust(
        self, brightness: int | None = None, contrast: float | None = None, saturation: float | None = None
    ) -> Self:
        """Brightness, contrast and saturation at once."""
        return self.option("adjust", brightness, contrast, saturation)

    def hue(self, angle: float) -> Self:
        """Rotate the colours, degrees."""
        return self.option("hue", angle)

    def gamma(self, gamma: float) -> Self:
        """Middle tones, above 1 lighter."""
        return self.option("gamma", gamma)

    def sepia(self, intensity: float) -> Self:
        """Set the brown of old photographs."""
        return self.option("sepia", intensity)

    def monochrome(self, intensity: float, colour: str | None = None) -> Self:
        """Shades of one colour."""
        return self.option("monochrome", intensity, colour)

    def duotone(self, intensity: float, dark: str | None = None, light: str | None = None) -> Self:
        """Shades between two colours."""
        return self.option("duotone", intensity, dark, light)

    def negate(self, negate: bool = True) -> Self:
        """Opposite colours."""
        return self.option("negate", negate)

    def blur_areas(self, sigma: float, *areas: tuple[float, float, float, float]) -> Self:
        """Blur parts: left, top, width and height of each, in shares of the upright original."""
        return self.option("blur_areas", sigma, *(number for area in areas for number in area))

    def blur_detections(self, sigma: float, *classes: str) -> Self:
        """Blur what is found in the picture, of these classes or of all."""
        return self.option("blur_detections", sigma, *classes)

    def draw_detections(self, draw: bool = True, *classes: str) -> Self:
        """Draw frames around what is found in the picture, of these classes or of all."""
        return self.option("draw_detections", draw, *classes)

    def progressive_blur(
        self,
        sigma: float,
        direction: DirectionName | float | None = None,
        start: float | None = None,
        stop: float | None = None,
    ) -> Self:
        """Set a blur that grows in one direction."""
        return self.option("progressive_blur", sigma, direction, start, stop)

    def colorize(self, opacity: float, colour: str | None = None, keep_alpha: bool | None = None) -> Self:
        """Lay one colour over the picture."""
        return self.option("colorize", opacity, colour, keep_alpha)

    def gradient(
        self,
        opacity: float,
        colour: str | None = None,
        direction: DirectionName | float | None = None,
        start: float | None = None,
        stop: float | None = None,
    ) -> Self:
        """Lay a colour over the picture that grows in one direction."""
        return self.option("gradient", opacity, colour, direction, start, stop)

    def corners(self, *radii: float | Literal["max"]) -> Self:
        """Round corners: one radius, or four from the top left one clockwise."""
        return self.option("corners", *radii)

    def mask(self, url: str | None) -> Self:
        """Set the picture at a URL as the mask; None switches it off."""
        return self.option("mask", encode(url.encode()) if url else "-")

    def rotate_free(self, angle: float) -> Self:
        """Rotate by any angle, degrees."""
        return self.option("rotate_free", angle)

    def background_blur(self, sigma: float, brightness: float | None = None) -> Self:
        """Fill the canvas with the picture's own blur."""
        return self.option("background_blur", sigma, brightness)

    def watermark_url(self, url: str | None) -> Self:
        """Set the picture at a URL as the watermark; None switches it off."""
        return self.option("watermark_url", encode(url.encode()) if url else "-")

    def watermark_text(self, text: str | None) -> Self:
        """Set a text, in Pango markup, as the watermark; None switches it off."""
        return self.option("watermark_text", encode(text.encode()) if text else "-")

    def watermark_text_box(
        self, width: int | None = None, align: TextAlign | None = None, spacing: int | None = None
    ) -> Self:
        """Wrap and align the lines of the text, pixels."""
        return self.option("watermark_text_box", width, align, spacing)

    def watermark_size(self, width: int | None = None, height: int | None = None) -> Self:
        """Box that the watermark is fitted into, pixels."""
        return self.option("watermark_size", width, height)

    def watermark_rotate(self, angle: float) -> Self:
        """Rotate the watermark, degrees."""
        return self.option("watermark_rotate", angle)

    def watermark_shadow(self, sigma: float) -> Self:
        """Shadow of the watermark, pixels."""
        return self.option("watermark_shadow", sigma)

    def watermark_blend(self, mode: BlendMode) -> Self:
        """Set how the colours of watermark and picture become one."""
        return self.option("watermark_blend", mode)

    def background_alpha(self, opacity: float) -> Self:
        """Opacity of the background's colour, 0 to 1."""
        return self.option("background_alpha", opacity)
