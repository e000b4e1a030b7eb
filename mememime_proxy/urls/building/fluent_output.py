"""The options of pages, kernels and saving as typed methods, for ``FluentOptions``."""

from __future__ import annotations

from typing import Literal, Self

from mememime_proxy.urls.building.fluent_media import FluentMediaOptions

AlgorithmName = Literal["nearest", "linear", "cubic", "lanczos2", "lanczos3"]


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
