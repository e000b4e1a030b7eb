"""The part of a plan that is about colours and effects, as frozen values. A default changes nothing.

Lengths are in pixels of the result, angles in degrees.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

REPEAT, CHESSBOARD = "re", "ch"
"""Positions of a watermark that covers everything."""

Rgb = tuple[int, int, int]
"""Red, green, blue of sRGB, 0–255 each."""


@dataclass(frozen=True, slots=True)
class Watermark:
    """The watermark's opacity (0–1), position (nine gravities, ``REPEAT``, ``CHESSBOARD``), offsets and scale."""

    opacity: float
    position: str = "ce"
    x: float = 0.0
    y: float = 0.0
    scale: float = 0.0
    """Share of the picture's sides that the watermark fits into; 0 = its own size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What is drawn as the watermark, and how: instead of the operator's, or in another way."""

    text: str = ""
    """Pango markup; it is drawn in place of a picture."""
    text_width: int = 0
    """Pixels at which lines are wrapped, before dpr; 0 = they are not."""
    text_align: str = "left"
    """``left``, ``centre``, ``right`` or ``justify``."""
    text_spacing: int = 0
    """Between lines, in pixels before dpr."""
    url: str = ""
    """Of a picture in place of the operator's, unless there is a text."""
    width: int = 0
    """Pixels that it is fitted into, unless the watermark has a scale; 0 = by its height, or its own."""
    height: int = 0
    angle: float = 0.0
    """Clockwise."""
    shadow: float = 0.0
    """Sigma of a shadow; 0 = none."""
    blend: str = "over"
    """Mode of libvips' ``composite``."""


NO_MARK = Mark()
"""The watermark as the operator has configured it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The outline of the picture, and what is seen around it."""

    corners: tuple[float, ...] = ()
    """Radii, one or four from the top left one clockwise: pixels before dpr, or below 1 shares of the shorter side."""
    mask: str = ""
    """URL of a picture whose lightness and alpha are multiplied into the alpha."""
    angle: float = 0.0
    """Clockwise; the canvas grows."""
    background_blur: float = 0.0
    """Sigma of the picture's own blur that fills its canvas; 0 = none."""
    background_brightness: float = 0.85
    """Factor for the lightness of that."""

    @property
    def makes_transparency(self) -> bool:
        """Whether parts of the picture become transparent."""
        return bool(self.corners or self.mask or self.angle % 90)


NO_SHAPE = Shape()
"""The picture as it is, on a transparent canvas."""


@dataclass(frozen=True, slots=True)
class Monochrome:
    """Shades of one colour, as light as the picture, mixed with it."""

    intensity: float = 0.0
    color: Rgb = (179, 179, 179)

    def __bool__(self) -> bool:
        return self.intensity > 0


@dataclass(frozen=True, slots=True)
class Duotone:
    """Shades between two colours by the picture's lightness, mixed with it."""

    intensity: float = 0.0
    dark: Rgb = (0, 0, 0)
    light: Rgb = (255, 255, 255)

    def __bool__(self) -> bool:
        return self.intensity > 0


@dataclass(frozen=True, slots=True)
class BlurAreas:
    """A blur of parts of the original as it stands upright: left, top, width, height of each in shares of its sides."""

    sigma: float = 0.0
    areas: tuple[tuple[float, float, float, float], ...] = ()

    def __bool__(self) -> bool:
        return self.sigma > 0 and bool(self.areas)


@dataclass(frozen=True, slots=True)
class BlurDetections:
    """A blur of what is found in the picture."""

    sigma: float = 0.0
    classes: tuple[str, ...] = ()
    """Names of the classes that are blurred; empty = all."""

    def __bool__(self) -> bool:
        return self.sigma > 0


@dataclass(frozen=True, slots=True)
class ProgressiveBlur:
    """A blur that grows from nothing at ``start`` to ``sigma`` at ``stop``, shares of the way in a direction."""

    sigma: float = 0.0
    angle: float = 0.0
    """Clockwise; 0 = downwards."""
    start: float = 0.0
    stop: float = 1.0

    def __bool__(self) -> bool:
        return self.sigma > 0


@dataclass(frozen=True, slots=True)
class Colorize:
    """A sheet of one colour over the picture, transparent parts included unless ``keep_alpha``."""

    opacity: float = 0.0
    color: Rgb = (0, 0, 0)
    keep_alpha: bool = False

    def __bool__(self) -> bool:
        return self.opacity > 0


@dataclass(frozen=True, slots=True)
class Gradient:
    """A sheet of one colour over the picture, from nothing at ``start`` to ``opacity`` at ``stop``."""

    opacity: float = 0.0
    color: Rgb = (0, 0, 0)
    angle: float = 0.0
    """Clockwise; 0 = downwards."""
    start: float = 0.0
    stop: float = 1.0

    def __bool__(self) -> bool:
        return self.opacity > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """Changes of colours and sheets over the picture, beside blur, sharpening and squares."""

    normalize: tuple[float, float] | None = None
    """Percentiles of lightness that become black and white."""
    brightness: int = 0
    contrast: float = 1.0
    saturation: float = 1.0
    hue: float = 0.0
    gamma: float = 1.0
    sepia: float = 0.0
    monochrome: Monochrome = Monochrome()
    duotone: Duotone = Duotone()
    negate: bool = False
    blur_areas: BlurAreas = BlurAreas()
    progressive_blur: ProgressiveBlur = ProgressiveBlur()
    blur_detections: BlurDetections = BlurDetections()
    colorize: Colorize = Colorize()
    gradient: Gradient = Gradient()
    background_alpha: float = 1.0
    """Opacity of the plan's background, in formats that have transparency."""

    @property
    def is_filter(self) -> bool:
        """Whether the picture itself changes, and not its background alone."""
        return replace(self, background_alpha=1.0) != NO_EFFECTS


NO_EFFECTS = Effects()
"""The effects of a plan that asks for none."""
