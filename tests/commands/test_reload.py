from pathlib import Path

from click.testing import CliRunner

from mememime_proxy.commands.reload import reload
from mememime_proxy.service import sighup
from mememime_proxy.service.sighup import RunningService

HERE = Path(__file__).parent
SERVICES = [RunningService(10, "proxy", 1, HERE), RunningService(11, "resources", 1, HERE)]
ELSEWHERE = [RunningService(20, "serve", 1, HERE / "other"), RunningService(21, "proxy", 1, Path("/"))]


def run(monkeypatch, *words, services=SERVICES, ended=()):
    monkeypatch.chdir(HERE)
    signalled = []
    monkeypatch.setattr(sighup, "find", lambda: services)
    monkeypatch.setattr(
        sighup, "reload", lambda service: service.pid not in ended and not signalled.append(service.pid)
    )
    return CliRunner().invoke(reload, words), signalled


def test_reload_signals_all_services_or_those_that_are_named(monkeypatch):
    result, signalled = run(monkeypatch)
    assert (result.exit_code, signalled) == (0, [10, 11])
    result, signalled = run(monkeypatch, "11")
    assert (result.exit_code, signalled) == (0, [11])
    assert result.output == "resources (process 11): signal sent, the result is in its log\n"


def test_reload_without_a_service_says_so(monkeypatch):
    result, _ = run(monkeypatch, services=[])
    assert result.exit_code == 1
    assert "no service of this user runs on this machine" in result.output
    result, signalled = run(monkeypatch, "10", "12")
    assert (result.exit_code, signalled) == (1, [])
    assert "no service of this user has the process id 12" in result.output


def test_reload_of_a_service_that_ends_is_a_failure(monkeypatch):
    result, signalled = run(monkeypatch, ended={10})
    assert (result.exit_code, signalled) == (1, [11])
    assert "proxy (process 10): no signal sent" in result.output


def test_reload_without_process_ids_leaves_services_of_other_folders_alone(monkeypatch):
    result, signalled = run(monkeypatch, services=SERVICES + ELSEWHERE)
    assert (result.exit_code, signalled) == (0, [10, 11])
    result, signalled = run(monkeypatch, "20", services=SERVICES + ELSEWHERE)
    assert (result.exit_code, signalled) == (0, [20])
    result, signalled = run(monkeypatch, "--all", services=SERVICES + ELSEWHERE)
    assert (result.exit_code, signalled) == (0, [10, 11, 20, 21])
    result, signalled = run(monkeypatch, "--all", "20", services=SERVICES + ELSEWHERE)
    assert (result.exit_code, signalled) == (2, [])


def test_reload_where_nothing_runs_names_the_services_of_other_folders(monkeypatch):
    result, signalled = run(monkeypatch, services=ELSEWHERE)
    assert (result.exit_code, signalled) == (1, [])
    assert f"serve (process 20) in {HERE / 'other'}" in result.output
    assert "proxy (process 21) in /" in result.output
