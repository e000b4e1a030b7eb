"""What a plan says of objects in a picture, and of its classes, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ALL: Final = "all"
"""The class that stands for every class."""

ClassWeights = tuple[tuple[str, float], ...]
"""Names of classes, each with its weight; 0 = the weight that the operator's list has. Empty = all classes."""


@dataclass(frozen=True, slots=True)
class CropObjects:
    """A crop to the box around objects, scaled about its centre."""

    scale: float = 0.0
    classes: tuple[str, ...] = ()
    """Empty = all."""

    def __bool__(self) -> bool:
        return self.scale > 0


@dataclass(frozen=True, slots=True)
class DrawDetections:
    """Frames around what is found in the picture, each with its class and certainty."""

    enabled: bool = False
    classes: tuple[str, ...] = ()
    """Empty = all."""

    def __bool__(self) -> bool:
        return self.enabled


@dataclass(frozen=True, slots=True)
class Classification:
    """Classes of the whole picture that its description tells."""

    top: int = 0
    """How many at most, the most certain ones; 0 = none are told."""
    classes: tuple[str, ...] = ()
    """Empty = all."""

    def __bool__(self) -> bool:
        return self.top > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectOptions:
    """The options of objects, beside the one that blurs them."""

    gravity: ClassWeights = ()
    """Of the plan's gravity, where that is by objects."""
    crop_gravity: ClassWeights = ()
    """Of its crop's gravity, likewise."""
    crop: CropObjects = CropObjects()
    draw: DrawDetections = DrawDetections()
    classify: Classification = Classification()


NO_OBJECTS = ObjectOptions()
"""The options of a plan that has none."""
