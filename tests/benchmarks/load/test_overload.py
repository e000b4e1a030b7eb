from benchmarks.load import overload, requester
from benchmarks.report import text


def _answers(*found):
    return requester.Answers(
        number=list(range(len(found))), seconds=[taken for taken, _ in found], status=[status for _, status in found],
        retry_after=[status == 503 for _, status in found], started=[0.0] * len(found), cpu=1.0, wall=10.0,
    )  # fmt: skip


def test_summary_counts_good_refused_and_wrong_answers():
    row = overload.summary(_answers((0.1, 200), (0.2, 200), (0.001, 503), (0.002, 503), (9, 500), (60, 0)), 8)
    assert (row["good"], row["refused"], row["errors"]) == (2, 2, 2)
    assert row["good_per_second"] == 0.2
    assert (row["admitted_p99_ms"], row["refused_p99_ms"]) == (200.0, 2.0)
    assert row["client_cpu_share"] == 0.1


def _row(load, good, refused, admitted, refusal, cpu):
    answers = [(admitted, 200)] * good + [(refusal, 503)] * refused
    return overload.summary(_answers(*answers), 10) | {"load": load, "cpu_s": cpu, "front_cpu_s": cpu / 10,
                                                       "capacity": 10.0}  # fmt: skip


def test_judgement_compares_with_load_08_and_the_capacity():
    rows = {
        "x0.5": _row(0.5, 50, 0, 0.02, 0, 5),
        "x0.8": _row(0.8, 80, 0, 0.05, 0, 8),
        "x4": _row(4, 95, 305, 0.09, 0.01, 10),
        "x10": _row(10, 80, 920, 0.11, 0.03, 10),
    }
    verdict = overload.judge(rows)
    assert verdict["x4"] == {"p99_ratio": 1.8, "goodput_share": 0.95, "cpu_share": 0.95, "refusal_p99_ratio": 0.5,
                             "pass": True}  # fmt: skip
    assert not verdict["x10"]["pass"]
    assert "x0.5" not in verdict


def test_page_has_a_row_for_each_load():
    rows = {"x0.8": _row(0.8, 80, 0, 0.05, 0, 8)}
    page = text({
        "command": "x", "date": "2026-01-01", "commit": "c", "versions": {}, "corpus": [], "licences": [],
        "machine": {"cores": 1, "cpu": "x", "memory_gib": 1, "kernel": "6"},
        "results": {"overload": {"rows": rows, "verdict": overload.judge(rows)}},
    })  # fmt: skip
    assert "| x0.8 | 10.0 | 8.0 | 8.0 | 0.0 | 0 | 0 | 50.0 |" in page
