"""Fixtures of storage: an S3 server for all tests of a test process, and a fault proxy in front of it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from mememime_proxy.storage.s3.accounts import S3Account
from mememime_proxy.storage.s3.bucket import S3Bucket
from mememime_proxy.storage.s3.client import S3Client
from tests.support.fault_proxy import FaultProxy
from tests.support.s3_server import ADMIN, Identity, S3Server


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A running SeaweedFS; make a bucket of your own in it."""
    with S3Server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
async def fault_proxy(s3_server: S3Server) -> AsyncIterator[FaultProxy]:
    """A fault proxy in front of the S3 server."""
    async with FaultProxy(s3_server.endpoint) as proxy:
        yield proxy


@pytest.fixture
async def s3(s3_server: S3Server, fault_proxy: FaultProxy) -> AsyncIterator[S3Client]:
    """A client of the proxy, as the administrator."""
    client = S3Client(account(fault_proxy.endpoint), connect_timeout=30)
    await client.start()
    yield client
    await client.close()


@pytest.fixture
def bucket(s3_server: S3Server, s3: S3Client) -> S3Bucket:
    """An empty bucket, through the proxy."""
    return S3Bucket(s3, s3_server.create_bucket())


def account(endpoint: str, identity: Identity = ADMIN) -> S3Account:
    return S3Account(
        endpoint=endpoint,
        region=S3Server.region,
        access_key_id=identity.access_key,
        secret_access_key=identity.secret_key,
    )
