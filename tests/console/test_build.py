"""The committed files are what the sources build, byte for byte; the sources have no errors of types."""

from mememime_proxy.console.static_files import FOLDER
from tests.support.console_build import run_script


def test_committed_files_are_those_of_the_sources(tmp_path):
    built = run_script(tmp_path, "build")
    assert built.returncode == 0, built.stderr
    new = {path.name: path.read_bytes() for path in (tmp_path / "static").iterdir()}
    committed = {path.name: path.read_bytes() for path in FOLDER.iterdir()}
    assert sorted(new) == sorted(committed), "run: make console"
    assert new == committed, "run: make console"


def test_sources_have_no_errors_of_types(tmp_path):
    checked = run_script(tmp_path, "check")
    assert checked.returncode == 0, checked.stdout
