"""Lines to copy into another shell."""

import sys
from pathlib import Path

import pytest

from mememime_proxy.commands import next_steps


@pytest.mark.parametrize(
    ("script", "environment", "program"),
    [
        ("{cwd}/.venv/bin/mememime", True, ".venv/bin/mememime"),
        ("/opt/my env/bin/mememime", True, "'/opt/my env/bin/mememime'"),
        ("/usr/local/bin/mememime", False, "mememime"),
    ],
)
def test_program_can_be_called_from_a_shell_without_the_environment(monkeypatch, script, environment, program):
    monkeypatch.setattr(sys, "argv", [script.format(cwd=Path.cwd())])
    monkeypatch.setattr(sys, "prefix", "/environment" if environment else sys.base_prefix)
    assert next_steps.program() == program


def test_program_run_as_a_module_is_called_as_one(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/x/mememime_proxy/__main__.py"])
    assert next_steps.program() == f"{sys.executable} -m mememime_proxy"


def test_command_quotes_its_arguments(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/opt/bin/mememime"])
    monkeypatch.setattr(sys, "prefix", "/environment")
    assert next_steps.command("upload", "--alias", "a/{stem}") == "/opt/bin/mememime upload --alias 'a/{stem}'"


def test_shown_steps_leave_standard_output_alone(capsys):
    next_steps.show("one", "two")
    assert tuple(capsys.readouterr()) == ("", "Next: one\nNext: two\n")


def test_program_in_a_directory_that_was_removed_is_named_by_its_whole_path(tmp_path, monkeypatch):
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    monkeypatch.setattr(sys, "argv", ["/opt/venv/bin/mememime"])
    assert next_steps.program() == "/opt/venv/bin/mememime"
    monkeypatch.chdir(tmp_path)
