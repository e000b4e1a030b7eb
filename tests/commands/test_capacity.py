"""``mememime capacity`` measures with the pool, and refuses what makes no sense (S10)."""

import json
from pathlib import Path

import pytest

from tests.support.commands import invoke

SAMPLES = str(Path(__file__).parents[2] / "config" / "samples")


def test_s10_table_comes_from_a_calibration():
    words = ["capacity", "--rps", "1000", "--hit", "0.97", "--mix", "webp=0.6,avif=0.4", "--folder", SAMPLES]
    done = invoke(*words, "--seconds", "0", "--box", "128", "--json", MEMEMIME_WORKERS="2")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    formats = document["calibration"]["formats"]
    assert set(formats) == {"jpeg", "png", "webp", "avif"}
    assert all(each["renders"] == 5 and each["cpu_seconds"] > 0 for each in formats.values())
    expected = 30 * (0.6 * formats["webp"]["cpu_seconds"] + 0.4 * formats["avif"]["cpu_seconds"])
    assert document["plan"]["busy_cpus"] == pytest.approx(expected)
    assert len(document["assumptions"]) > 4


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--mix", "webp=0.6,avif=0.3"], "found shares that make 0.9, expected 1"),
        (["--mix", "webp=1,heic=0"], "found the format 'heic', expected any of"),
        (["--mix", "webp"], "found 'webp', expected a format and its share"),
        (["--hit", "97"], "97.0 is not in the range"),
        (["--folder", str(Path(__file__).parent)], "has no pictures"),
    ],
)
def test_wrong_words_are_refused(words, message):
    done = invoke("capacity", "--folder", SAMPLES, *words)
    assert done.exit_code == 2
    assert message in done.output
