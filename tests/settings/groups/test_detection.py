"""Settings of nets: files of classes, and what changes results."""

import pytest

from mememime_proxy.errors import SettingsError
from mememime_proxy.settings.groups import detection
from mememime_proxy.settings.sections import render_config
from mememime_proxy.settings.settings import load


def config(**variables):
    environ = {f"MEMEMIME_{name.upper()}": str(value) for name, value in variables.items()}
    return render_config(load({"MEMEMIME_ALLOW_UNSIGNED": "true"} | environ))


def test_classes_and_weights_are_read_from_a_file(tmp_path):
    (tmp_path / "classes").write_text("person=2.5\n\ntraffic light\n a=b = 0 \n\n", "utf-8")
    found = config(object_detection_classes=tmp_path / "classes").detection.classes
    assert found == (("person", 2.5), ("", 1.0), ("traffic light", 1.0), ("a=b", 0.0))
    assert config(classification_classes=tmp_path / "classes").classification.classes[2] == "traffic light"


@pytest.mark.parametrize("line", ["face=x", "face=-1", "face=inf", "face=nan"])
def test_weight_that_is_none_is_refused(tmp_path, line):
    (tmp_path / "classes").write_text(line)
    with pytest.raises(SettingsError, match="MEMEMIME_OBJECT_DETECTION_CLASSES: found the line"):
        config(object_detection_classes=tmp_path / "classes")


@pytest.mark.parametrize("name", ["object_detection_net", "object_detection_classes", "classification_net"])
def test_file_that_is_not_there_is_refused(name):
    with pytest.raises(SettingsError, match=f"MEMEMIME_{name.upper()}: found '/no/file', expected a readable file"):
        config(**{name: "/no/file"})


def test_another_net_in_the_same_file_is_another_configuration(tmp_path):
    found = []
    for body in (b"one", b"two"):
        (tmp_path / "net").write_bytes(body)
        found.append(config(object_detection_net=tmp_path / "net", classification_net=tmp_path / "net"))
    assert found[0].detection != found[1].detection
    assert found[0].classification != found[1].classification


def test_threshold_follows_the_net(tmp_path):
    (tmp_path / "net").write_bytes(b"net")
    assert config().detection.threshold == 0.75
    assert config(object_detection_net=tmp_path / "net").detection.threshold == 0.2
    assert config(object_detection_net=tmp_path / "net", object_detection_net_type="yunet").detection.threshold == 0.75
    assert config(object_detection_confidence_threshold=0.3).detection.threshold == 0.3


@pytest.mark.parametrize("name", ["object_detection_net", "classification_net"])
def test_net_without_the_extra_that_runs_it_is_refused(tmp_path, monkeypatch, name):
    (tmp_path / "net").write_bytes(b"net")
    monkeypatch.setattr(detection, "find_spec", lambda _name: None)
    with pytest.raises(SettingsError, match=f"MEMEMIME_{name.upper()}: .* needs the extra objects"):
        config(**{name: tmp_path / "net"})
    assert config().detection.threshold == 0.75
