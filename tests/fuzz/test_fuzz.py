"""Every target with its seeds, some hundred mutations and all former faults; the engine finds a fault that is there."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.fuzz.__main__ import fuzz, main
from tests.fuzz.mutation import mutations
from tests.fuzz.regressions import REGRESSIONS
from tests.fuzz.target import CostError, Target, count_steps, execute
from tests.fuzz.targets import load, load_all

TARGETS = load_all()
_MUTATIONS = 300
_SEED = 1


def missing_engine() -> bool:
    return sys.platform != "linux" or os.uname().machine != "x86_64"


@pytest.mark.parametrize("name", TARGETS)
def test_target_takes_its_seeds_and_their_mutations(name):
    target = TARGETS[name]
    assert any(_is_accepted(target, data) for data in target.seeds())
    for data in mutations(target, _SEED, _MUTATIONS):
        execute(target, data)


def _is_accepted(target, data):
    try:
        target.run(data)
    except target.allowed:
        return False
    return True


@pytest.mark.parametrize("what", REGRESSIONS)
def test_former_fault_stays_mended(what):
    name, data = REGRESSIONS[what]
    execute(TARGETS[name], data)


def test_mutations_are_the_same_in_every_process():
    target = TARGETS["pictures.png"]
    code = (
        "from tests.fuzz.mutation import mutations; from tests.fuzz.targets import load; import hashlib;"
        "print(hashlib.sha256(b''.join(mutations(load('pictures.png'), 1, 50))).hexdigest())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in "12"
    }
    assert len(outputs) == 1
    assert len(list(mutations(target, 1, 50))) == len(list(target.seeds())) + 50


def quadratic(data: bytes) -> None:
    for _ in data:
        for _ in data:
            pass


def test_input_that_costs_too_many_steps_is_a_fault():
    target = Target(name="quadratic", run=quadratic, seeds=lambda: (b"",))
    execute(target, bytes(20))
    with pytest.raises(CostError, match="lines for 4096 bytes"):
        execute(target, bytes(4096))


def test_steps_are_counted_up_to_their_limit():
    assert 4 < count_steps(lambda: quadratic(bytes(2)), 1000) < 30
    assert count_steps(lambda: quadratic(bytes(1000)), 1000) == 1001


@pytest.mark.skipif(missing_engine(), reason="Atheris has no wheel for this machine")
def test_engine_finds_a_planted_fault_and_the_command_reports_it(tmp_path, monkeypatch, capsys):
    """The planted fault is behind a comparison that no mutation passes by chance."""
    table = tmp_path / "table.md"
    monkeypatch.setattr("tests.fuzz.__main__.load_all", lambda: {"selftest.planted": load("selftest.planted")})
    assert main(["selftest", "--seconds", "60", "--faults", str(tmp_path / "faults"), "--table", str(table)]) == 1
    output = capsys.readouterr().out
    assert "faults 1" in output
    assert "planted" in output
    (fault,) = (tmp_path / "faults").iterdir()
    assert fault.read_bytes().startswith(b"\x89magic")
    assert table.read_text().splitlines()[-1].endswith("| 1 |")


@pytest.mark.skipif(missing_engine(), reason="Atheris has no wheel for this machine")
def test_engine_ends_after_a_number_of_inputs():
    outcome = fuzz(load("pictures.ico"), seed=1, executions=300)
    assert outcome.fault is None
    assert outcome.executions >= 300
    assert outcome.edges > 0
