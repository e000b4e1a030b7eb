import asyncio
import os

import pytest
from aiohttp import web

from mememime_proxy.client.bulk import BulkUpload, Order, upload_all
from mememime_proxy.client.errors import FileError, RefusedError, UnreachableError
from mememime_proxy.client.inputs.alias_template import Template
from mememime_proxy.client.inputs.batches import scan_in_thread
from mememime_proxy.client.inputs.scan import Filter, files, local
from tests.support.fake_resource_service import RecordedProgress, hang_up, problem, times


@pytest.fixture
def run(uploader, journal, tmp_path):
    async def run(*sources, order=None):
        seen = RecordedProgress()
        bulk = BulkUpload(uploader, journal, order or Order(template=Template("p/{path}")), seen)
        seen.totals = bulk.totals
        await bulk.run(sources or [scan_in_thread(files(str(tmp_path / "files"), Filter()))])
        assert bulk.totals.finished == len(seen.outcomes)
        assert bulk.totals.sent == seen.bytes
        return seen

    return run


async def test_bulk_second_run_sends_no_bytes_and_no_alias(run, fake, file):
    for number in range(40):
        file(f"{number % 7}/{number}.jpg", 50 + number)
    first = await run()
    assert set(first.states.values()) == {"uploaded"}
    assert len(fake.assets) == len(fake.aliases) == 40
    received, aliases = fake.received, fake.requests["PUT /aliases"]
    second = await run()
    assert set(second.states.values()) == {"present"}
    assert {outcome.alias for outcome in second.outcomes} == set(fake.aliases)
    assert (fake.received, fake.requests["PUT /aliases"]) == (received, aliases)
    assert fake.requests["POST /assets"] <= 8  # questions come in batches


async def test_bulk_without_journal_asks_the_service_and_moves_no_alias(run, fake, file, journal):
    file()
    await run()
    journal._database.executescript("DELETE FROM digests; DELETE FROM named;")
    again = await run()
    assert again.states == {"a.jpg": "present"}
    assert fake.aliases["p/a"]["version"] == 1


async def test_bulk_files_of_the_same_bytes_are_sent_once(run, fake, file):
    data = file("0.jpg").read_bytes()
    for number in range(1, 30):
        file(f"{number}.jpg").write_bytes(data)
    seen = await run()
    assert sorted(seen.states.values()) == ["present"] * 29 + ["uploaded"]
    assert fake.received == len(data)
    assert len(fake.aliases) == 30


async def test_bulk_changed_file_is_sent_and_moves_its_alias(run, fake, file):
    file()
    await run()
    file(size=120)
    assert (await run()).states == {"a.jpg": "uploaded"}
    assert fake.aliases["p/a"]["version"] == 2


async def test_bulk_file_that_the_service_lost_is_sent_again(run, fake, file):
    file()
    await run()
    fake.assets.clear()
    assert (await run()).states == {"a.jpg": "uploaded"}
    assert fake.aliases["p/a"]["version"] == 1


async def test_bulk_failed_file_stops_no_other(run, fake, file, tmp_path):
    for name in ("a.jpg", "b.jpg", "c.jpg", "c.png"):
        file(name)
    gone = tmp_path / "files" / "gone.jpg"

    async def refuse(request):
        # The alias b may not be had.
        return problem(409, "Alias is taken") if request.query.get("alias") == "p/b" else None

    fake.faults.append(refuse)
    entries = [local(gone, "gone.jpg"), *files(str(tmp_path / "files"), Filter())]
    seen = await run(scan_in_thread(iter(entries)))
    assert seen.states == {
        "gone.jpg": "failed", "a.jpg": "uploaded", "b.jpg": "failed", "c.jpg": "uploaded", "c.png": "failed",
    }  # fmt: skip
    assert "No such file" in seen.reason("gone.jpg")
    assert "Alias is taken" in seen.reason("b.jpg")
    assert "the alias p/c is used by" in seen.reason("c.png")
    assert not seen.totals.is_clean


async def test_bulk_origin_that_fails_is_reported_after_its_files(run, file):
    def failing_scan():
        yield local(file("a.jpg"), "a.jpg")
        raise FileError("/x: no permission")

    async def nothing():
        for batch in ():
            yield batch

    seen = await run(scan_in_thread(failing_scan()), scan_in_thread(iter([local(file("b.jpg"), "b.jpg")])), nothing())
    assert seen.states == {"a.jpg": "uploaded", "": "failed", "b.jpg": "uploaded"}


async def test_bulk_dry_run_changes_nothing(run, fake, file):
    file("a.jpg")
    await run()
    file("b.jpg")
    received = fake.received
    seen = await run(order=Order(template=Template("p/{path}"), dry_run=True))
    assert seen.states == {"a.jpg": "present", "b.jpg": "planned"}
    assert (fake.received, len(fake.aliases)) == (received, 1)
    seen = await run(order=Order(template=Template("q/{path}"), dry_run=True))
    assert seen.states == {"a.jpg": "planned", "b.jpg": "planned"}


