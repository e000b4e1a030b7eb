"""Nets with known answers, in the layouts of the kinds that operators use.

Each looks at squares of 8 × 8 pixels of a picture of 64 × 64: what is red there is an object of the class 0, and what
is blue one of the class 1, both as large as the square.
"""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

SIDE = 64
CELLS = SIDE // 8
_COARSE = (SIDE // 16) ** 2 + (SIDE // 32) ** 2


def _places() -> NDArray[np.float32]:
    rows, columns = np.divmod(np.arange(CELLS * CELLS), CELLS)
    return np.stack([columns, rows], axis=1).astype(np.float32)


class _Graph:
    def __init__(self, shape: list[int | str] | None = None) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.input = helper.make_tensor_value_info("input", TensorProto.FLOAT, shape or [1, 3, SIDE, SIDE])

    def constant(self, values: object) -> str:
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def add(self, kind: str, *inputs: str, output: str = "", **attributes: object) -> str:
        output = output or f"value{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def channel(self, number: int, scale: float) -> str:
        """The mean of a channel in each square, as (1, squares, 1)."""
        pooled = self.add("AveragePool", "input", kernel_shape=[8, 8], strides=[8, 8])
        bounds = [self.constant(np.array([each], np.int64)) for each in (number, number + 1, 1)]
        one = self.add("Slice", pooled, *bounds)
        shaped = self.add("Reshape", one, self.constant(np.array([1, CELLS * CELLS, 1], np.int64)))
        return self.add("Mul", shaped, self.constant(np.float32(scale)))

    def save(self, *outputs: str, rank: int = 3) -> bytes:
        infos = [helper.make_tensor_value_info(each, TensorProto.FLOAT, [None] * rank) for each in outputs]
        graph = helper.make_graph(self.nodes, "net", [self.input], infos, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        onnx.checker.check_model(model)
        return bytes(model.SerializeToString())


def yolox() -> bytes:
    """``(1, places, 5 + classes)``; the samples are 0–255."""
    graph = _Graph()
    head = np.tile(np.float32([0.5, 0.5, 0, 0, 1]), (CELLS * CELLS, 1))[None]
    fine = graph.add("Concat", graph.constant(head), graph.channel(0, 1 / 255), graph.channel(2, 1 / 255), axis=2)
    graph.add("Concat", fine, graph.constant(np.zeros((1, _COARSE, 7), np.float32)), axis=1, output="output")
    return graph.save("output")


def yolov8() -> bytes:
    """``(1, 4 + classes, places)``; the samples are 0–1."""
    graph = _Graph()
    boxes = np.concatenate([8 * _places() + 4, np.full((CELLS * CELLS, 2), 8, np.float32)], axis=1)[None]
    rows = graph.add("Concat", graph.constant(boxes), graph.channel(0, 1), graph.channel(2, 1), axis=2)
    graph.add("Transpose", rows, perm=[0, 2, 1], output="output")
    return graph.save("output")


def yunet() -> bytes:
    """Outputs for each of three grids; the samples are blue, green, red, 0–255. What is red is a face."""
    graph = _Graph()
    names = []
    for stride, count in ((8, CELLS * CELLS), (16, (SIDE // 16) ** 2), (32, (SIDE // 32) ** 2)):
        box = np.tile(np.float32([0.5, 0.5, 0, 0]), (count, 1))[None]
        none = np.zeros((1, count, 1), np.float32)
        parts = {"cls": graph.channel(2, 1 / 255) if stride == 8 else graph.constant(none)}
        parts |= {"obj": graph.constant(none + 1), "bbox": graph.constant(box)}
        for part, value in parts.items():
            names.append(graph.add("Identity", value, output=f"{part}_{stride}"))
    return graph.save(*names)


NETS = {"yolox": yolox, "yolov8": yolov8, "yolov11": yolov8, "yunet": yunet}


def classifier(layout: str = "nhwc", scale: float = 1.0) -> bytes:
    """Classes 0 to 2: red, green and blue; how much of each there is, by a factor, without a last layer of shares."""
    graph = _Graph([1, "height", "width", 3] if layout == "nhwc" else [1, 3, "height", "width"])
    axes = [1, 2] if layout == "nhwc" else [2, 3]
    means = graph.add("ReduceMean", "input", axes=axes, keepdims=0)
    graph.add("Mul", means, graph.constant(np.float32(scale)), output="output")
    return graph.save("output", rank=2)
