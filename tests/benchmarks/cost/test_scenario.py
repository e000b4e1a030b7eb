"""Estimates hold for a sample of jobs, each in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.cost.cases import cases

ROOT = Path(__file__).parents[3]
SAMPLE = {
    "jpeg-progressive-444, noise": 4,
    "png-16-alpha-interlaced, photo": 1,
    "avif-444-10, noise": 1,
    "jxl-16-alpha, photo": 1,
    "webp-lossless, noise": 2,
    "jpeg, photo, small: avif": 3,
    "jpeg, photo, small: sharpen": 2,
    "gif-20, photo": 2,
}
"""Part of a name, and the number of jobs that have it."""


@pytest.mark.parametrize("only", SAMPLE)
def test_estimates_hold(only):
    """Memory is absolute. CPU time relative to a reference in the same process; other load may double it again."""
    command = [sys.executable, "-m", "benchmarks", "cost", "--size", "small", "--only", only, "--no-page"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=600)
    found = json.loads(done.stdout)
    assert sum(group["jobs"] for group in found["groups"].values()) >= 1
    faults = {name: row for name, row in found["broken"].items() if row["fault"] != "cpu"}
    assert not faults
    for name, row in found["broken"].items():
        assert row["cpu_ms"] <= 4 * row["estimate_ms"] + 50, name


def test_cases_have_names_of_their_own():
    names = [case.name for case in cases(("small", "medium"))]
    assert len(names) == len(set(names)) > 300
    assert all(sum(only in name for name in names) for only in SAMPLE)


def test_report_shows_groups_and_faults():
    group = {"jobs": 2, "hold": 1, "cpu_least": 0.4}
    page = "\n".join(report.cost_section({"groups": {"decoder": group}, "broken": {"jpeg, photo": {"fault": "cpu"}}}))
    assert "| decoder | 2 | 1 | 0.4 |" in page
    assert "| jpeg, photo | cpu |" in page
