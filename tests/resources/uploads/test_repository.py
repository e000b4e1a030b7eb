import asyncio
from dataclasses import replace

import pytest

from mememime_proxy.errors import (
    ConflictError,
    DigestError,
    OffsetError,
    QuotaError,
    RequestError,
    RoleError,
    UploadGoneError,
    UploadNotFoundError,
    UploadTooLargeError,
)
from mememime_proxy.resources.auth import quotas
from mememime_proxy.resources.database.schema import CHUNKS, TENANTS, UPLOADS
from mememime_proxy.resources.database.states import UploadState
from mememime_proxy.resources.maintenance.upload_cleanup import UploadCleanup
from tests.support.resource_backend import HOUR, TENANT
from tests.support.upload_fixtures import ADMIN, LIMIT, OTHER, WRITER, create, token


async def usage(backend):
    async with backend.database.read() as tx:
        return await quotas.measure_usage(tx, TENANT)


async def test_append_chunks_move_the_offset(backend, uploads):
    upload = await create(uploads, WRITER, 6)
    for piece in (b"abc", b"d", b"ef"):
        upload = await uploads.append(upload, piece)
        assert await uploads.get(upload.id, WRITER) == upload
    assert (upload.received, upload.is_complete, upload.is_due) == (6, True, True)
    rows = sorted(await backend.rows(CHUNKS), key=lambda row: row["start"])
    assert [(row["start"], row["size"]) for row in rows] == [(0, 3), (3, 1), (4, 2)]
    assert sorted(await backend.keys()) == [row["object_key"] for row in rows]


@pytest.mark.promise("G5")
async def test_one_of_many_appends_at_one_offset_succeeds(backend, uploads):
    upload = await create(uploads, WRITER, 100)
    pieces = [bytes([65 + k]) * 10 for k in range(20)]
    outcomes = await asyncio.gather(*(uploads.append(upload, piece) for piece in pieces), return_exceptions=True)
    assert sum(isinstance(outcome, OffsetError) for outcome in outcomes) == 19
    (row,) = await backend.rows(CHUNKS)
    assert await backend.keys() == [row["object_key"]], "what the others brought is gone"
    with pytest.raises(OffsetError):
        await uploads.append(replace(upload, received=11), b"x")
    with pytest.raises(OffsetError):
        await uploads.append(replace(upload, received=10), b"x" * 91)
    assert (await uploads.find(upload.id)).received == 10


async def test_get_upload_of_another_principal_is_not_found(uploads):
    upload, mine = await create(uploads, WRITER, 1), token()
    by_token = await create(uploads, mine, 1)
    assert (await uploads.get(upload.id, ADMIN)).id == upload.id
    assert (await uploads.get(by_token.id, WRITER)).id == by_token.id
    assert (await uploads.get(by_token.id, mine)).id == by_token.id
    for name, principal in ((upload.id, OTHER), (upload.id, mine), (by_token.id, token()), ("0" * 32, ADMIN)):
        with pytest.raises(UploadNotFoundError):
            await uploads.get(name, principal)


async def test_get_presigned_upload_is_not_found_by_tus(backend, uploads):
    name = await backend.upload(kind="multipart")
    with pytest.raises(UploadNotFoundError):
        await uploads.get(name, ADMIN)


async def test_upload_without_length_gets_it_later(uploads):
    upload = await uploads.append(await create(uploads, WRITER, None), b"abc")
    assert (upload.length, upload.is_complete) == (None, False)
    with pytest.raises(RequestError):
        await uploads.set_length(upload, 2)
    with pytest.raises(UploadTooLargeError):
        await uploads.set_length(upload, LIMIT + 1)
    upload = await uploads.set_length(upload, 3)
    assert upload.is_due
    assert await uploads.set_length(upload, 3) == upload
    with pytest.raises(RequestError):
        await uploads.set_length(upload, 4)


async def test_create_size_above_the_limit_is_refused(uploads):
    with pytest.raises(UploadTooLargeError):
        await create(uploads, WRITER, LIMIT + 1)
    with pytest.raises(UploadTooLargeError):
        await create(uploads, token(max_size=5), 6)
    assert (await create(uploads, token(max_size=5), None)).size_limit == 5


async def test_create_token_beyond_its_uses_is_refused(uploads):
    principal = token(count=2)
    outcomes = await asyncio.gather(*(create(uploads, principal, 1) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(outcome, RoleError) for outcome in outcomes) == 18


async def test_create_reserves_the_quota(backend, uploads):
    await backend.change(TENANTS, max_bytes=100)
    first = await create(uploads, WRITER, 60)
    with pytest.raises(QuotaError):
        await create(uploads, WRITER, 41)
    unknown = await uploads.append(await create(uploads, WRITER, None), b"x" * 40)
    with pytest.raises(QuotaError):
        await uploads.append(unknown, b"y")
    with pytest.raises(QuotaError):
        await uploads.set_length(unknown, 41)
    assert len(await backend.keys()) == 1, "of a piece without room nothing is left"
    await uploads.terminate(first)
    await uploads.set_length(unknown, 100)
    assert (await usage(backend)).reserved == 100


async def test_upload_past_its_expiry_is_gone(backend, uploads):
    upload = await uploads.append(await create(uploads, WRITER, 10), b"abc")
    backend.now += HOUR - 1
    upload = await uploads.append(upload, b"d")  # which makes it live on
    backend.now += HOUR - 1
    assert (await uploads.get(upload.id, WRITER)).received == 4
    backend.now += 1
    with pytest.raises(UploadGoneError):
        await uploads.get(upload.id, WRITER)
    with pytest.raises(UploadGoneError):
        await uploads.append(upload, b"e")
    assert len(await backend.keys()) == 2
    janitor = UploadCleanup(backend.database, backend.storage, backend.clock, keep=HOUR)
    assert await janitor.expire() == 1
    await janitor.clear()
    assert await backend.keys() == []
    with pytest.raises(UploadGoneError):
        await uploads.get(upload.id, WRITER)


async def test_upload_finished_has_its_result(backend, uploads):
    upload = await uploads.append(await create(uploads, WRITER, 10), b"abc")
    await uploads.terminate(upload)
    for call in (uploads.get(upload.id, WRITER), uploads.append(upload, b"d"), uploads.terminate(upload)):
        with pytest.raises(UploadGoneError):
            await call
    assert (await usage(backend)).reserved == 0
    verified = await create(uploads, WRITER, 0)
    await backend.change(UPLOADS, state="verifying", lease_owner="x", lease_until=backend.now + 1)
    with pytest.raises(ConflictError):
        await uploads.terminate(verified)
    backend.now += 1
    await uploads.terminate(verified)


async def test_upload_failed_raises_the_same_error_each_time(backend, uploads):
    upload = await create(uploads, WRITER, 10)
    await backend.change(UPLOADS, state=UploadState.FAILED, error_code=DigestError.code, error_detail="found: another?")
    failure = (await uploads.get(upload.id, WRITER)).error()
    assert (type(failure), failure.detail) == (DigestError, "found: another?")
    with pytest.raises(DigestError):
        await uploads.append(upload, b"x")
    await backend.change(UPLOADS, error_code="", error_detail="a chunk was lost")
    assert isinstance((await uploads.find(upload.id)).error(), UploadGoneError)
