"""Classes of a whole picture, by a net of the operator's."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pyvips

from mememime_proxy.detection.config import ClassificationConfig
from mememime_proxy.detection.options import Classification
from mememime_proxy.errors import SettingsError
from mememime_proxy.imaging.detection.nets import Net
from mememime_proxy.imaging.detection.samples import opaque_srgb

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_IMAGENET_MEAN: Final = (0.485, 0.456, 0.406)
_IMAGENET_DEVIATION: Final = (0.229, 0.224, 0.225)
_CAFFE_MEAN: Final = (104.0, 117.0, 123.0)
"""Of blue, green and red; the nets of Caffe take them in this order."""
_TOLERANCE: Final = 1e-3


@dataclass(frozen=True, slots=True)
class PictureClass:
    """A class of a picture."""

    class_id: int
    name: str
    confidence: float


class Classifier:
    """The operator's net for classes of pictures."""

    def __init__(self, config: ClassificationConfig) -> None:
        """Load the net and run it once. Raises SettingsError where it classifies no pictures."""
        self._config = config
        self._net = Net(config.net)
        self._size = self._net.size(config.net_size, channels_last=config.layout == "nhwc")
        numpy: Any = importlib.import_module("numpy")
        try:
            self._shares(numpy.zeros((self._size[1], self._size[0], 3), numpy.float32))
        except Exception as error:  # noqa: BLE001 - what a net of another shape leads to, in the library or here
            raise SettingsError(
                f"found {config.net!r}, expected a net that classifies pictures ({str(error)[:200]})"
            ) from None

    def classify(self, image: pyvips.Image, wanted: Classification) -> tuple[PictureClass, ...]:
        """Return the classes of an upright picture, the most certain one first: of its middle, as a square.

        Those below the configured threshold are left out.
        """
        numpy: Any = importlib.import_module("numpy")
        width, height = self._size
        small = opaque_srgb(image.thumbnail_image(width, height=height, crop="centre"), 1.0)
        pixels = numpy.frombuffer(small.write_to_memory(), numpy.uint8).reshape(height, width, 3)
        shares = self._shares(pixels.astype(numpy.float32))
        names = self._config.classes
        found = (
            PictureClass(int(index), names[index] if index < len(names) else str(index), round(float(shares[index]), 4))
            for index in numpy.argsort(-shares, kind="stable")
            if shares[index] >= self._config.threshold
        )
        return tuple(each for each in found if not wanted.classes or each.name in wanted.classes)[: wanted.top]

    def _shares(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the certainty of each class, 0–1. A net without a last layer for that gets one: softmax."""
        numpy: Any = importlib.import_module("numpy")
        samples = _normalized(pixels, self._config.normalization)
        samples = samples if self._config.layout == "nhwc" else samples.transpose(2, 0, 1)
        (first, *_) = self._net.run(numpy.ascontiguousarray(samples[None], numpy.float32)).values()
        scores: NDArray[np.float32] = first[0].reshape(-1)
        if scores.min() >= 0 and abs(float(scores.sum()) - 1) < _TOLERANCE:
            return scores
        powers = numpy.exp(scores - scores.max())
        shares: NDArray[np.float32] = powers / powers.sum()
        return shares


def _normalized(pixels: NDArray[np.float32], kind: str) -> NDArray[np.float32]:
    numpy: Any = importlib.import_module("numpy")
    samples: NDArray[Any] = pixels
    match kind:
        case "half":
            samples = samples / 127.5 - 1
        case "full":
            samples = samples / 255
        case "imagenet":
            samples = (samples / 255 - numpy.float32(_IMAGENET_MEAN)) / numpy.float32(_IMAGENET_DEVIATION)
        case "caffe":
            samples = samples[:, :, ::-1] - numpy.float32(_CAFFE_MEAN)
    return samples
