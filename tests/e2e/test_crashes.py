"""Kills of the service and failures of its disk during operations: a sample of ``tests.support.crash_trials``.

``python -m tests.support.crash_trials`` runs all trials.
"""

import random

import pytest

from tests.support.crash_trials import (
    TRIALS,
    Finish,
    Patch,
    PutAsset,
    at_moment,
    before_thing,
    client_dies,
    hit,
    sound,
    whatever_fails,
)
from tests.support.resource_process import ResourceProcess

DICE = random.Random()


@pytest.fixture(scope="module")
def crashing_service(tmp_path_factory):
    """A service that dies on demand."""
    with ResourceProcess(tmp_path_factory.mktemp("crashing_service"), "tests.support.crashing_service") as service:
        yield service


@pytest.mark.promise("G2")
@pytest.mark.parametrize("kind", TRIALS, ids=lambda kind: kind.__name__)
def test_service_killed_before_a_durable_operation_loses_nothing(crashing_service, kind):
    number = DICE.randrange(1, 16)
    hit(crashing_service, kind, before_thing(number))
    sound(crashing_service)


@pytest.mark.promise("G2")
@pytest.mark.parametrize("kind", [PutAsset, Finish], ids=lambda kind: kind.__name__)
def test_service_killed_at_random_moment_loses_nothing(crashing_service, kind):
    hit(crashing_service, kind, at_moment(DICE.uniform(0, 0.2)))
    sound(crashing_service)


@pytest.mark.promise("G4")
@pytest.mark.parametrize("kind", [PutAsset, Patch, Finish], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
def test_disk_failing_at_each_call_loses_nothing(crashing_service, kind, error):
    _, refused = whatever_fails(crashing_service, kind, error, iter(range(DICE.randrange(1, 4), 100, 4)))
    assert refused > 0
    sound(crashing_service)


@pytest.mark.promise("G1")
def test_client_that_dies_resumes_its_upload(crashing_service):
    for _ in range(8):
        hit(crashing_service, Patch, client_dies(DICE.randrange(Patch.size)))
    sound(crashing_service)
