import pytest
from click.testing import CliRunner

from mememime_proxy.commands.group import main


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setenv("IMGPROXY_QUALITY", "71")
    monkeypatch.setenv("MEMEMIME_SECRET", "tell-nobody")
    return lambda *arguments: CliRunner().invoke(main, ["settings", *arguments])


def test_settings_list_has_defaults_values_and_meanings(run):
    result = run()
    assert result.exit_code == 0
    assert "MEMEMIME_TTL=31536000\n" in result.output
    assert "MEMEMIME_QUALITY=71\n" in result.output
    assert "Expects a whole number, 1 or more and at most 100." in " ".join(result.output.split())


def test_settings_list_of_set_ones_leaves_the_others_out(run):
    result = run("--set")
    assert "MEMEMIME_QUALITY=71\n" in result.output
    assert "MEMEMIME_TTL" not in result.output


def test_settings_list_hides_secrets(run):
    result = run()
    assert "MEMEMIME_SECRET=(secret)\n" in result.output
    assert "tell-nobody" not in result.output
