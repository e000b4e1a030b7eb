import pytest

from mememime_proxy.errors import UploadGoneError
from mememime_proxy.resources.database.schema import CHUNKS
from mememime_proxy.resources.database.states import UploadKind
from mememime_proxy.resources.uploads.assembly import Assembly
from mememime_proxy.storage.asset_keys import incoming_key

BODY = b"0123456789"


@pytest.fixture
def assembly(backend):
    return Assembly(backend.database, backend.storage)


async def assembled(assembly, temp_files, upload):
    async with temp_files.new() as temp_file:
        await assembly.assemble(upload, temp_file)
        await temp_file.finish()
        return await temp_file.read(0, 100)


async def test_chunks_are_assembled_in_order_and_discarded(backend, assembly, temp_files, complete):
    upload = await complete()
    assert await assembled(assembly, temp_files, upload) == BODY
    await assembly.discard(upload)
    assert (await backend.keys(), await backend.rows(CHUNKS)) == ([], [])


async def test_parts_of_a_multipart_upload_are_one_object(backend, uploads, assembly, temp_files):
    upload = await uploads.find(await backend.upload(kind=UploadKind.MULTIPART, length=len(BODY)))
    await backend.storage.put(incoming_key(upload.id), BODY)
    assert await assembled(assembly, temp_files, upload) == BODY
    await assembly.discard(upload)
    assert await backend.keys() == []


@pytest.mark.parametrize("damage", ["lost", "changed", "row"])
async def test_damaged_chunk_is_an_error(backend, assembly, temp_files, complete, damage):
    upload = await complete()
    key = (await backend.keys())[1]
    if damage == "lost":
        await backend.storage.delete(key)
    elif damage == "changed":
        await backend.storage.put(key, b"!!!!")
    else:
        await backend.change(CHUNKS, size=3)
    with pytest.raises(UploadGoneError):
        await assembled(assembly, temp_files, upload)
