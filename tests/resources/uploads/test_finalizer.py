import pytest

from mememime_proxy.errors import (
    AliasTakenError,
    DigestError,
    ImageError,
    QuotaError,
    RoleError,
    StorageUnavailableError,
    VersionError,
)
from mememime_proxy.resources.aliases.model import AliasCondition
from mememime_proxy.resources.database.schema import ALIASES, ASSETS, HOLDINGS, OUTBOX, TENANTS, TOKEN_USES, UPLOADS
from mememime_proxy.resources.database.states import AssetState, UploadKind, UploadState
from mememime_proxy.resources.uploads.lease import LEASE, LeaseLostError
from mememime_proxy.resources.uploads.model import UploadIntent
from tests.support.resource_backend import digest
from tests.support.upload_fixtures import ANYTHING, OTHER, WRITER, create, join, token
from tests.support.waiting import wait_until

BODY = b"0123456789"


async def finish_body(process, temp_files, principal, body=BODY, intent=ANYTHING):
    async with temp_files.new() as temp_file:
        await temp_file.write(body)
        return await process.finalizer.finish_body(temp_file, principal, intent)


async def test_upload_becomes_a_ready_asset_with_its_alias_in_one_transaction(backend, new_process, complete):
    upload = await complete(intent=UploadIntent(alias="a/x"))
    finished = await new_process().finalizer.finish_upload(upload)
    assert (finished.upload.state, finished.upload.sha256) == (UploadState.DONE, digest(BODY))
    assert finished.published.alias_version == 1
    row, asset = await backend.row(UPLOADS), await backend.row(ASSETS)
    assert (row["state"], row["sha256"], row["lease_owner"]) == (UploadState.DONE, digest(BODY), None)
    assert (asset["state"], asset["changed"]) == (AssetState.READY, row["changed"])
    assert (await backend.row(ALIASES))["sha256"] == digest(BODY)
    assert (await backend.row(HOLDINGS))["tenant"] == WRITER.tenant
    assert [row["source"] for row in await backend.rows(OUTBOX)] == ["alias://a/x"] * 2


async def test_body_without_a_row_takes_the_same_way(backend, new_process, temp_files):
    published = await finish_body(new_process(), temp_files, WRITER, intent=UploadIntent(alias="a/x"))
    assert (published.asset.sha256, published.is_new) == (digest(BODY), True)
    assert (published.alias, published.alias_version) == ("a/x", 1)
    assert (await backend.row(ASSETS))["state"] == AssetState.READY
    assert await backend.rows(UPLOADS) == []


async def test_body_counts_a_use_of_the_token_with_the_asset_or_not_at_all(backend, new_process, temp_files):
    principal, process = token(count=1), new_process()
    with pytest.raises(VersionError):
        await finish_body(
            process, temp_files, principal, b"x", UploadIntent(alias="a/x", condition=AliasCondition(version=9))
        )
    assert await backend.rows(TOKEN_USES) == []
    await finish_body(process, temp_files, principal)
    assert (await backend.row(TOKEN_USES))["uses"] == 1
    with pytest.raises(RoleError):
        await finish_body(process, temp_files, principal, b"another")
    assert {row["sha256"] for row in await backend.rows(ASSETS) if row["state"] == AssetState.READY} == {digest(BODY)}


@pytest.mark.parametrize(
    ("intent", "error"),
    [
        (UploadIntent(sha256="0" * 64), DigestError),
        (UploadIntent(alias="a/x", condition=AliasCondition(version=9)), VersionError),
        (UploadIntent(alias="taken"), AliasTakenError),
    ],
)
async def test_upload_with_a_wrong_intent_fails_and_publishes_nothing(
    backend, new_process, temp_files, complete, intent, error
):
    process = new_process()
    await finish_body(process, temp_files, OTHER, b"another body", UploadIntent(alias="taken"))
    finished = await process.finalizer.finish_upload(await complete(intent=intent))
    assert finished.published is None
    assert finished.upload.state is UploadState.FAILED
    assert isinstance(finished.upload.error(), error)
    row = await backend.row(UPLOADS)
    assert (row["state"], row["error_code"], row["lease_owner"]) == (
        UploadState.FAILED,
        finished.upload.error_code,
        None,
    )
    assert {row["tenant"] for row in await backend.rows(HOLDINGS)} == {OTHER.tenant}
    assert len(await backend.rows(ALIASES)) == 1


async def test_upload_that_cannot_be_decoded_fails(new_process, complete):
    process = new_process()
    process.ingest.error = ImageError("no image")
    finished = await process.finalizer.finish_upload(await complete())
    assert finished.upload.state is UploadState.FAILED
    assert finished.upload.error().detail == "no image"


async def test_temporary_error_gives_the_lease_back(backend, new_process, complete):
    first, second = new_process(), new_process()
    upload = await complete()
    first.ingest.error = StorageUnavailableError()
    with pytest.raises(StorageUnavailableError):
        await first.finalizer.finish_upload(upload)
    row = await backend.row(UPLOADS)
    assert (row["state"], row["lease_owner"]) == (UploadState.VERIFYING, None)
    assert len(await backend.keys()) == 3
    assert (await second.finalizer.finish_upload(upload)).upload.state is UploadState.DONE


async def test_process_that_lost_its_lease_publishes_nothing(backend, new_process, complete):
    first, second = new_process(), new_process()
    upload = await complete(intent=UploadIntent(alias="a/x"))
    first.ingest.go_on.clear()
    late = first.scheduler.begin(upload)
    await wait_until(lambda: first.ingest.bodies)
    with pytest.raises(LeaseLostError):
        await second.finalizer.finish_upload(upload)
    backend.now += LEASE + 1
    assert (await second.finalizer.finish_upload(upload)).upload.state is UploadState.DONE
    first.ingest.go_on.set()
    finished = await late
    assert (finished.upload.state, finished.published) == (UploadState.DONE, None)
    assert (await backend.row(ALIASES))["version"] == 1


async def test_room_of_an_upload_counts_once_when_it_becomes_an_asset(backend, new_process, complete):
    await backend.change(TENANTS, max_bytes=len(BODY))
    upload = await complete()
    assert (await new_process().finalizer.finish_upload(upload)).upload.state is UploadState.DONE


async def test_body_without_room_is_refused_and_publishes_nothing(backend, new_process, temp_files):
    await backend.change(TENANTS, max_bytes=len(BODY) - 1)
    with pytest.raises(QuotaError):
        await finish_body(new_process(), temp_files, WRITER)
    assert await backend.rows(HOLDINGS) == []


async def test_final_upload_ends_its_partial_ones(backend, uploads, concatenation, new_process):
    parts = [
        await uploads.append(await create(uploads, WRITER, 3, UploadKind.PARTIAL), body) for body in (b"def", b"abc")
    ]
    final = await join(concatenation, WRITER, [part.id for part in reversed(parts)])
    process = new_process()
    assert (await process.finalizer.finish_upload(final)).upload.sha256 == digest(b"abcdef")
    assert {row["state"] for row in await backend.rows(UPLOADS)} == {UploadState.DONE}
    assert process.ingest.bodies == [b"abcdef"]
