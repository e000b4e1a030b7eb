"""The service beside its model, for a short time; ``tests.support.upload_machine`` does it for a long one."""

import pytest

from tests.support.resource_process import ResourceProcess
from tests.support.upload_machine import run


@pytest.mark.promise("G18")
@pytest.mark.slow
def test_service_behaves_as_its_model(database_url, tmp_path):
    with ResourceProcess(tmp_path, database_url=database_url) as service:
        steps = run(service, 60, deadliness=0.02)
    assert steps["put"] > 0
