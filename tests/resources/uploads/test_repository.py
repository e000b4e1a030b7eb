import asyncio
import secrets
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
    UploadTypeError,
)
from mememime_proxy.resources.auth import quotas
from mememime_proxy.resources.auth.principal import Caller, Role, Scope
from mememime_proxy.resources.database.schema import CHUNKS, TENANTS, UPLOADS
from mememime_proxy.resources.maintenance.upload_cleanup import Abandoned
from mememime_proxy.resources.uploads.model import JOINED, PART, WHOLE, problem_of
from mememime_proxy.resources.uploads.repository import Uploads
from mememime_proxy.resources.uploads.tus_protocol import Metadata, metadata
from tests.support.resource_world import HOUR, TENANT, in_folder

LIMIT = 1000
WRITER = Caller(tenant=TENANT, role=Role.WRITE, credential="key:w")
OTHER = Caller(tenant="another", role=Role.WRITE, credential="key:o")
ADMIN = Caller(tenant="another", role=Role.ADMIN, credential="key:a")
NOTHING = Metadata({})


def token(**scope):
    name = secrets.token_hex(16)
    return Caller(tenant=TENANT, role=Role.WRITE, credential=f"token:{name}", prefix="a/",
                  scope=Scope(id=name, expires=1 << 50, **scope))  # fmt: skip


def said(pairs):
    return metadata({"Upload-Metadata": pairs})


@pytest.fixture
async def world(database, tmp_path):
    async with in_folder(database, tmp_path) as it:
        await it.tenant()
        await it.add(TENANTS, name="another", created=it.now)
        yield it


@pytest.fixture
def uploads(world):
    return Uploads(world.database, world.storage, world.clock, limit=LIMIT, life=HOUR)


async def usage(world):
    async with world.database.read() as tx:
        return await quotas.usage(tx, TENANT)


async def test_an_upload_grows_by_pieces(world, uploads):
    upload = await uploads.create(WRITER, 6, NOTHING)
    for piece in (b"abc", b"d", b"ef"):
        upload = await uploads.append(upload, piece)
        assert await uploads.get(upload.id, WRITER) == upload
    assert (upload.received, upload.is_complete, upload.is_due) == (6, True, True)
    rows = sorted(await world.rows(CHUNKS), key=lambda row: row["start"])
    assert [(row["start"], row["size"]) for row in rows] == [(0, 3), (3, 1), (4, 2)]
    assert sorted(await world.keys()) == [row["object_key"] for row in rows]


@pytest.mark.promise("G5")
async def test_of_many_at_one_offset_one_goes_on(world, uploads):
    upload = await uploads.create(WRITER, 100, NOTHING)
    pieces = [bytes([65 + k]) * 10 for k in range(20)]
    outcomes = await asyncio.gather(*(uploads.append(upload, piece) for piece in pieces), return_exceptions=True)
    assert sum(isinstance(outcome, OffsetError) for outcome in outcomes) == 19
    (row,) = await world.rows(CHUNKS)
    assert await world.keys() == [row["object_key"]], "what the others brought is gone"
    with pytest.raises(OffsetError):
        await uploads.append(replace(upload, received=11), b"x")
    with pytest.raises(OffsetError):
        await uploads.append(replace(upload, received=10), b"x" * 91)
    assert (await uploads.find(upload.id)).received == 10


async def test_who_sees_what(uploads):
    upload, mine = await uploads.create(WRITER, 1, NOTHING), token()
    by_token = await uploads.create(mine, 1, NOTHING)
    assert (await uploads.get(upload.id, ADMIN)).id == upload.id
    assert (await uploads.get(by_token.id, WRITER)).id == by_token.id
    assert (await uploads.get(by_token.id, mine)).id == by_token.id
    for name, caller in ((upload.id, OTHER), (upload.id, mine), (by_token.id, token()), ("0" * 32, ADMIN)):
        with pytest.raises(UploadNotFoundError):
            await uploads.get(name, caller)


async def test_what_is_presigned_is_none_of_these(world, uploads):
    name = await world.upload(kind="presigned")
    with pytest.raises(UploadNotFoundError):
        await uploads.get(name, ADMIN)


async def test_an_upload_without_a_length(uploads):
    upload = await uploads.append(await uploads.create(WRITER, None, NOTHING), b"abc")
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


async def test_sizes_and_tokens_set_limits(uploads):
    with pytest.raises(UploadTooLargeError):
        await uploads.create(WRITER, LIMIT + 1, NOTHING)
    with pytest.raises(UploadTooLargeError):
        await uploads.create(token(max_size=5), 6, NOTHING)
    assert (await uploads.create(token(max_size=5), None, NOTHING)).wanted.limit == 5
    for caller, pairs, error in (
        (token(types=("image/png",)), "filetype aW1hZ2UvZ2lm", UploadTypeError),
        (token(), "alias Yi94", RoleError),
        (token(sha256="0" * 64), "sha256 " + "MTEx" * 21 + "MQ==", RoleError),
    ):
        with pytest.raises(error):
            await uploads.create(caller, 1, said(pairs))
    assert (await uploads.create(token(), 1, said("alias YS94"))).wanted.alias == "a/x"


