"""The options of pages, kernels and saving as typed methods, for ``FluentOptions``."""

from __future__ import annotations

from typing import Literal, Self
from urllib.parse import quote

from mememime_proxy.urls.building.fluent_media import FluentMediaOptions
from mememime_proxy.urls.source.base64url import encode

AlgorithmName = Literal["nearest", "linear", "cubic", "lanczos2", "lanczos3"]
CompressionName = Literal["lossy", "near_lossless", "lossless"]
AutoqualityMethod = Literal["none", "size", "dssim", "ml", "ssim2"]
WebpPresetName = Literal["default", "photo", "picture", "drawing", "icon", "text"]


class FluentOutputOptions(FluentMediaOptions):
    """A method for each option of what is read of an original and how it is written."""

    def resizing_algorithm(self, algorithm: AlgorithmName) -> Self:
        """Kernel of scaling."""
        return self.option("resizing_algorithm", algorithm)

    def crop_aspect_ratio(self, ratio: float, enlarge: bool | None = None) -> Self:
        """Aspect ratio of the area that is cut out; 0 is off."""
        return self.option("crop_aspect_ratio", ratio, enlarge)

    def page(self, page: int) -> Self:
        """Page of a document or frame of an animation, from 0 on."""
        return self.option("page", page)

    def pages(self, pages: int) -> Self:
        """Several of them, one below the other."""
        return self.option("pages", pages)

    def disable_animation(self, disable: bool = True) -> Self:
        """Treat an animation as a still picture."""
        return self.option("disable_animation", disable)

    def jpeg_options(
        self,
        progressive: bool | None = None,
        no_subsample: bool | None = None,
        trellis_quant: bool | None = None,
        overshoot_deringing: bool | None = None,
        optimize_scans: bool | None = None,
        quant_table: int | None = None,
    ) -> Self:
        """Set how JPEG is written."""
        flags = (progressive, no_subsample, trellis_quant, overshoot_deringing, optimize_scans)
        return self.option("jpeg_options", *flags, quant_table)

    def png_options(
        self, interlaced: bool | None = None, quantize: bool | None = None, quantization_colors: int | None = None
    ) -> Self:
        """Set how PNG is written."""
        return self.option("png_options", interlaced, quantize, quantization_colors)

    def webp_options(
        self,
        compression: CompressionName | None = None,
        smart_subsample: bool | None = None,
        preset: WebpPresetName | None = None,
    ) -> Self:
        """Set how WebP is written."""
        return self.option("webp_options", compression, smart_subsample, preset)

    def avif_options(self, subsample: Literal["auto", "on", "off"]) -> Self:
        """Set how AVIF is written."""
        return self.option("avif_options", subsample)

    def autoquality(
        self,
        method: AutoqualityMethod | None = None,
        target: float | None = None,
        min: int | None = None,  # noqa: A002
        max: int | None = None,  # noqa: A002
        allowed_error: float | None = None,
    ) -> Self:
        """Search for the quality that the picture needs; ``autoquality("ssim2", 70)``."""
        return self.option("autoquality", method, target, min, max, allowed_error)

    def dpi(self, dpi: float) -> Self:
        """Resolution that the file claims, dots per inch."""
        return self.option("dpi", dpi)

    def unsharp_masking(
        self,
        mode: Literal["auto", "none", "always"] | None = None,
        weight: float | None = None,
        divider: float | None = None,
    ) -> Self:
        """Sharpen after scaling."""
        return self.option("unsharp_masking", mode, weight, divider)

    def hashsum(self, type: Literal["none", "md5", "sha1", "sha256", "sha512"], digest: str | None = None) -> Self:  # noqa: A002
        """Digest that the original has to have, in hexadecimal."""
        return self.option("hashsum", type, digest)

    def bypass_cache(self, bypass: bool = True) -> Self:
        """Do not look into the service's caches."""
        return self.option("bypass_cache", bypass)

    def cache_tags(self, *tags: str) -> Self:
        """Further cache tags of the response."""
        return self.option("cache_tags", *tags)

    def color_profile(self, name: str) -> Self:
        """Colour profile of the file: ``srgb``, ``cmyk`` or one of the service's."""
        return self.option("color_profile", quote(name, safe=""))

    def style(self, css: str) -> Self:
        """Put a style sheet into a drawing."""
        return self.option("style", encode(css.encode()))

    def fallback_image_url(self, url: str | None) -> Self:
        """Set the picture for an original that cannot be had; None switches it off."""
        return self.option("fallback_image_url", encode(url.encode()) if url else "-")
