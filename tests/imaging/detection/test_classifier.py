"""Classes of pictures, by nets of the operator's."""

import pytest
import pyvips

from mememime_proxy.detection.config import ClassificationConfig
from mememime_proxy.detection.options import Classification
from mememime_proxy.errors import SettingsError
from mememime_proxy.imaging.detection.classifier import Classifier
from tests.support import nets

CLASSES = ("red", "green", "blue")


def plain(color, size=(40, 30)):
    return pyvips.Image.black(*size, bands=3).copy(interpretation="srgb") + list(color)


def classifier(tmp_path, layout="nhwc", scale=0.1, **more):
    (tmp_path / "net").write_bytes(nets.classifier(layout, scale))
    more = {"classes": CLASSES, "net_size": 16} | more
    return Classifier(ClassificationConfig(net=str(tmp_path / "net"), layout=layout, **more))


@pytest.mark.parametrize("layout", ["nhwc", "nchw"])
@pytest.mark.parametrize(
    ("normalization", "scale"), [("none", 0.1), ("half", 10), ("full", 20), ("imagenet", 10), ("caffe", 0.1)]
)
def test_class_is_told_for_every_kind_of_samples(tmp_path, layout, normalization, scale):
    found = classifier(tmp_path, layout, scale, normalization=normalization).classify(
        plain((200, 10, 10)), Classification(3)
    )
    # Nets of Caffe see blue first.
    assert [each.name for each in found] == ["blue" if normalization == "caffe" else "red"]
    assert found[0].confidence > 0.9


def test_middle_of_the_picture_is_looked_at(tmp_path):
    wide = plain((0, 200, 0), (30, 30)).embed(135, 0, 300, 30, extend="background", background=[200, 0, 0])
    assert classifier(tmp_path).classify(wide, Classification(1))[0].name == "green"


def test_threshold_number_and_classes_choose(tmp_path):
    image = plain((100, 110, 120))
    every = classifier(tmp_path, threshold=0).classify(image, Classification(9))
    assert [each.name for each in every] == ["blue", "green", "red"]
    assert sum(each.confidence for each in every) == pytest.approx(1, abs=1e-3)
    assert len(classifier(tmp_path, threshold=0).classify(image, Classification(2))) == 2
    chosen = classifier(tmp_path, threshold=0).classify(image, Classification(9, ("red", "unknown")))
    assert [each.name for each in chosen] == ["red"]
    assert [each.name for each in classifier(tmp_path).classify(image, Classification(9))] == ["blue"]


def test_class_without_a_name_is_told_by_its_number(tmp_path):
    (found,) = classifier(tmp_path, classes=("red",)).classify(plain((0, 0, 250)), Classification(1))
    assert (found.class_id, found.name) == (2, "2")


def test_net_of_another_shape_is_refused_at_the_start(tmp_path):
    (tmp_path / "net").write_bytes(nets.yolox())
    with pytest.raises(SettingsError, match="expected a net that classifies pictures"):
        Classifier(ClassificationConfig(net=str(tmp_path / "net"), net_size=16))
