"""Objects that were found in a picture, and where a change of its geometry takes them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from mememime_proxy.geometry.boxes import Box, Move, carried


@dataclass(frozen=True, slots=True)
class Detection:
    """An object that was found, in shares of the picture's sides."""

    class_id: int
    class_name: str
    confidence: float
    box: Box
    weight: float = 1.0
    """Of its class, in the operator's list."""

    def is_among(self, classes: tuple[str, ...]) -> bool:
        """Whether the object is of one of these classes; of none of them means of any."""
        return not classes or self.class_name in classes


def carried_objects(found: Iterable[Detection], move: Move) -> tuple[Detection, ...]:
    """Return objects after a move, clipped; those that are outside of the crop are left out."""
    return tuple(replace(each, box=box) for each in found for box in carried((each.box,), move))
