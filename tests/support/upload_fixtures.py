"""Uploads on a database and a folder, and processes that finish them with an ingest that decodes nothing."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from mememime_proxy.asset_facts import AssetFacts
from mememime_proxy.memory_budget import MemoryBudget
from mememime_proxy.resources.aliases.service import Aliases
from mememime_proxy.resources.assets.publication import Publication, StoredOriginal
from mememime_proxy.resources.auth.principal import Principal, Role, TokenClaims
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.outbox import Outbox
from mememime_proxy.resources.database.schema import TENANTS
from mememime_proxy.resources.database.states import UploadKind
from mememime_proxy.resources.uploads.assembly import Assembly
from mememime_proxy.resources.uploads.concatenation import Concatenation
from mememime_proxy.resources.uploads.finalizer import Finalizer
from mememime_proxy.resources.uploads.lease import Leases
from mememime_proxy.resources.uploads.model import Upload, UploadIntent
from mememime_proxy.resources.uploads.repository import Uploads
from mememime_proxy.resources.uploads.scheduler import FinalizerScheduler
from mememime_proxy.resources.uploads.temp_file import TempFile, TempFiles
from tests.support.resource_backend import HOUR, TENANT, ResourceBackend, in_folder

LIMIT = 1000
WRITER = Principal(tenant=TENANT, role=Role.WRITE, credential="key:w")
OTHER = Principal(tenant="another", role=Role.WRITE, credential="key:o")
ADMIN = Principal(tenant="another", role=Role.ADMIN, credential="key:a")
ANYTHING = UploadIntent()


def token(**limits: object) -> Principal:
    """A token for aliases below ``a/``, with these claims."""
    name = secrets.token_hex(16)
    claims = TokenClaims(id=name, expires=1 << 50, **limits)  # type: ignore[arg-type]
    return Principal(tenant=TENANT, role=Role.WRITE, credential=f"token:{name}", prefix="a/", claims=claims)


async def create(
    uploads: Uploads,
    principal: Principal,
    length: int | None,
    kind: UploadKind = UploadKind.TUS,
    intent: UploadIntent = ANYTHING,
) -> Upload:
    """An upload as the route creates it."""
    limit = (principal.claims and principal.claims.max_size) or LIMIT
    return await uploads.create(principal, kind, intent, length=length, size_limit=limit, metadata={})


async def join(concatenation: Concatenation, principal: Principal, parts: list[str]) -> Upload:
    """A final upload as the route creates it."""
    return await concatenation.join(principal, parts, ANYTHING, size_limit=LIMIT, metadata={})


class FakeIngest:
    """Takes all bytes for an image and stores none; waits while ``go_on`` is cleared."""

    def __init__(self, publication: Publication, clock: Callable[[], int]) -> None:
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.error: Exception | None = None
        self.bodies: list[bytes] = []
        self._publication = publication
        self._clock = clock
        self._lock = asyncio.Lock()

    def lock(self, _sha256: str) -> asyncio.Lock:
        return self._lock

    async def verify_and_store(self, temp_file: TempFile, sha256: str, _caller: Principal) -> StoredOriginal:
        self.bodies.append(await temp_file.read(0, temp_file.size))
        await self.go_on.wait()
        if self.error is not None:
            raise self.error
        assert await self._publication.claim(sha256, temp_file.size, self._clock())
        facts = AssetFacts(media_type="image/png", format="png", width=1, height=1)
        return StoredOriginal(sha256, sha256, temp_file.size, facts)


class FinalizerProcess:
    """All that one process has to finish uploads."""

    def __init__(self, backend: ResourceBackend, uploads: Uploads, temp_files: TempFiles) -> None:
        database, clock = backend.database, backend.clock
        publication, assembly = Publication(database, Outbox()), Assembly(database, backend.storage)
        self.ingest = FakeIngest(publication, clock)
        self.leases = Leases(database, clock)
        aliases = Aliases(database, clock, tombstone=HOUR, outbox=Outbox(lambda: None))
        self.finalizer = Finalizer(
            database,
            temp_files,
            assembly,
            self.ingest,
            publication,
            aliases,
            self.leases,
            clock,  # type: ignore[arg-type]
        )
        self.scheduler = FinalizerScheduler(database, uploads, self.finalizer, assembly, clock)


@pytest.fixture
async def backend(database: Database, tmp_path: Path) -> AsyncIterator[ResourceBackend]:
    async with in_folder(database, tmp_path) as backend:
        await backend.tenant()
        await backend.add(TENANTS, name="another", created=backend.now)
        yield backend


@pytest.fixture
def uploads(backend: ResourceBackend) -> Uploads:
    return Uploads(backend.database, backend.storage, backend.clock, lifetime=HOUR)


@pytest.fixture
def concatenation(backend: ResourceBackend) -> Concatenation:
    return Concatenation(backend.database, backend.clock, lifetime=HOUR)


@pytest.fixture
async def temp_files(tmp_path: Path) -> AsyncIterator[TempFiles]:
    temp_files = TempFiles(str(tmp_path), MemoryBudget(0))
    await temp_files.start()
    yield temp_files
    await temp_files.close()


@pytest.fixture
async def new_process(
    backend: ResourceBackend, uploads: Uploads, temp_files: TempFiles
) -> AsyncIterator[Callable[[], FinalizerProcess]]:
    """Makes processes that finish uploads, which are closed after the test."""
    async with contextlib.AsyncExitStack() as stack:

        def make() -> FinalizerProcess:
            process = FinalizerProcess(backend, uploads, temp_files)
            stack.push_async_callback(process.scheduler.close)
            return process

        yield make


@pytest.fixture
def complete(uploads: Uploads) -> Callable[..., object]:
    """Makes a complete upload of three chunks."""

    async def make(body: bytes = b"0123456789", intent: UploadIntent = ANYTHING) -> Upload:
        upload = await create(uploads, WRITER, len(body), intent=intent)
        for start in range(0, len(body), 4):
            upload = await uploads.append(upload, body[start : start + 4])
        return upload

    return make
