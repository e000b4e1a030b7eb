"""Fixtures of the upload client: a fake service, an uploader that never sleeps, files."""

from __future__ import annotations

import os

import pytest
from aiohttp.test_utils import TestServer

from mememime_proxy.client.journal import Journal
from mememime_proxy.client.transfer.retries import Retries
from mememime_proxy.client.transfer.session import Session
from mememime_proxy.client.uploader import Transfer, Uploader
from tests.support.fake_resource_service import KEY, FakeResourceService


@pytest.fixture
def fake():
    return FakeResourceService()


@pytest.fixture
async def url(fake):
    server = TestServer(fake.app)
    await server.start_server()
    yield str(server.make_url("")).rstrip("/")
    await server.close()


@pytest.fixture
def slept():
    """How long the client would have waited."""
    return []


@pytest.fixture
def retries(slept):
    async def sleep(seconds):
        slept.append(seconds)

    return lambda: Retries(sleep=sleep, jitter=lambda: 1.0)


@pytest.fixture
def journal(tmp_path):
    with Journal(tmp_path / "journal.db", "test") as journal:
        yield journal


@pytest.fixture
async def uploader(url, retries, journal):
    transfer = Transfer(part_threshold=4000, part_size=1000, parallel=4)
    async with Uploader(
        url, KEY, transfer=transfer, journal=journal, session=Session(url, KEY, retries=retries)
    ) as instance:
        yield instance


@pytest.fixture
def file(tmp_path):
    """A file of 100 bytes, or of as many as its caller wants."""

    def make(name="a.jpg", size=100):
        path = tmp_path / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(size))
        return path

    return make
