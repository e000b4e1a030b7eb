"""The wheel of this tree, built once in a process of the tests."""

import pytest

from tests.support.installation import Installation, build_wheel


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def installation(tmp_path):
    return Installation(tmp_path / "venv")
