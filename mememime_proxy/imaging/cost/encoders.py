"""What encoding costs: one record a format, and factors for effort and quality.

The figures are those of ``python -m benchmarks cost``, see ``decoders``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from mememime_proxy.plan import RenderConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoder:
    """CPU time in nanoseconds, memory and result in bytes; all are for each pixel of the result."""

    pixel: float
    """Time at quality 0 for a picture without detail."""
    noise: float = 0.0
    """Time beyond that where all is noise; in proportion to ``decoders.noise``."""
    best: float = 0.0
    """Time at quality 100 beyond that; it grows with the fourth power of the quality, as the bytes do about."""
    held: float
    """Memory, beyond the result itself."""
    held_noise: float = 0.0
    """Memory beyond that where all is noise."""
    result: float
    """Most bytes of the file at quality 100."""
    fixed: float = 0.0
    """Seconds for any picture."""
    efforts: tuple[float, ...] = ()
    """Factors of the time by effort, beginning at 0."""


_QUANTISER: Final = (0.5, 0.5, 0.5, 0.6, 0.65, 0.8, 0.9, 1, 1.1, 1.4, 1.8)
_WEBP: Final = (0.35, 0.4, 0.7, 0.85, 1, 1.2, 2.5)

_AS_JPEG: Final = frozenset({"jpeg", "pdf"})
_JPEG: Final = {
    "jpeg": Encoder(pixel=8, noise=6, best=20, held=5, result=4.5),
    "jpeg, progressive": Encoder(pixel=12, noise=30, best=40, held=6, result=4.5),
    "jpeg, jpegli": Encoder(pixel=6, noise=10, best=20, held=4, held_noise=8, result=4.5),
    "jpeg, jpegli, progressive": Encoder(pixel=10, noise=30, best=30, held=8, held_noise=12, result=4.5),
}

ENCODERS: Final[dict[str, Encoder]] = {
    **_JPEG,
    "png": Encoder(pixel=90, held=13, result=4.1),
    "png, interlaced": Encoder(pixel=95, held=16, result=4.6),
    "png, palette": Encoder(pixel=330, noise=4000, held=16, held_noise=50, result=1.1, efforts=_QUANTISER),
    "webp": Encoder(pixel=65, noise=60, best=50, held=6, held_noise=18, result=3, efforts=_WEBP),
    "webp, animated": Encoder(pixel=160, noise=100, best=60, held=12, held_noise=20, result=3, efforts=_WEBP),
    "gif": Encoder(pixel=430, noise=4200, held=22, held_noise=50, result=1.5, efforts=_QUANTISER),
    "avif": Encoder(
        pixel=90,
        noise=550,
        best=250,
        held=25,
        held_noise=30,
        result=4,
        fixed=0.01,
        efforts=(0.6, 1, 1.7, 2.7, 8, 12, 26, 53, 72, 126),
    ),
    "jxl": Encoder(
        pixel=60,
        noise=100,
        best=50,
        held=42,
        held_noise=8,
        result=3.5,
        fixed=0.01,
        efforts=(1, 1, 1, 1, 1, 1.7, 2.3, 2.3, 6.8, 8.3),
    ),
    "jxl, lossless": Encoder(
        pixel=530, held=56, held_noise=4, result=4.5, efforts=(0.3, 0.3, 0.4, 0.5, 1, 1.55, 1.6, 1.6, 4.7, 6.7)
    ),
    "tiff": Encoder(pixel=4, held=8, result=4),
    "bmp": Encoder(pixel=9, held=12, result=4),
    "ico": Encoder(pixel=90, held=13, result=4.1),
    # a JPEG, which is copied into the document
    **{name.replace("jpeg", "pdf", 1): replace(each, held=each.held + each.result) for name, each in _JPEG.items()},
}
"""By format and kind."""


def encoder_name(name: str, quality: int, config: RenderConfig, *, frames: int, palette: bool) -> str:
    """Return the key in ``ENCODERS`` for a result. ``palette``: the original has one."""
    if name in _AS_JPEG:
        encoder = f"{name}, jpegli" if config.jpeg_encoder == "jpegli" else name
        return f"{encoder}, progressive" if config.jpeg_progressive else encoder
    if name == "png":
        if palette or config.png_quantize:
            return "png, palette"
        return "png, interlaced" if config.png_interlaced else name
    if name == "webp":
        return "webp, animated" if frames > 1 else name
    if name == "jxl":
        return "jxl, lossless" if quality >= 100 else name
    return name


def slowdown(name: str, config: RenderConfig) -> float:
    """Return how many times longer than by its record an encoder takes with the operator's, or the plan's, choices."""
    if name in _AS_JPEG:
        full_color = 1.7 if config.jpeg_no_subsample else 1
        if config.jpeg_encoder == "jpegli":
            return full_color
        scans = config.jpeg_optimize_scans and config.jpeg_progressive
        return (6 if config.jpeg_trellis_quant else 1) * (3 if scans else 1) * full_color
    if name == "webp":
        compression = {"lossy": 1, "lossless": 6, "near_lossless": 12}[config.webp_compression]
        return compression * (2 if config.webp_smart_subsample else 1)
    return 1.2 if name == "avif" and config.avif_subsample == "off" else 1


def effort_of(name: str, config: RenderConfig) -> int:
    """Return the index of the operator's effort in ``Encoder.efforts``."""
    if name == "webp":
        return config.webp_effort
    if name == "avif":
        return 9 - config.avif_speed
    if name == "jxl":
        return config.jxl_effort
    return config.palette_effort
