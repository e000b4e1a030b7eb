import asyncio

import pytest

from mememime_proxy.errors import DigestError, StorageUnavailableError
from mememime_proxy.resources.database.schema import CHUNKS, UPLOADS
from mememime_proxy.resources.database.states import UploadState
from mememime_proxy.resources.uploads.lease import LEASE
from mememime_proxy.resources.uploads.model import UploadIntent
from tests.support.resource_backend import digest
from tests.support.waiting import wait_until

BODY = b"0123456789"


async def has_no_chunks(backend):
    return not await backend.keys() and not await backend.rows(CHUNKS)


async def test_finished_upload_loses_its_chunks_and_can_be_finished_again(backend, new_process, complete):
    process, upload = new_process(), await complete()
    finished = await process.scheduler.finish(upload)
    assert (finished.upload.state, finished.upload.sha256, process.ingest.bodies) == (
        UploadState.DONE, digest(BODY), [BODY]
    )  # fmt: skip
    await wait_until(lambda: has_no_chunks(backend))
    assert (await process.scheduler.finish(finished.upload)).upload == finished.upload
    assert len(process.ingest.bodies) == 1


@pytest.mark.promise("G8")
async def test_hundred_requests_in_two_processes_finish_an_upload_once(new_process, complete):
    processes, upload = (new_process(), new_process()), await complete()
    outcomes = await asyncio.gather(*(processes[n % 2].scheduler.finish(upload) for n in range(100)))
    assert {(each.upload.state, each.upload.sha256) for each in outcomes} == {(UploadState.DONE, digest(BODY))}
    assert sum(len(process.ingest.bodies) for process in processes) == 1


async def test_request_waits_no_longer_than_its_timeout_and_the_work_goes_on(backend, new_process, complete):
    first, second = new_process(), new_process()
    upload = await complete()
    first.ingest.go_on.clear()
    task = first.scheduler.begin(upload)
    await wait_until(lambda: first.ingest.bodies)
    assert (await second.scheduler.finish(upload, 0.05)).upload.state is UploadState.VERIFYING
    backend.now += LEASE + 1
    assert (await second.scheduler.finish(upload)).upload.state is UploadState.DONE
    first.ingest.go_on.set()
    assert (await task).upload.state is UploadState.DONE


async def test_failed_upload_raises_the_same_error_each_time(backend, new_process, complete):
    process, upload = new_process(), await complete(intent=UploadIntent(sha256="0" * 64))
    for _ in range(2):
        with pytest.raises(DigestError):
            await process.scheduler.finish(upload)
    assert process.ingest.bodies == []
    await wait_until(lambda: has_no_chunks(backend))


async def test_temporary_error_leaves_the_upload_to_another_process(backend, new_process, complete):
    first, second = new_process(), new_process()
    upload = await complete()
    first.ingest.error = StorageUnavailableError()
    with pytest.raises(StorageUnavailableError):
        await first.scheduler.finish(upload)
    assert len(await backend.keys()) == 3
    assert (await second.scheduler.finish(upload)).upload.state is UploadState.DONE


async def test_upload_of_a_stopped_process_is_finished_in_a_later_round(backend, new_process, complete):
    first, second = new_process(), new_process()
    first.ingest.go_on.clear()
    first.scheduler.begin(await complete())
    await wait_until(lambda: first.ingest.bodies)
    assert await second.scheduler.round() == 0
    await first.scheduler.close()  # which gives the lease back
    backend.now += 30_000
    assert await second.scheduler.round() == 1
    assert (await backend.row(UPLOADS))["state"] == UploadState.DONE
    assert await second.scheduler.round() == 0
