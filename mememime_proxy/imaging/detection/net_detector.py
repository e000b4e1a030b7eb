"""Objects in a picture, by a net of the operator's: YOLOX, YOLOv8 and YOLO11, YuNet.

The layouts are those of the nets' own exports: boxes without suppression of doubles, which is done here.
"""

from __future__ import annotations

import importlib
import math
from typing import TYPE_CHECKING, Any, Final

import pyvips

from mememime_proxy.detection.config import DetectionConfig
from mememime_proxy.errors import SettingsError
from mememime_proxy.geometry.boxes import Box
from mememime_proxy.geometry.detections import Detection
from mememime_proxy.imaging.detection.nets import Net
from mememime_proxy.imaging.detection.samples import opaque_srgb

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_STRIDES: Final = (8, 16, 32)
"""Pixels between two places of each of the grids that boxes are found on."""
_PAD: Final = {"yunet": 0}
_GREY: Final = 114
"""What a picture is padded with that is not square; the value that the YOLO nets are trained with."""
_MOST: Final = 1000
"""Boxes, the most certain ones, among which doubles are looked for."""
_MOST_FOUND: Final = 100
_LARGEST_EXPONENT: Final = 20.0


class NetDetector:
    """The detector of objects that runs the operator's net."""

    def __init__(self, config: DetectionConfig) -> None:
        """Load the net and run it once. Raises SettingsError where it is none of the configured type."""
        self._config = config
        self._net = Net(config.net)
        self._width, self._height = self._net.size(config.net_size)
        numpy: Any = importlib.import_module("numpy")
        try:
            self._rows(numpy.zeros((1, 3, self._height, self._width), numpy.float32))
        except Exception as error:  # noqa: BLE001 - what a net of another shape leads to, in the library or here
            raise SettingsError(
                f"found {config.net!r}, expected a net of the type {config.net_type} ({str(error)[:200]})"
            ) from None

    def find(self, image: pyvips.Image) -> tuple[Detection, ...]:
        """See ``Detector``."""
        numpy: Any = importlib.import_module("numpy")
        config = self._config
        factor = min(self._width / image.width, self._height / image.height)
        small = opaque_srgb(image, factor)
        pixels = numpy.frombuffer(small.write_to_memory(), numpy.uint8).reshape(small.height, small.width, 3)
        pixels = pixels[: self._height, : self._width]
        # OpenCV's YuNet is trained with blue first; of the others that is the operator's choice.
        if config.swap_rb or config.net_type == "yunet":
            pixels = pixels[:, :, ::-1]
        sheet = numpy.full((self._height, self._width, 3), _PAD.get(config.net_type, _GREY), numpy.float32)
        # Only that of Ultralytics lies in the middle.
        centred = config.net_type in ("yolov8", "yolov11")
        left = (self._width - pixels.shape[1]) // 2 if centred else 0
        top = (self._height - pixels.shape[0]) // 2 if centred else 0
        sheet[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
        if centred:
            sheet /= 255
        edges, scores, ids = self._rows(numpy.ascontiguousarray(sheet.transpose(2, 0, 1)[None]))
        chosen = numpy.flatnonzero(scores >= config.threshold)
        chosen = chosen[numpy.argsort(-scores[chosen], kind="stable")][:_MOST]
        edges, scores, ids = edges[chosen], scores[chosen], ids[chosen]
        edges = (edges - [left, top, left, top]) / [small.width, small.height, small.width, small.height]
        edges = numpy.clip(numpy.nan_to_num(edges), 0.0, 1.0)
        found = []
        for index in _without_doubles(edges, ids, config.nms_threshold):
            box = Box(*map(float, edges[index]))
            if box.right > box.left and box.bottom > box.top:
                found.append(self._detection(int(ids[index]), float(scores[index]), box))
        return tuple(found)

    def _detection(self, class_id: int, confidence: float, box: Box) -> Detection:
        classes = self._config.classes
        name, weight = classes[class_id] if class_id < len(classes) else (str(class_id), 1.0)
        if self._config.net_type == "yunet" and not classes:
            name = "face"
        return Detection(class_id, name, round(min(1.0, confidence), 4), box, weight)

    def _rows(self, samples: Floats) -> tuple[Floats, Floats, Floats]:
        """Return edges in pixels of the input, certainties and class ids of all boxes."""
        outputs = self._net.run(samples)
        if self._config.net_type == "yunet":
            return self._of_yunet(dict(outputs))
        (first, *_) = outputs.values()
        if self._config.net_type == "yolox":
            return self._of_yolox(first[0])
        return _of_yolov8(first[0])

    def _of_yolox(self, rows: Floats) -> tuple[Floats, Floats, Floats]:
        """``(places, 5 + classes)``: centre from its place in strides, log of the sides, certainty, classes."""
        numpy: Any = importlib.import_module("numpy")
        places, strides = self._grid()
        if rows.ndim != 2 or rows.shape[0] != len(places) or rows.shape[1] < 6:
            raise ValueError(f"an output of {rows.shape}, expected ({len(places)}, 5 + classes)")
        centres = (rows[:, :2] + places) * strides
        sides = numpy.exp(numpy.minimum(rows[:, 2:4], _LARGEST_EXPONENT)) * strides
        of_classes = rows[:, 5:]
        ids = of_classes.argmax(axis=1)
        scores = rows[:, 4] * of_classes.max(axis=1)
        return _edges(centres, sides), scores, ids

    def _of_yunet(self, outputs: dict[str, Floats]) -> tuple[Floats, Floats, Floats]:
        """``cls_8``, ``obj_8``, ``bbox_8`` and so on: as of YOLOX, certainty is the geometric mean of the first two."""
        numpy: Any = importlib.import_module("numpy")
        places, strides = self._grid()
        of_class, of_object, rows = (
            numpy.concatenate([outputs[f"{name}_{stride}"][0] for stride in _STRIDES])
            for name in ("cls", "obj", "bbox")
        )
        centres = (rows[:, :2] + places) * strides
        sides = numpy.exp(numpy.minimum(rows[:, 2:], _LARGEST_EXPONENT)) * strides
        scores = numpy.sqrt(numpy.clip(of_class, 0, 1) * numpy.clip(of_object, 0, 1))[:, 0]
        return _edges(centres, sides), scores, numpy.zeros(len(scores), numpy.int64)

    def _grid(self) -> tuple[Floats, Floats]:
        """Return column and row of each place of all grids, and its stride."""
        numpy: Any = importlib.import_module("numpy")
        places, strides = [], []
        for stride in _STRIDES:
            down, across = math.ceil(self._height / stride), math.ceil(self._width / stride)
            rows, columns = numpy.divmod(numpy.arange(down * across), across)
            places.append(numpy.stack([columns, rows], axis=1))
            strides.append(numpy.full((down * across, 1), stride))
        return numpy.concatenate(places).astype(numpy.float32), numpy.concatenate(strides).astype(numpy.float32)


def _of_yolov8(columns: Floats) -> tuple[Floats, Floats, Floats]:
    """``(4 + classes, places)``: centre and sides in pixels, then the certainty of each class."""
    if columns.ndim != 2 or columns.shape[0] < 5:
        raise ValueError(f"an output of {columns.shape}, expected (4 + classes, places)")
    rows = columns.T
    of_classes = rows[:, 4:]
    return _edges(rows[:, :2], rows[:, 2:4]), of_classes.max(axis=1), of_classes.argmax(axis=1)


def _edges(centres: Floats, sides: Floats) -> Floats:
    numpy: Any = importlib.import_module("numpy")
    edges: Floats = numpy.concatenate([centres - sides / 2, centres + sides / 2], axis=1)
    return edges


def _without_doubles(edges: Floats, ids: Floats, threshold: float) -> list[int]:
    """Return the places of boxes that no more certain one of their class covers, at most ``_MOST_FOUND``.

    ``edges``: the most certain box first. Two boxes are doubles if more than a share of their union is common.
    """
    numpy: Any = importlib.import_module("numpy")
    areas = (edges[:, 2] - edges[:, 0]) * (edges[:, 3] - edges[:, 1])
    left, found = numpy.arange(len(edges)), list[int]()
    while len(left) and len(found) < _MOST_FOUND:
        first, left = left[0], left[1:]
        found.append(int(first))
        low, high = numpy.maximum(edges[left, :2], edges[first, :2]), numpy.minimum(edges[left, 2:], edges[first, 2:])
        common = numpy.prod(numpy.maximum(high - low, 0), axis=1)
        union = numpy.maximum(areas[left] + areas[first] - common, 1e-12)
        left = left[(common / union <= threshold) | (ids[left] != ids[first])]
    return found
