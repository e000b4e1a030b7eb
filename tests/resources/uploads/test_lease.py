import asyncio

import pytest

from mememime_proxy.resources.database.schema import UPLOADS
from mememime_proxy.resources.database.states import UploadKind, UploadState
from mememime_proxy.resources.uploads.lease import LEASE, LeaseLostError
from tests.support.upload_fixtures import WRITER, create


async def test_one_of_many_processes_holds_the_lease(new_process, complete):
    upload, release = await complete(), asyncio.Event()

    async def hold():
        async with new_process().leases.hold(upload) as leased:
            await release.wait()
            return leased

    tasks = [asyncio.create_task(hold()) for _ in range(10)]
    done, (pending,) = await asyncio.wait(tasks, return_when=asyncio.ALL_COMPLETED, timeout=5)
    assert {type(task.exception()) for task in done} == {LeaseLostError}
    release.set()
    assert (await pending).state is UploadState.VERIFYING


async def test_lease_that_is_not_renewed_passes_to_another_process(backend, new_process, complete):
    upload, leases = await complete(), [new_process().leases for _ in range(2)]
    async with leases[0].hold(upload):
        backend.now += LEASE - 1
        with pytest.raises(LeaseLostError):
            async with leases[1].hold(upload):
                pass
        backend.now += 1
        async with leases[1].hold(upload):
            with pytest.raises(LeaseLostError):
                async with backend.database.write() as tx:
                    await leases[0].end(tx, upload, UploadState.DONE, backend.now)


async def test_error_gives_the_lease_back(backend, new_process, complete):
    upload, leases = await complete(), [new_process().leases for _ in range(2)]
    with pytest.raises(ZeroDivisionError):
        async with leases[0].hold(upload):
            raise ZeroDivisionError
    async with leases[1].hold(upload) as leased:
        assert leased.state is UploadState.VERIFYING


async def test_incomplete_or_partial_upload_has_no_lease(uploads, new_process):
    leases = new_process().leases
    partial = await uploads.append(await create(uploads, WRITER, 1, UploadKind.PARTIAL), b"x")
    for upload in (await create(uploads, WRITER, 2), await create(uploads, WRITER, None), partial):
        with pytest.raises(LeaseLostError):
            async with leases.hold(upload):
                pass


async def test_lease_on_a_multipart_upload_records_that_its_bytes_have_come(backend, uploads, new_process):
    upload_id = await backend.upload(kind=UploadKind.MULTIPART, length=7, part_size=7)
    upload = await uploads.find(upload_id)
    async with new_process().leases.hold(upload) as leased:
        assert (leased.received, leased.is_complete) == (7, True)
    assert (await backend.row(UPLOADS))["received"] == 7