async def test_bulk_attributes_of_a_manifest_are_set_and_changed_later(run, fake, file):
    path = file()
    entry = local(path, "a.jpg", alias="own", tags=("red",), focal=(0.25, 0.5))
    await run(scan_in_thread(iter([entry])))
    assert (fake.aliases["own"]["tags"], fake.aliases["own"]["focal"]) == (["red"], {"x": 0.25, "y": 0.5})
    other = local(path, "a.jpg", alias="own", tags=("blue",))
    assert (await run(scan_in_thread(iter([other])))).states == {"a.jpg": "present"}
    assert (fake.aliases["own"]["tags"], fake.aliases["own"]["version"]) == (["blue"], 2)


@pytest.mark.parametrize(
    ("fault", "error"), [(hang_up, UnreachableError), (lambda _: _refused(), RefusedError)], ids=["gone", "refused"]
)
async def test_bulk_unreachable_service_ends_the_run_and_the_next_one_resumes(run, fake, file, fault, error):
    for number in range(30):
        file(f"{number}.jpg")
    ended = []

    async def later(request):
        if request.method == "PUT" and request.path == "/assets":
            ended.append(1)
        return await fault(request) if len(ended) > 10 else None

    fake.faults.append(later)
    with pytest.raises(error):
        await run()
    fake.faults.clear()
    before = len(fake.assets)
    assert 0 < before < 30
    received = fake.received
    seen = await run()
    assert seen.totals.is_clean
    assert len(fake.assets) == len(fake.aliases) == 30
    assert fake.received - received == 100 * (30 - before)


async def _refused():
    return problem(401, "Not authenticated")


async def test_bulk_concurrent_transfers_are_bounded(run, fake, file):
    for number in range(60):
        file(f"{number}.jpg")
    three = asyncio.Barrier(3)

    async def meet(request):
        if request.method == "PUT" and request.path == "/assets":
            await three.wait()

    fake.faults.append(meet)
    await run(order=Order(parallel=3))
    # A batch of digests may be asked for while three files are on their way.
    assert fake.most_at_once <= 4


async def test_bulk_temporary_errors_of_the_service_are_retried(run, fake, file, slept):
    for number in range(20):
        file(f"{number}.jpg", 300)
    large = file("large.jpg", 50_000)
    for kind in ("PUT", "POST", "PATCH", "HEAD", "GET"):
        fake.faults.append(times(3, hang_up, kind))

        async def later(_request):
            return problem(503, "Temporarily overloaded", Retry_After="1")

        fake.faults.append(times(3, later, kind))
    seen = await run()
    assert seen.totals.is_clean
    assert large.read_bytes() in fake.assets.values()
    assert len(fake.assets) == 21
    assert slept


async def test_bulk_many_files_are_processed_in_bounded_memory(uploader, journal, fake, tmp_path):
    """However fast files are found, only some are held."""
    path = tmp_path / "a.jpg"
    path.write_bytes(os.urandom(10))
    given = 0

    def endless():
        nonlocal given
        while True:
            given += 1
            yield local(path, f"{given}.jpg")

    stuck = asyncio.Event()

    async def wait(request):
        if request.method == "PUT":
            stuck.set()
            await asyncio.Event().wait()

    fake.faults.append(wait)
    task = asyncio.ensure_future(
        BulkUpload(uploader, journal, Order(), RecordedProgress()).run([scan_in_thread(endless())])
    )
    await stuck.wait()
    held = -1
    while held != given:
        held = given
        await asyncio.sleep(0.3)  # nothing tells that nothing happens
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert given < 4000


async def test_bulk_malformed_response_ends_the_run(run, fake, file):
    file()

    async def nonsense(_request):
        return web.Response(text="[]")

    fake.faults.append(nonsense)
    with pytest.raises(Exception, match="is no resource service"):
        await run()


async def test_upload_all_outcomes_are_yielded_as_files_finish(uploader, fake, file, tmp_path):
    for number in range(5):
        file(f"{number}.jpg")
    order = Order(template=Template("p/{path}"), parallel=1)

    def entries():
        return files(str(tmp_path / "files"), Filter())

    seen = [outcome.state async for outcome in upload_all(uploader, entries(), order)]
    assert seen == ["uploaded"] * 5
    fake.assets.clear()
    outcomes = upload_all(uploader, entries(), order)
    async for outcome in outcomes:
        assert outcome.state == "uploaded"
        break
    await outcomes.aclose()
    assert 0 < len(fake.assets) < 5
    fake.faults.append(lambda _: _refused())
    with pytest.raises(RefusedError):
        [outcome async for outcome in upload_all(uploader, entries(), order)]
