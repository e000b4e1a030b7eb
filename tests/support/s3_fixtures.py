"""Fixtures of storage: an S3 server for all tests of a worker, a proxy before it that fails when it is told to."""

from collections.abc import AsyncIterator, Iterator

import pytest

from mememime_proxy.storage.s3.accounts import S3Account
from mememime_proxy.storage.s3.bucket import S3Bucket
from mememime_proxy.storage.s3.client import S3Client
from tests.support.fault_proxy import Faults
from tests.support.s3_server import ADMIN, Identity, Weed


@pytest.fixture(scope="session")
def weed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weed]:
    """A running SeaweedFS; make a bucket of your own in it."""
    with Weed(tmp_path_factory.mktemp("weed")) as it:
        yield it


@pytest.fixture
async def faults(weed: Weed) -> AsyncIterator[Faults]:
    """A proxy before it that fails when it is told to."""
    async with Faults(weed.endpoint) as it:
        yield it


@pytest.fixture
async def s3(weed: Weed, faults: Faults) -> AsyncIterator[S3Client]:
    """A client of the proxy, as the administrator."""
    client = S3Client(account(faults.endpoint), connect_timeout=30)
    await client.start()
    yield client
    await client.close()


@pytest.fixture
def bucket(weed: Weed, s3: S3Client) -> S3Bucket:
    """An empty bucket, through the proxy."""
    return S3Bucket(s3, weed.create_bucket())


def account(endpoint: str, identity: Identity = ADMIN) -> S3Account:
    return S3Account(
        endpoint=endpoint,
        region=Weed.region,
        access_key_id=identity.access_key,
        secret_access_key=identity.secret_key,
    )
