"""Models: what is in the package, and curves that can be inverted."""

import json

import numpy as np
import pytest

from mememime_proxy.imaging.autoquality import models
from mememime_proxy.imaging.autoquality.features import NAMES, features
from mememime_proxy.imaging.autoquality.target import FORMATS
from mememime_proxy.imaging.autoquality.tiles import cut
from tests.support.photographs import photograph


def test_package_has_a_model_for_each_format_and_for_jpegli():
    loaded = models.load()
    assert set(loaded) == FORMATS | {"jpegli"}
    for model in loaded.values():
        for rows in model.coefficients.values():
            assert rows.shape == (len(model.qualities), 1 + len(NAMES))


@pytest.mark.parametrize("kind", models.KINDS)
def test_curve_of_a_photograph_rises_and_is_inverted(kind):
    found = features(cut(photograph(512)), 512 * 512)
    for model in models.load().values():
        curve = model.curve(kind, found)
        assert (np.diff(curve.values) >= 0).all()
        middle = float(curve.values[3:5].mean())
        assert curve.qualities[3] <= curve.quality_of(middle) <= curve.qualities[4]
        assert curve.quality_of(-1e9) == curve.qualities[0]
        assert curve.quality_of(1e9) == curve.qualities[-1]
        assert curve.slope_at(60) > 0


def test_curve_that_a_model_lets_fall_is_flat_there():
    document = json.loads((models.files("mememime_proxy.imaging.autoquality") / "models.json").read_text())
    rows = document["formats"]["jpeg"]["ssim2"]
    rows[3][0] = rows[2][0] - 5
    curve = models.parse(document)["jpeg"].curve("ssim2", np.array(document["centers"]))
    assert curve.values[3] == curve.values[2]
    assert curve.slope_at(float(curve.qualities[3])) >= 0.2
