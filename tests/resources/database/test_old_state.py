"""A database that the service wrote at step 0001 is read by the service of today."""

from __future__ import annotations

import sqlite3
import struct
import zlib
from pathlib import Path

import pytest

from mememime_proxy.errors import AliasNotFoundError, DigestError, UnknownFormatError
from mememime_proxy.memory_budget import MemoryBudget
from mememime_proxy.resources.aliases.model import AliasCondition, AliasContent
from mememime_proxy.resources.aliases.service import Aliases
from mememime_proxy.resources.assets.catalogue import AssetList, Catalogue
from mememime_proxy.resources.assets.filters import AssetFilter
from mememime_proxy.resources.assets.positions import Positions
from mememime_proxy.resources.assets.repository import Assets
from mememime_proxy.resources.auth.principal import Principal, Role
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.migrate import migrate
from mememime_proxy.resources.database.outbox import Outbox
from mememime_proxy.resources.database.schema import API_KEYS, CHUNKS, OUTBOX, TENANTS, TOKEN_USES, UPLOADS
from mememime_proxy.resources.database.states import AliasAction, AssetState, UploadKind, UploadState
from mememime_proxy.resources.uploads.repository import Uploads
from mememime_proxy.resources.uploads.temp_file import TempFiles
from tests.support.resource_backend import HOUR, digest, in_folder
from tests.support.upload_fixtures import FinalizerProcess

DATA = Path(__file__).parents[2] / "data" / "resources_0001"
ADMIN = Principal(tenant="default", role=Role.ADMIN, credential="key:admin")


