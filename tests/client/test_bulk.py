import asyncio
import hashlib
import os

import pytest
from aiohttp import web

from mememime_proxy.client.bulk import BulkUpload, Order
from mememime_proxy.client.errors import FileError, RefusedError, UnreachableError
from mememime_proxy.client.inputs.alias_template import Template
from mememime_proxy.client.inputs.batches import scan_in_thread
from mememime_proxy.client.inputs.content import LocalFile
from mememime_proxy.client.inputs.name_filter import Filter
from mememime_proxy.client.inputs.rename import Rename
from mememime_proxy.client.inputs.scan import files, local, scan
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


async def test_bulk_malformed_response_is_the_failure_of_its_files(run, fake, file):
    file()

    async def nonsense(_request):
        return web.Response(text="[]")

    fake.faults.append(times(1, nonsense))
    seen = await run()
    assert "is no resource service" in seen.reason("a.jpg")


async def test_f1_any_exception_of_one_file_is_its_failure(run, fake, file, monkeypatch):
    """F1: whatever is wrong with one file, and wherever that is found."""
    for name in ("a.jpg", "digest.jpg", "open.jpg", "read.jpg", "z.jpg"):
        file(name)

    class Broken(LocalFile):
        async def digest(self):
            if self.path.name == "digest.jpg":
                raise ZeroDivisionError
            return await super().digest()

        def chunks(self, start, end):
            if self.path.name == "read.jpg":
                raise RuntimeError("not foreseen")
            return super().chunks(start, end)

    def opened(path):
        if path.name == "open.jpg":
            raise ValueError("embedded null byte")
        return Broken(path)

    monkeypatch.setattr("mememime_proxy.client.inputs.scan.LocalFile", opened)
    seen = await run()
    assert seen.states == {
        "a.jpg": "uploaded", "digest.jpg": "failed", "open.jpg": "failed", "read.jpg": "failed", "z.jpg": "uploaded",
    }  # fmt: skip
    assert seen.reason("digest.jpg") == "ZeroDivisionError"
    assert seen.reason("read.jpg") == "RuntimeError: not foreseen"
    assert seen.reason("open.jpg") == "ValueError: embedded null byte"


async def test_f1_names_outside_utf8_are_named_and_stop_no_other(run, fake, file, tmp_path):
    """F1: such a name makes no alias; with {slug} it does, and without aliases the file is sent all the same."""
    file("good.jpg")
    (tmp_path / "files" / "caf\udce9.jpg").write_bytes(b"other bytes")
    seen = await run()
    assert seen.states == {"caf\udce9.jpg": "failed", "good.jpg": "uploaded"}
    assert "{slug}" in seen.reason("caf\udce9.jpg")
    assert set(fake.aliases) == {"p/good"}
    seen = await run(order=Order(template=Template("p/{slug}")))
    assert seen.states == {"caf\udce9.jpg": "uploaded", "good.jpg": "present"}
    assert set(fake.aliases) == {"p/good", "p/caf"}
    assert (await run(order=Order())).totals.is_clean


async def test_f1_file_that_the_service_cannot_take_stops_no_other(run, fake, file):
    """F1: a status of 5xx that comes again and again for one file, while the service answers others."""
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        file(name)

    async def overloaded(request):
        bad = request.method == "PUT" and request.query.get("alias") == "p/b"
        return problem(503, "Temporarily overloaded") if bad else None

    fake.faults.append(overloaded)
    assert (await run()).states == {"a.jpg": "uploaded", "b.jpg": "failed", "c.jpg": "uploaded"}


@pytest.mark.parametrize(
    ("one", "other"),
    [("caf\u00e9.jpg", "cafe\u0301.jpg"), ("Front.jpg", "front.jpg"), ("stra\u00dfe.jpg", "strasse.jpg")],
    ids=["forms", "case", "folded"],
)
async def test_f5_twins_by_the_rule_of_the_service_are_a_conflict_in_each_run(run, fake, file, one, other):
    """F5: NFC and NFD, upper and lower case: the first one in the order of names has the alias, the other one fails."""
    first, second = sorted((one, other))
    contents = {name: file(name).read_bytes() for name in (first, second)}
    for _ in range(2):
        seen = await run()
        assert (seen.states[first] in {"uploaded", "present"}, seen.states[second]) == (True, "failed")
        assert first in seen.reason(second)
        # Names that look alike are shown by their code points.
        assert ("written 'cafe\\u0301.jpg', the other one 'caf\\xe9.jpg'" in seen.reason(second)) == ("\u0301" in first)
        assert [fake.assets[alias["sha256"]] for alias in fake.aliases.values()] == [contents[first]]
    planned = await run(order=Order(template=Template("p/{path}"), dry_run=True))
    assert planned.states[second] == "failed"


