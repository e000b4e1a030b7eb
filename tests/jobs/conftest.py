"""Jobs on a database of each kind, with a tenant and a clock that tests advance."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from mememime_proxy.resources.database.engine import Database
from tests.resources.conftest import database, database_url, postgres, sqlite_template
from tests.support.job_backend import JobBackend

__all__ = ["database", "database_url", "postgres", "sqlite_template"]


@pytest.fixture
async def backend(database: Database) -> AsyncIterator[JobBackend]:
    """Jobs on that database, and a queue that nobody takes from."""
    backend = JobBackend(database)
    await backend.start()
    yield backend
    await backend.close()
