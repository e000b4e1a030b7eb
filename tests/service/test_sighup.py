"""Services are found by their processes."""

from pathlib import Path

import pytest

from mememime_proxy.service import sighup
from mememime_proxy.service.sighup import RunningService

FOLDER = Path("/srv/pictures")


@pytest.fixture
def processes(tmp_path, monkeypatch):
    """A table of processes in a folder; ``add`` puts one into it."""
    monkeypatch.setattr(sighup, "_PROC", tmp_path)

    def add(pid, *words, parent=1, catches="0000000000000001"):
        (tmp_path / str(pid)).mkdir(exist_ok=True)
        (tmp_path / str(pid) / "cmdline").write_bytes(b"".join(word.encode() + b"\0" for word in words))
        (tmp_path / str(pid) / "cwd").unlink(missing_ok=True)
        (tmp_path / str(pid) / "cwd").symlink_to(FOLDER)
        (tmp_path / str(pid) / "status").write_text(f"Name:\tpython\nPPid:\t{parent}\nSigCgt:\t{catches}\n")

    (tmp_path / "meminfo").write_text("")
    return add


def test_services_are_found_by_their_command_lines(processes):
    processes(10, "/venv/bin/python", "-m", "mememime_proxy", "proxy")
    processes(11, "/venv/bin/python3", "/venv/bin/mememime", "resources", "--env-file", "x")
    processes(12, "mememime", "proxy")
    processes(20, "/venv/bin/python", "-m", "mememime_proxy", "upload", "proxy")
    processes(21, "vim", "mememime_proxy", "proxy")
    processes(22, "grep", "-r", "mememime", "proxy")
    processes(23, "/venv/bin/mememime", "sign", "serve")
    processes(24)
    assert sorted((service.pid, service.command) for service in sighup.find()) == [
        (10, "proxy"), (11, "resources"), (12, "proxy"),
    ]  # fmt: skip


def test_services_of_a_supervisor_are_left_to_it(processes):
    processes(10, "mememime", "serve")
    processes(11, "python", "-m", "mememime_proxy", "proxy", parent=10)
    processes(12, "python", "-m", "mememime_proxy", "proxy", parent=1)
    assert sorted((service.pid, service.folder) for service in sighup.find()) == [(10, FOLDER), (12, FOLDER)]


def test_process_that_the_signal_would_end_gets_none(processes, monkeypatch):
    """While it starts, SIGHUP has the kernel's default: the end of the process."""
    sent = []
    monkeypatch.setattr(sighup.os, "pidfd_open", lambda _pid: sighup.os.open("/dev/null", 0))
    monkeypatch.setattr(sighup.signal, "pidfd_send_signal", lambda _descriptor, number: sent.append(number))
    processes(10, "mememime", "proxy", catches="0000000000004002")
    service = RunningService(10, "proxy", 1, FOLDER)
    assert not sighup.reload(service)
    assert sent == []
    processes(10, "mememime", "proxy", catches="0000000000004003")
    assert sighup.reload(service)
    assert len(sent) == 1
    processes(10, "other")  # the number belongs to another process now
    assert not sighup.reload(service)
    assert len(sent) == 1


def test_process_that_has_ended_gets_none():
    assert not sighup.reload(RunningService(0x3FFFFF, "proxy", 1, FOLDER))
