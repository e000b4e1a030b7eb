"""Checks of the limits of the machine or container."""

import resource
from collections import namedtuple

import pytest

from mememime_proxy.doctor import machine_checks
from mememime_proxy.doctor.findings import State
from mememime_proxy.settings.settings import Settings

SETTINGS = Settings(allow_unsigned=True, workers=2)
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine whose limits the test sets; returns the state of each check."""
    folder = tmp_path / "cgroup"
    folder.mkdir()
    monkeypatch.setattr(machine_checks, "_CGROUP", folder)

    def check(files=65536, shared=64 << 20, memory="max", settings=SETTINGS, services=1):
        monkeypatch.setattr(resource, "getrlimit", lambda _: (files, files))
        monkeypatch.setattr(machine_checks.shutil, "disk_usage", lambda _: Usage(shared, 0, shared))
        (folder / "memory.max").write_text(f"{memory}\n")
        found = {}
        for finding in machine_checks.check_machine(settings, services):
            if found.get(finding.check) is not State.NOTE:
                found[finding.check] = finding.state
        return found

    return check


def test_usual_container_has_no_fault(machine):
    found = machine(memory=str(4 << 30))
    assert found["machine.open_files"] is State.OK
    assert found["machine.shared_memory"] is State.OK
    assert State.WRONG not in found.values()


@pytest.mark.parametrize(("files", "state"), [(256, State.WRONG), (1024, State.NOTE), (65536, State.OK)])
def test_open_files_are_compared_with_the_clients(machine, files, state):
    assert machine(files=files)["machine.open_files"] is state


def test_small_shared_memory_is_noted(machine):
    assert machine(shared=1 << 20)["machine.shared_memory"] is State.NOTE


def test_memory_of_the_container_is_compared_with_the_workers(machine):
    small = SETTINGS.model_copy(update={"worker_memory_limit": 1536 << 20})
    assert machine(memory=str(4 << 30), settings=small)["machine.memory"] is State.OK
    # One render may take more than the whole container.
    assert machine(memory=str(3 << 30))["machine.memory"] is State.NOTE
    # All workers together may take more.
    assert machine(memory=str(1 << 30), settings=small)["machine.memory"] is State.NOTE
    unlimited = small.model_copy(update={"worker_max_memory": 0})
    assert machine(memory=str(4 << 30), settings=unlimited)["machine.memory"] is State.NOTE


def test_limit_of_the_older_hierarchy_is_read(monkeypatch, tmp_path):
    (tmp_path / "memory").mkdir()
    (tmp_path / "memory" / "memory.limit_in_bytes").write_text(f"{1 << 20}\n")
    monkeypatch.setattr(machine_checks, "_CGROUP", tmp_path)
    assert machine_checks.memory_limit()[0] == 1 << 20
    (tmp_path / "memory" / "memory.limit_in_bytes").write_text("9223372036854771712\n")
    assert machine_checks.memory_limit()[1] == "memory of the machine"
