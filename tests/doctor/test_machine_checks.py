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
    monkeypatch.setattr(machine_checks, "_CGROUPS", folder)

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


@pytest.mark.parametrize(
    ("memory", "variables", "services", "state"),
    [
        (4 << 30, {}, 1, State.OK),
        # Two services have a budget each.
        (4 << 30, {}, 2, State.NOTE),
        (4 << 30, {"memory_budget": 5 << 30}, 1, State.NOTE),
        # AVIF of fifty megapixels takes 800 MB.
        (4 << 30, {"memory_budget": 1 << 30}, 1, State.NOTE),
        (4 << 30, {"memory_budget": 1 << 30, "max_src_resolution": 25_000_000}, 1, State.OK),
        (4 << 30, {"memory_budget": 300 << 20, "workers": 8}, 1, State.WRONG),
        # One render could map more than there is.
        (3 << 30, {"memory_budget": 2 << 30}, 1, State.NOTE),
    ],
)
def test_budget_is_compared_with_the_container_and_with_what_a_large_picture_takes(
    machine, memory, variables, services, state
):
    chosen = SETTINGS.model_copy(update={"memory_budget": 3 << 30, **variables})
    assert machine(memory=str(memory), settings=chosen, services=services)["machine.memory"] is state
