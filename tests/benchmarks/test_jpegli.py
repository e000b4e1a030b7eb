from pathlib import Path

import pytest
import pyvips

from benchmarks import corpus, jpegli

SAMPLE = Path(__file__).parents[2] / "config" / "samples" / "astronaut.jpg"


def test_bytes_at_a_score_are_between_those_of_the_scores_around_it():
    points = [(60.0, 100, 50), (80.0, 400, 90)]
    assert jpegli.at_score(points, 70) == (pytest.approx(200), 70)
    assert jpegli.at_score(points, 80) == (pytest.approx(400), 90)
    with pytest.raises(ValueError, match="outside"):
        jpegli.at_score(points, 81)


def test_encoders_are_compared_at_both_scores(monkeypatch, tmp_path):
    pyvips.Image.thumbnail(str(SAMPLE), 300).pngsave(str(tmp_path / "00.png"))
    monkeypatch.setattr(corpus, "SET", tmp_path)
    monkeypatch.setattr(jpegli, "_BOX", 300)
    monkeypatch.setattr(jpegli, "_QUALITIES", (20, 95))
    monkeypatch.setattr(jpegli, "_RUNS", 1)
    rows = jpegli.compare(1)
    assert 0.5 < rows["SSIMULACRA2 80"]["bytes by those of libvips"] < 1
    assert rows["CPU, libvips"]["by libvips"] == 1
