"""The scenario with two attacks, for seconds: nobody is refused beside them; and how a row is judged. No time is."""

from collections import Counter

import pytest

from benchmarks.load import hostile
from benchmarks.load.hostile import Phase
from benchmarks.report import text
from tests.hostile.catalogue import FILES

RECORD = FILES["exif-self-pointers-jpeg"]


def _phase(*seconds, errors=0, attack=()):
    return Phase(list(seconds), Counter({200: len(seconds), 500: errors}), Counter(attack), 1.0, 1.0, 50 << 20)


def test_row_p99_within_three_times_the_quiet_one_passes():
    quiet, after = _phase(*[0.1] * 60), _phase(*[0.1] * 40)
    row = hostile.judge(RECORD, quiet, _phase(*[0.29] * 100, attack=[422]), _phase(*[0.1] * 100), after)
    assert (row["pass"], row["ratio"], row["eight_attack"]) == (True, 2.9, "422 × 1")
    row = hostile.judge(RECORD, quiet, _phase(*[0.31] * 100), _phase(*[0.1] * 100), after)
    assert not row["pass"]


def test_row_p99_of_a_quarter_of_a_second_passes_in_any_case():
    quiet = _phase(*[0.01] * 60)
    assert hostile.judge(RECORD, quiet, _phase(*[0.24] * 100), _phase(0.1), quiet)["pass"]
    assert not hostile.judge(RECORD, quiet, _phase(0.1), _phase(*[0.26] * 100), quiet)["pass"]


def test_row_with_an_error_fails():
    quiet = _phase(*[0.01] * 60)
    row = hostile.judge(RECORD, quiet, _phase(*[0.01] * 100), _phase(0.01, errors=1), quiet)
    assert (row["pass"], row["slow_errors"]) == (False, 1)


def test_page_has_the_worst_first():
    quiet = _phase(*[0.01] * 60)
    rows = {"b": hostile.judge(RECORD, quiet, quiet, quiet, quiet),
            "c": hostile.judge(RECORD, quiet, _phase(1.0), quiet, quiet)}  # fmt: skip
    page = text({
        "command": "x", "date": "2026-01-01", "commit": "c", "versions": {}, "corpus": [], "licences": [],
        "machine": {"cores": 1, "cpu": "x", "memory_gib": 1, "kernel": "6"},
        "results": {"hostile": {"rows": rows, "attacks": 2, "beyond": ["c"]}},
    })  # fmt: skip
    assert page.index("| c |") < page.index("| b |")
    assert "2 attacks; beyond the bar: c." in page


@pytest.mark.alone
@pytest.mark.slow
def test_good_requests_beside_attacks_are_all_answered():
    records = [FILES[name] for name in ("exif-self-pointers-jpeg", "heif-references-unknown")]
    found = hostile.hostile(records, 3)
    for row in found["rows"].values():
        assert row["eight_errors"] == row["slow_errors"] == 0
        assert row["eight_attack"]
        assert row["slow_attack"]
        assert row["peak_mib"] > 0
