"""Fixtures for storages through obstore: emulators of Google Cloud Storage and Azure Blob Storage."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from mememime_proxy.storage.config import AzureAccount, GoogleAccount
from tests.support.azure_server import ACCOUNT, KEY, AzureStorageServer
from tests.support.google_server import GoogleStorageServer


@pytest.fixture
async def google(tmp_path: Path) -> AsyncIterator[GoogleStorageServer]:
    """A running fake-gcs-server; create a bucket in it."""
    async with GoogleStorageServer(tmp_path) as server:
        yield server


@pytest.fixture(scope="session")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AzureStorageServer]:
    """A running Azurite; create a container in it."""
    with AzureStorageServer(tmp_path_factory.mktemp("azure")) as server:
        yield server


@pytest.fixture
async def google_bucket(google):
    """An empty bucket."""
    module = pytest.importorskip("mememime_proxy.storage.obstore.bucket")
    bucket = module.GoogleBucket(GoogleAccount(endpoint=google.endpoint), await google.create_bucket())
    await bucket.start()
    yield bucket
    await bucket.close()


@pytest.fixture
async def azure_container(azure):
    """An empty container."""
    module = pytest.importorskip("mememime_proxy.storage.obstore.bucket")
    account = AzureAccount(name=ACCOUNT, key=KEY, endpoint=azure.endpoint)
    container = module.AzureContainer(account, await asyncio.to_thread(azure.create_container))
    await container.start()
    yield container
    await container.close()