async def test_bulk_names_that_the_service_refuses_fail_before_a_byte_is_sent(run, fake, file):
    for name in ("50% off.jpg", "a#b.jpg", "what?.jpg"):
        file(name)
    for dry_run in (True, False):
        seen = await run(order=Order(template=Template("p/{path}"), dry_run=dry_run))
        assert set(seen.states.values()) == {"failed"}
        assert all("{slug}" in outcome.reason for outcome in seen.outcomes)
    assert fake.received == 0
    seen = await run(order=Order(template=Template("p/{slug}"), renames=[Rename.parse("s/-off$/-less/")]))
    assert seen.totals.is_clean
    assert set(fake.aliases) == {"p/50-less", "p/a-b", "p/what"}


async def test_bulk_left_out_files_are_counted_and_named(run, file, tmp_path):
    for name in ("a.jpg", "clip.mov", "raw.dng", "@eaDir/a.jpg", "._a.jpg", ".hidden.jpg"):
        file(name)
    (tmp_path / "files" / "dead.jpg").symlink_to("nothing")
    seen = await run(scan_in_thread(scan(str(tmp_path / "files"), Filter())))
    assert {path for path, state in seen.states.items() if state == "left_out"} == {
        "clip.mov", "raw.dng", "@eaDir/", "._a.jpg", ".hidden.jpg", "dead.jpg",
    }  # fmt: skip
    assert seen.states["a.jpg"] == "uploaded"
    assert (seen.totals.files, seen.totals.states["left_out"], seen.totals.is_clean) == (1, 6, True)
    assert seen.totals.left_out["a link to nothing"].examples == ["dead.jpg"]


async def test_bulk_small_files_are_sent_in_batches_with_their_aliases(run, fake, file):
    fake.takes_batches = True
    for number in range(250):
        file(f"{number}.jpg", 50)
    file("large.jpg", 50_000)
    seen = await run()
    assert set(seen.states.values()) == {"uploaded"}
    assert (len(fake.assets), len(fake.aliases), fake.received) == (251, 251, 250 * 50 + 50_000)
    assert fake.requests["PUT /assets"] == 0
    again = await run()
    assert set(again.states.values()) == {"present"}
    assert fake.received == 250 * 50 + 50_000


async def test_bulk_each_file_of_a_batch_has_its_own_outcome(run, fake, file, journal):
    fake.takes_batches = True
    contents = {
        name: file(name).read_bytes() for name in ("busy.jpg", "broken.jpg", "good.jpg", "moved.jpg", "same.jpg")
    }
    file("twin.jpg").write_bytes(contents["same.jpg"])
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    fake.refused[digests["busy.jpg"]] = problem(503, "Temporarily overloaded")
    fake.refused[digests["broken.jpg"]] = problem(422, "Broken image")
    fake._set_alias("p/moved", {"sha256": "00" * 32})
    seen = await run()
    assert seen.states == {
        "busy.jpg": "uploaded", "broken.jpg": "failed", "good.jpg": "uploaded", "moved.jpg": "uploaded",
        "same.jpg": "uploaded", "twin.jpg": "present",
    }  # fmt: skip
    assert "Broken image" in seen.reason("broken.jpg")
    assert fake.aliases["p/moved"] | {"sha256": digests["moved.jpg"], "version": 2} == fake.aliases["p/moved"]
    assert fake.aliases["p/twin"]["sha256"] == fake.aliases["p/same"]["sha256"]


@pytest.mark.parametrize("status", [404, 413, 400])
async def test_bulk_refused_batch_is_sent_file_by_file(run, fake, file, status):
    """Such as by a server in between that takes small bodies only."""
    fake.takes_batches = True
    for number in range(10):
        file(f"{number}.jpg")

    async def refuse(request):
        return problem(status, "Too large") if (request.method, request.path) == ("POST", "/assets/batch") else None

    fake.faults.append(refuse)
    seen = await run()
    assert set(seen.states.values()) == {"uploaded"}
    assert seen.totals.sent == seen.bytes == 1000


async def test_bulk_file_of_a_batch_that_cannot_be_read_fails_alone(run, fake, file):
    fake.takes_batches = True
    paths = [file(f"{number}.jpg") for number in range(5)]

    async def truncate(request):
        if request.path == "/assets/exists":
            paths[2].write_bytes(b"less")

    fake.faults.append(truncate)
    seen = await run()
    assert [seen.states[path.name] for path in paths] == ["uploaded"] * 2 + ["failed"] + ["uploaded"] * 2
