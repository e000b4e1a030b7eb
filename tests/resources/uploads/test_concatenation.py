import asyncio
from dataclasses import replace

import pytest

from mememime_proxy.errors import ConflictError, OffsetError, RoleError, UploadNotFoundError, UploadTooLargeError
from mememime_proxy.resources.auth import quotas
from mememime_proxy.resources.database.schema import UPLOADS
from mememime_proxy.resources.database.states import UploadKind
from tests.support.resource_backend import TENANT
from tests.support.upload_fixtures import OTHER, WRITER, create, join, token


async def usage(backend):
    async with backend.database.read() as tx:
        return await quotas.measure_usage(tx, TENANT)


async def test_token_pays_for_final_uploads_and_not_for_partial_ones(uploads, concatenation):
    principal = token(count=1, max_size=10)
    parts = [await uploads.append(await create(uploads, principal, 5, UploadKind.PARTIAL), b"12345") for _ in range(2)]
    with pytest.raises(RoleError):
        await create(uploads, principal, 1, UploadKind.PARTIAL)
    final = await join(concatenation, principal, [part.id for part in parts])
    assert (final.length, final.received) == (10, 10)
    with pytest.raises(RoleError):
        await create(uploads, principal, 1)


async def test_partial_uploads_become_one_final_upload(backend, uploads, concatenation):
    parts = [
        await uploads.append(await create(uploads, WRITER, 3, UploadKind.PARTIAL), body) for body in (b"abc", b"def")
    ]
    names = [part.id for part in parts]
    assert not parts[0].is_due
    final = await join(concatenation, WRITER, names)
    assert (final.kind, final.length, final.received, list(final.parts)) == (UploadKind.FINAL, 6, 6, names)
    assert final.is_due
    assert (await usage(backend)).reserved == 6, "counted once"
    part = await uploads.get(names[0], WRITER)
    assert (part.kind, part.length, part.received, part.final_upload) == (UploadKind.JOINED, 3, 3, final.id)
    assert await join(concatenation, WRITER, names) == final, "an answer may have been lost"
    with pytest.raises(ConflictError):
        await join(concatenation, WRITER, names[::-1])
    with pytest.raises(OffsetError):
        await uploads.append(replace(part, received=0), b"x")
    await uploads.terminate(final)
    assert {row["state"] for row in await backend.rows(UPLOADS)} == {"terminated"}


async def test_concurrent_concatenations_make_one_final_upload(backend, uploads, concatenation):
    part = await uploads.append(await create(uploads, WRITER, 3, UploadKind.PARTIAL), b"abc")
    outcomes = await asyncio.gather(*(join(concatenation, WRITER, [part.id]) for _ in range(10)),
                                    return_exceptions=True)  # fmt: skip
    finals = {outcome.id for outcome in outcomes if not isinstance(outcome, ConflictError)}
    assert len(finals) == 1
    assert sum(row["kind"] == UploadKind.FINAL for row in await backend.rows(UPLOADS)) == 1


async def test_upload_that_is_not_a_complete_partial_one_cannot_be_joined(backend, uploads, concatenation):
    single = await uploads.append(await create(uploads, WRITER, 1), b"x")
    half = await create(uploads, WRITER, 2, UploadKind.PARTIAL)
    full = [await uploads.append(await create(uploads, WRITER, 600, UploadKind.PARTIAL), b"x" * 600) for _ in range(2)]
    for parts, error in (
        ([single.id], ConflictError),
        ([half.id], ConflictError),
        ([full[0].id, "0" * 32], UploadNotFoundError),
        ([part.id for part in full], UploadTooLargeError),
    ):
        with pytest.raises(error):
            await join(concatenation, WRITER, parts)
    with pytest.raises(UploadNotFoundError):
        await join(concatenation, OTHER, [full[0].id])
    assert {row["kind"] for row in await backend.rows(UPLOADS)} == {"tus", "partial"}
