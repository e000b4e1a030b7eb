"""One S3 server for all tests of a worker."""

from collections.abc import Iterator

import pytest

from tests.storage.weed import Weed


@pytest.fixture(scope="session")
def weed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weed]:
    """A running SeaweedFS; make a bucket of your own in it."""
    with Weed(tmp_path_factory.mktemp("weed")) as it:
        yield it