async def test_a_token_for_so_many_uploads_is_good_for_so_many(uploads):
    caller = token(count=2)
    outcomes = await asyncio.gather(*(uploads.create(caller, 1, NOTHING) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(outcome, RoleError) for outcome in outcomes) == 18


async def test_a_token_pays_for_the_whole_and_not_for_parts(uploads):
    caller = token(count=1, max_size=10)
    parts = [await uploads.append(await uploads.create(caller, 5, NOTHING, PART), b"12345") for _ in range(2)]
    with pytest.raises(RoleError):
        await uploads.create(caller, 1, NOTHING, PART)
    whole = await uploads.join(caller, [part.id for part in parts], NOTHING)
    assert (whole.length, whole.received) == (10, 10)
    with pytest.raises(RoleError):
        await uploads.create(caller, 1, NOTHING)


async def test_room_is_taken_when_an_upload_begins(world, uploads):
    await world.change(TENANTS, max_bytes=100)
    first = await uploads.create(WRITER, 60, NOTHING)
    with pytest.raises(QuotaError):
        await uploads.create(WRITER, 41, NOTHING)
    unknown = await uploads.append(await uploads.create(WRITER, None, NOTHING), b"x" * 40)
    with pytest.raises(QuotaError):
        await uploads.append(unknown, b"y")
    with pytest.raises(QuotaError):
        await uploads.set_length(unknown, 41)
    assert len(await world.keys()) == 1, "of a piece without room nothing is left"
    await uploads.terminate(first)
    await uploads.set_length(unknown, 100)
    assert (await usage(world)).reserved == 100


async def test_several_become_one(world, uploads):
    parts = [await uploads.append(await uploads.create(WRITER, 3, NOTHING, PART), body) for body in (b"abc", b"def")]
    names = [part.id for part in parts]
    assert not parts[0].is_due
    whole = await uploads.join(WRITER, names, said("filename eA=="))
    assert (whole.kind, whole.length, whole.received, list(whole.parts)) == (WHOLE, 6, 6, names)
    assert whole.is_due
    assert (await usage(world)).reserved == 6, "counted once"
    part = await uploads.get(names[0], WRITER)
    assert (part.kind, part.wanted.length, part.parts) == (JOINED, 3, (whole.id,))
    assert await uploads.join(WRITER, names, NOTHING) == whole, "an answer may have been lost"
    with pytest.raises(ConflictError):
        await uploads.join(WRITER, names[::-1], NOTHING)
    with pytest.raises(OffsetError):
        await uploads.append(replace(part, received=0), b"x")
    await uploads.terminate(whole)
    assert {row["state"] for row in await world.rows(UPLOADS)} == {"terminated"}


async def test_joined_at_once_there_is_one_whole(world, uploads):
    part = await uploads.append(await uploads.create(WRITER, 3, NOTHING, PART), b"abc")
    outcomes = await asyncio.gather(*(uploads.join(WRITER, [part.id], NOTHING) for _ in range(10)),
                                    return_exceptions=True)  # fmt: skip
    wholes = {outcome.id for outcome in outcomes if not isinstance(outcome, ConflictError)}
    assert len(wholes) == 1
    assert sum(row["kind"] == WHOLE for row in await world.rows(UPLOADS)) == 1


async def test_what_cannot_be_joined(world, uploads):
    single = await uploads.append(await uploads.create(WRITER, 1, NOTHING), b"x")
    half = await uploads.create(WRITER, 2, NOTHING, PART)
    full = [await uploads.append(await uploads.create(WRITER, 600, NOTHING, PART), b"x" * 600) for _ in range(2)]
    for parts, error in (
        ([single.id], ConflictError),
        ([half.id], ConflictError),
        ([full[0].id, "0" * 32], UploadNotFoundError),
        ([part.id for part in full], UploadTooLargeError),
    ):
        with pytest.raises(error):
            await uploads.join(WRITER, parts, NOTHING)
    with pytest.raises(UploadNotFoundError):
        await uploads.join(OTHER, [full[0].id], NOTHING)
    assert {row["kind"] for row in await world.rows(UPLOADS)} == {"tus", "partial"}


async def test_time_runs_out(world, uploads):
    upload = await uploads.append(await uploads.create(WRITER, 10, NOTHING), b"abc")
    world.now += HOUR - 1
    upload = await uploads.append(upload, b"d")  # which makes it live on
    world.now += HOUR - 1
    assert (await uploads.get(upload.id, WRITER)).received == 4
    world.now += 1
    with pytest.raises(UploadGoneError):
        await uploads.get(upload.id, WRITER)
    with pytest.raises(UploadGoneError):
        await uploads.append(upload, b"e")
    assert len(await world.keys()) == 2
    janitor = Abandoned(world.database, world.storage, world.clock, keep=HOUR)
    assert await janitor.expire() == 1
    await janitor.clear()
    assert await world.keys() == []
    with pytest.raises(UploadGoneError):
        await uploads.get(upload.id, WRITER)


async def test_the_end_of_an_upload(world, uploads):
    upload = await uploads.append(await uploads.create(WRITER, 10, NOTHING), b"abc")
    await uploads.terminate(upload)
    for call in (uploads.get(upload.id, WRITER), uploads.append(upload, b"d"), uploads.terminate(upload)):
        with pytest.raises(UploadGoneError):
            await call
    assert (await usage(world)).reserved == 0
    verified = await uploads.create(WRITER, 0, NOTHING)
    await world.change(UPLOADS, state="verifying", lease_owner="x", lease_until=world.now + 1)
    with pytest.raises(ConflictError):
        await uploads.terminate(verified)
    world.now += 1
    await uploads.terminate(verified)


async def test_a_failure_is_the_same_each_time(world, uploads):
    upload = await uploads.create(WRITER, 10, NOTHING)
    await world.change(UPLOADS, state="failed", problem=problem_of(DigestError("found: another\0")))
    failure = (await uploads.get(upload.id, WRITER)).failure()
    assert (type(failure), failure.detail) == (DigestError, "found: another?")
    with pytest.raises(DigestError):
        await uploads.append(upload, b"x")
    await world.change(UPLOADS, problem="a piece was lost")
    assert isinstance((await uploads.find(upload.id)).failure(), UploadGoneError)
