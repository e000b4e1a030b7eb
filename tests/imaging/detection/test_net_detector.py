"""Nets of the operator's: the layouts of their outputs, the samples they get, doubles."""

from pathlib import Path

import numpy as np
import pytest
import pyvips

from mememime_proxy.detection.config import DetectionConfig
from mememime_proxy.errors import SettingsError
from mememime_proxy.imaging.detection.net_detector import NetDetector
from tests.support import nets

RED, BLUE = (255, 0, 0), (0, 0, 255)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nets")
    for name, make in nets.NETS.items():
        (folder / name).write_bytes(make())
    return folder


def detector(files, kind, **more):
    classes = (("car", 2.0), ("dog", 1.0)) if kind != "yunet" else ()
    return NetDetector(DetectionConfig(net=str(files / kind), net_type=kind, classes=classes, **more))


def picture(width, height, *squares, side=8, bands=3):
    """Black, with squares (column, row, colour) of a grid."""
    pixels = np.zeros((height, width, bands), np.uint8)
    pixels[..., 3:] = 255
    for column, row, color in squares:
        pixels[row * side : (row + 1) * side, column * side : (column + 1) * side, :3] = color
    return pyvips.Image.new_from_memory(pixels.tobytes(), width, height, bands, "uchar").copy(interpretation="srgb")


@pytest.mark.parametrize("kind", ["yolox", "yolov8", "yolov11"])
def test_objects_are_found_where_they_are(files, kind):
    first, second = detector(files, kind).find(picture(64, 64, (1, 2, RED), (6, 5, BLUE)))
    assert [(each.class_id, each.class_name, each.weight) for each in (first, second)] == [(0, "car", 2), (1, "dog", 1)]
    assert first.box == pytest.approx((1 / 8, 2 / 8, 2 / 8, 3 / 8), abs=1e-5)
    assert second.box == pytest.approx((6 / 8, 5 / 8, 7 / 8, 6 / 8), abs=1e-5)
    assert first.confidence == second.confidence == 1


def test_yunet_finds_faces_and_takes_blue_first(files):
    (face,) = detector(files, "yunet").find(picture(64, 64, (3, 3, RED), (5, 5, BLUE)))
    assert (face.class_id, face.class_name) == (0, "face")
    assert face.box == pytest.approx((3 / 8, 3 / 8, 4 / 8, 4 / 8), abs=1e-5)


@pytest.mark.parametrize("kind", nets.NETS)
@pytest.mark.parametrize("size", [(128, 64), (64, 128), (256, 64), (32, 64)])
def test_picture_of_another_shape_is_padded_and_its_boxes_are_its_own(files, kind, size):
    # Squares of the picture meet squares of the net, wherever the padding is.
    side = max(8 * max(size) // 64, 4)
    found = detector(files, kind, confidence_threshold=0.7).find(picture(*size, (1, 1, RED), side=side))
    assert len(found) == 1
    expected = (side / size[0], side / size[1], 2 * side / size[0], 2 * side / size[1])
    assert found[0].box == pytest.approx(expected, abs=0.03)


def test_red_and_blue_are_exchanged_on_demand(files):
    (found,) = detector(files, "yolox", swap_rb=True).find(picture(64, 64, (1, 1, RED)))
    assert found.class_name == "dog"


def test_threshold_and_names_of_classes_that_the_list_lacks(files):
    weak = picture(64, 64, (1, 1, (100, 0, 0)), (2, 2, (0, 0, 200)))
    config = DetectionConfig(net=str(files / "yolox"), classes=(("car", 1.0),))
    assert [each.class_name for each in NetDetector(config).find(weak)] == ["1", "car"]
    strict = DetectionConfig(net=str(files / "yolox"), confidence_threshold=0.5)
    assert [each.class_name for each in NetDetector(strict).find(weak)] == ["1"]


@pytest.mark.parametrize(("threshold", "count"), [(0.2, 1), (0.5, 2)])
def test_of_two_boxes_of_one_object_the_more_certain_one_counts(files, threshold, count, monkeypatch):
    found = detector(files, "yolox", nms_threshold=threshold)
    edges = np.float32([[0, 0, 32, 32], [0, 0, 32, 16 * 0.9], [0, 0, 32, 32]])
    # The second shares 0.45 of the union with the first; the third is of another class.
    rows = edges, np.float32([0.9, 0.8, 0.7]), np.array([0, 0, 1])
    monkeypatch.setattr(found, "_rows", lambda _samples: rows)
    assert len(found.find(picture(64, 64))) == count + 1


@pytest.mark.parametrize("edges", [(np.nan, 0, 8, 8), (70, 70, 80, 80), (8, 8, 4, 4), (-np.inf, 0, 8, 8)])
def test_boxes_that_are_none_are_left_out_or_cut(files, edges, monkeypatch):
    found = detector(files, "yolox")
    rows = np.float32([edges]), np.float32([0.9]), np.array([0])
    monkeypatch.setattr(found, "_rows", lambda _samples: rows)
    for each in found.find(picture(64, 64)):
        assert 0 <= each.box.left < each.box.right <= 1
        assert 0 <= each.box.top < each.box.bottom <= 1


def test_transparent_and_grey_pictures_are_looked_at_as_rgb(files):
    assert len(detector(files, "yolox").find(picture(64, 64, (1, 1, RED), bands=4))) == 1
    assert detector(files, "yolox").find(picture(64, 64)[0].copy(interpretation="b-w")) == ()


@pytest.mark.parametrize(("kind", "file"), [("yolox", "yolov8"), ("yolox", "yunet"), ("yunet", "yolox")])
def test_net_of_another_type_is_refused_at_the_start(files, kind, file):
    with pytest.raises(SettingsError, match=f"expected a net of the type {kind}"):
        NetDetector(DetectionConfig(net=str(files / file), net_type=kind))


def test_file_that_is_no_net_is_refused_at_the_start(tmp_path):
    (tmp_path / "net").write_bytes(b"no net")
    with pytest.raises(SettingsError, match="expected a net in the format ONNX"):
        NetDetector(DetectionConfig(net=str(tmp_path / "net")))


def test_library_starts_no_thread_and_sends_nothing(files):
    # Workers are forked from the process that loads a net.
    threads = len(list(Path("/proc/self/task").iterdir()))
    detector(files, "yolox")
    assert len(list(Path("/proc/self/task").iterdir())) == threads
