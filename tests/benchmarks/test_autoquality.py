"""The models that the package ships are those of the committed measurements, of photographs that may be used."""

import json

import numpy as np
import pytest

from benchmarks.autoquality import curves, fitting, photographs, scenario, training
from benchmarks.report import table
from mememime_proxy.imaging.autoquality.features import NAMES
from mememime_proxy.imaging.autoquality.models import KINDS
from tests.support.photographs import photograph


def test_models_are_fitted_to_the_measurements():
    shipped, fitted = json.loads(fitting.MODELS.read_text()), fitting.fit(training.data())
    assert shipped["features"] == fitted["features"] == list(NAMES)
    assert shipped["formats"].keys() == fitted["formats"].keys() == training.QUALITIES.keys()
    for name, model in fitted["formats"].items():
        for kind in (*KINDS, "excess"):
            assert np.allclose(shipped["formats"][name][kind], model[kind], atol=2e-3), (name, kind)


def test_photographs_have_a_licence_and_a_third_is_kept_out():
    listed = photographs.listed()
    assert len(listed) >= 50
    assert all(each.licence and each.package and len(each.sha256) == 64 for each in listed)
    kept_out = {each.path for each in listed if not each.is_training}
    assert len(kept_out) >= 16
    assert not kept_out & {row["path"] for row in training.data()}
    assert {row["side"] for row in training.data()} == set(training.SIDES)


def test_curves_of_the_page_are_those_of_the_measurements():
    assert (curves.FOLDER / "scores.svg").read_text() == curves.chart(training.data())


@pytest.mark.parametrize("name", ["webp", "jpegli"])
def test_results_are_compared_with_one_quality_for_all(monkeypatch, name):
    monkeypatch.setattr(scenario, "QUALITIES", {name: ()})
    monkeypatch.setattr(scenario, "TARGETS", (70,))
    monkeypatch.setattr(scenario, "_FIXED", (50, 70))
    monkeypatch.setattr(scenario, "load", lambda _photograph, side: photograph(min(side, 128)))
    monkeypatch.setattr(scenario, "listed", lambda: photographs.listed()[2:3])
    results = scenario.measure((128,))
    rows = results["autoquality"]
    assert [place.rpartition(": ")[2] for place in rows] == ["ssim2", "ml, allowed error 1", "one quality"]
    assert all(row["error"] >= 0 and row["encodes"] >= 1 for row in rows.values())
    assert results["photographs"] == {"kept out": 1, "measured for the models": 0}
    assert len(table(rows, list(next(iter(rows.values()))))) == 2 + len(rows)