def picture(number):
    """The PNG that the old service was given."""
    rows = b"".join(b"\0" + bytes([number, k, 7] * 4) for k in range(4))
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, 2, 0, 0, 0)),
        (b"tEXt", b"number\0%d" % number),
        (b"IDAT", zlib.compress(rows, 0)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


FIRST, SECOND, THIRD, FOURTH, FIFTH = (picture(number) for number in range(1, 6))


@pytest.fixture(params=["sqlite", "postgresql"])
def old_url(request, tmp_path):
    dump = (DATA / f"{request.param}.sql").read_text("utf-8")
    if request.param == "sqlite":
        connection = sqlite3.connect(tmp_path / "old.sqlite")
        connection.executescript(dump)
        connection.close()
        return f"sqlite:///{tmp_path}/old.sqlite"
    server = request.getfixturevalue("postgres")
    url = server.create()
    server.sql(dump, url.rpartition("/")[2])
    return url


@pytest.fixture
async def backend(old_url, tmp_path):
    """The old database, migrated, with an empty storage."""
    database = Database(old_url)
    await database.start()
    assert await migrate(database) == "0015"
    async with in_folder(database, tmp_path) as backend:
        yield backend
    await database.close()


@pytest.fixture
def uploads(backend):
    return Uploads(backend.database, backend.storage, backend.clock, lifetime=HOUR)


async def of_kind(backend, uploads, kind, state):
    rows = [row for row in await backend.rows(UPLOADS) if (row["kind"], row["state"]) == (kind, state)]
    return [await uploads.find(row["id"]) for row in rows]


async def test_migration_old_assets_keep_facts_and_reasons(backend):
    assets = Assets(backend.database, backend.clock, Outbox())
    ready = await assets.get(digest(FIRST), ADMIN)
    assert (ready.state, ready.size, ready.media_type, ready.facts["width"]) == (AssetState.READY, 140, "image/png", 4)
    catalogue = Catalogue(backend.database, Positions())
    listed = await catalogue.page(AssetList(tenant=None, filter=AssetFilter(state="quarantined")), limit=10)
    quarantined = [row.asset for row in listed]
    assert {(asset.reason, asset.reason_detail) for asset in quarantined} == {
        ("image.corrupt", "png that ends too soon"),
        ("image.format_unknown", "no image format that is known"),
    }


async def test_migration_old_aliases_keep_content_and_versions(backend):
    aliases = Aliases(backend.database, backend.clock, tombstone=HOUR, outbox=Outbox())
    cup = await aliases.get("shop/cup")
    assert (cup.version, cup.content.sha256, cup.asset.sha256) == (2, digest(SECOND), digest(SECOND))
    content = AliasContent(digest(FIRST), (0.25, 0.5), "card", ("blue",))
    assert (await aliases.get("shop/plate")).content == content
    versions = await aliases.versions(ADMIN, "shop/cup", 10)
    assert [(each.version, each.action, each.content.sha256) for each in versions] == [
        (2, AliasAction.SET, digest(SECOND)),
        (1, AliasAction.SET, digest(FIRST)),
    ]
    with pytest.raises(AliasNotFoundError):
        await aliases.get("shop/gone")
    deletion, _ = await aliases.versions(ADMIN, "shop/gone", 10)
    assert (deletion.action, deletion.content.sha256) == (AliasAction.DELETE, "")
    row, _ = await aliases.roll_back(ADMIN, "shop/cup", 1)
    assert (row.version, row.content.sha256) == (3, digest(FIRST))


async def test_migration_old_open_upload_is_finished_for_its_token(backend, uploads, tmp_path):
    (upload,) = await of_kind(backend, uploads, UploadKind.TUS, UploadState.RECEIVING)
    assert (upload.length, upload.received, upload.size_limit) == (140, 50, 1 << 30)
    assert (upload.intent.alias, upload.intent.sha256) == ("red/third", digest(THIRD))
    assert upload.intent.condition == AliasCondition(absent=True)
    principal = upload.principal
    assert (principal.tenant, principal.role, principal.prefix) == ("red", Role.WRITE, "red/")
    assert principal.credential == f"token:{principal.claims.id}"
    assert principal.claims.types == ("image/png",)
    (chunk,) = [row for row in await backend.rows(CHUNKS) if row["upload"] == upload.id]
    await backend.storage.put(chunk["object_key"], THIRD[:50])
    temp_files = TempFiles(str(tmp_path), MemoryBudget(0))
    await temp_files.start()
    process = FinalizerProcess(backend, uploads, temp_files)
    finished = await process.scheduler.finish(await uploads.append(upload, THIRD[50:]))
    assert (finished.upload.state, finished.upload.sha256) == (UploadState.DONE, digest(THIRD))
    assert finished.published.alias_version == 1
    await process.scheduler.close()
    await temp_files.close()


async def test_migration_old_finished_uploads_keep_their_outcome(backend, uploads):
    (done,) = await of_kind(backend, uploads, UploadKind.TUS, UploadState.DONE)
    assert (done.sha256, done.intent.alias) == (digest(FOURTH), "shop/fourth")
    failed = await of_kind(backend, uploads, UploadKind.TUS, UploadState.FAILED)
    errors = {type(upload.error()): upload.error().detail for upload in failed}
    assert errors == {
        DigestError: f"found the SHA-256 {digest(FIRST)}, expected {'0' * 64}",
        UnknownFormatError: "no image format that is known",
    }


async def test_migration_old_concatenation_keeps_parts_and_lengths(backend, uploads):
    (final,) = await of_kind(backend, uploads, UploadKind.FINAL, UploadState.DONE)
    assert (final.sha256, final.length) == (digest(FIFTH), 140)
    parts = [await uploads.find(part) for part in final.parts]
    assert [(part.kind, part.final_upload, part.length, part.received) for part in parts] == [
        (UploadKind.JOINED, final.id, 60, 60),
        (UploadKind.JOINED, final.id, 80, 80),
    ]
    (partial,) = await of_kind(backend, uploads, UploadKind.PARTIAL, UploadState.RECEIVING)
    assert (partial.length, partial.received, partial.parts, partial.final_upload) == (4, 4, (), "")


async def test_migration_old_multipart_upload_continues_for_a_key_and_expires_for_a_token(backend, uploads):
    (upload,) = await of_kind(backend, uploads, UploadKind.MULTIPART, UploadState.RECEIVING)
    assert (upload.part_size, upload.parts, upload.storage_upload_id) == (5 << 20, (), "storage-id")
    assert (upload.intent.sha256, upload.intent.condition) == ("2" * 64, AliasCondition(version=3))
    assert upload.principal == Principal(tenant="default", role=Role.WRITE, credential="key:admin")
    (expired,) = await of_kind(backend, uploads, UploadKind.MULTIPART, UploadState.EXPIRED)
    assert expired.principal.credential.startswith("token:")
    (failed,) = await of_kind(backend, uploads, UploadKind.MULTIPART, UploadState.FAILED)
    assert (failed.error_code, failed.error_detail) == (DigestError.code, "found another")


async def test_migration_old_keys_tokens_tenants_and_purges_remain(backend):
    key = await backend.row(API_KEYS)
    assert (key["tenant"], key["role"], key["prefix"], key["label"]) == ("red", "write", "red/", "writer")
    assert (await backend.row(TOKEN_USES))["uses"] == 1
    assert {row["name"] for row in await backend.rows(TENANTS)} == {"default", "red"}
    assert {row["source"] for row in await backend.rows(OUTBOX)} >= {"alias://shop/cup", "alias://shop/gone"}
