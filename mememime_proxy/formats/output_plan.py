"""The part of a plan that a request has once beside the common fields: pages, saving and quality, as frozen values.

A default changes nothing.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, fields
from typing import Any, Literal

WebpCompression = Literal["lossy", "near_lossless", "lossless"]
Subsampling = Literal["auto", "on", "off"]
JpegEncoder = Literal["libvips", "jpegli"]
MaskMode = Literal["none", "auto", "always"]
QualityMethod = Literal["none", "size", "dssim", "ml", "ssim2"]


class ResizingAlgorithm(enum.StrEnum):
    """The kernel that pixels of a scaled picture are computed with."""

    NEAREST = "nearest"
    LINEAR = "linear"
    CUBIC = "cubic"
    LANCZOS2 = "lanczos2"
    LANCZOS3 = "lanczos3"


@dataclass(frozen=True, slots=True)
class CropAspectRatio:
    """The aspect ratio that the area of ``Crop`` is brought to: cut, or with ``enlarge`` extended."""

    ratio: float = 0.0
    """Width by height; 0 = as it is."""
    enlarge: bool = False


FULL_CROP = CropAspectRatio()


@dataclass(frozen=True, slots=True)
class PageRange:
    """The pages of a document, or the frames of an animation, that a still picture shows."""

    first: int = 0
    """Counted from 0; behind the last one it is that."""
    count: int = 1
    """One below the other."""


FIRST_PAGE = PageRange()


@dataclass(frozen=True, slots=True)
class Saving:
    """What a URL says of encoders and files in place of the operator. None = what the operator has set.

    So do a style sheet for drawings and the picture that stands for an original that cannot be had.
    """

    jpeg_progressive: bool | None = None
    jpeg_no_subsample: bool | None = None
    jpeg_trellis_quant: bool | None = None
    jpeg_overshoot_deringing: bool | None = None
    jpeg_optimize_scans: bool | None = None
    jpeg_quant_table: int | None = None
    png_interlaced: bool | None = None
    png_quantize: bool | None = None
    png_quantization_colors: int | None = None
    webp_compression: WebpCompression | None = None
    webp_smart_subsample: bool | None = None
    webp_preset: str | None = None
    avif_subsample: Subsampling | None = None
    dpi: float = 0.0
    """Dots per inch that the file claims; 0 = those of the original, or of the operator where metadata is dropped."""

    color_profile: str = ""
    """Name of the profile that the file's colours are in; '' = the original's, or sRGB."""
    style: str = ""
    """CSS that is put into a drawing, before its own."""
    fallback_url: str = ""
    """Of the fallback picture, in place of the operator's."""

    def changes(self) -> dict[str, Any]:
        """Return the fields that differ from their defaults."""
        return {each.name: value for each in fields(self) if (value := getattr(self, each.name)) != each.default}


AS_SET = Saving()


@dataclass(frozen=True, slots=True)
class UnsharpMask:
    """The mask that sharpens a scaled picture. None = what the operator has set."""

    mode: MaskMode | None = None
    weight: float | None = None
    divider: float | None = None


MASK_AS_SET = UnsharpMask()


@dataclass(frozen=True, slots=True)
class Caching:
    """What caches do with a result, none of which changes it."""

    tags: tuple[str, ...] = ()
    """Further cache tags of the response."""
    bypass: bool = False
    """Caches of this service are not looked into."""


NO_CACHING = Caching()


QUALITY_METHODS: tuple[QualityMethod, ...] = ("none", "size", "dssim", "ml", "ssim2")
QUALITY_TARGETS: dict[str, tuple[float, float]] = {"dssim": (0, 1), "ml": (0, 100), "ssim2": (1, 100)}
"""Least and largest target of a method; of `size` any number of bytes is one."""


@dataclass(frozen=True, slots=True)
class Autoquality:
    """What a URL says of the search. 0 and '' = what the operator has set."""

    method: QualityMethod | Literal[""] = ""
    target: float = 0.0
    """Bytes, a DSSIM up to 1, or a score of SSIMULACRA2."""
    min: int = 0
    """Lowest quality."""
    max: int = 0
    allowed_error: float = 0.0
    """On the scale of the target."""


QUALITY_AS_SET = Autoquality()


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoqualityConfig:
    """The operator's choices. 0 = the default of the method."""

    autoquality_method: QualityMethod = "none"
    autoquality_target: float = 0.0
    autoquality_min: int = 0
    autoquality_max: int = 0
    autoquality_format_min: dict[str, int] = field(default_factory=dict)
    autoquality_format_max: dict[str, int] = field(default_factory=dict)
    autoquality_allowed_error: float = 0.0
    autoquality_max_resolution: int = 0
    """Pixels of a result above which no quality is searched for; 0 = any number."""
