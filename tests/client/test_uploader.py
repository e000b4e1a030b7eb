import asyncio
import os

import pytest
from aiohttp import web

from mememime_proxy.client import Uploader
from mememime_proxy.client.errors import AnswerError, ClientError, FileError
from mememime_proxy.client.inputs.content import LocalFile
from mememime_proxy.client.uploader import AliasAttributes, Transfer
from tests.support.fake_resource_service import KEY, hang_up, problem, times


class CountingMeter:
    def __init__(self):
        self.total = self.resumed = 0

    def add_sent(self, size):
        self.total += size

    def add_resumed(self, size):
        self.resumed += size


async def test_uploader_file_is_sent_once_and_gets_its_alias(uploader, fake, file):
    path = file()
    first = await uploader.upload(path, alias="Products/1", tags=["red"], focal=(0.25, 0.75), preset="hero")
    assert (first.sent, first.size, first.alias, first.version) == (True, 100, "products/1", 1)
    assert fake.assets[first.sha256] == path.read_bytes()
    alias = fake.aliases["products/1"]
    assert (alias["tags"], alias["focal"], alias["preset"]) == (["red"], {"x": 0.25, "y": 0.75}, "hero")
    received = fake.received
    second = await uploader.upload(path, alias="Products/1", tags=["red"])
    assert (second.sent, second.version, fake.received) == (False, 1, received)


async def test_uploader_without_journal_uploads(url, fake, file):
    path = file(size=0)
    async with Uploader(url, KEY) as uploader:
        done = await uploader.upload(path)
    assert (done.sent, done.alias, fake.assets[done.sha256]) == (True, "", b"")


async def test_uploader_alias_with_another_target_moves_and_keeps_its_attributes(uploader, fake, file):
    await uploader.upload(file("a.jpg"), alias="x", focal=(0.5, 0.5), tags=["old"])
    moved = await uploader.upload(file("b.jpg"), alias="x", tags=["new"])
    assert moved.version == 2
    assert (fake.aliases["x"]["focal"], fake.aliases["x"]["tags"]) == ({"x": 0.5, "y": 0.5}, ["new"])


async def test_uploader_small_file_is_sent_together_with_its_new_alias(uploader, fake, file):
    done = await uploader.upload(file("a.jpg"), alias="Products/1")
    assert (done.alias, done.version, fake.aliases["products/1"]["sha256"]) == ("products/1", 1, done.sha256)
    assert fake.requests == {"POST /assets": 1, "PUT /assets": 1}


async def test_uploader_alias_that_exists_is_moved_by_its_version(uploader, fake, file):
    await uploader.upload(file("a.jpg"), alias="x", preset="hero")
    fake.requests.clear()
    moved = await uploader.upload(file("b.jpg"), alias="x")
    assert (moved.version, fake.aliases["x"]["sha256"], fake.aliases["x"]["preset"]) == (2, moved.sha256, "hero")
    assert fake.requests == {"POST /assets": 1, "PUT /assets": 2, "PUT /aliases": 2, "GET /aliases": 1}


async def test_uploader_without_replace_does_not_move_an_alias(uploader, fake, file):
    first = await uploader.upload(file("a.jpg"), alias="x")
    with pytest.raises(AnswerError, match="412"):
        await uploader.upload(file("b.jpg"), alias="x", replace=False)
    assert fake.aliases["x"]["sha256"] == first.sha256
    assert (await uploader.upload(file("c.jpg"), alias="y", replace=False)).version == 1


async def test_uploader_alias_changed_concurrently_is_set_with_its_new_version(uploader, fake, file):
    await uploader.upload(file("a.jpg"), alias="x")

    async def somebody(_request):
        fake.aliases["x"]["version"] += 1

    fake.faults.append(times(2, somebody, "PUT", "/aliases"))
    assert (await uploader.upload(file("b.jpg"), alias="x")).version == 4
    fake.faults.append(somebody)
    with pytest.raises(AnswerError, match="changed by others"):
        await uploader.set_alias("x", next(iter(fake.assets)), AliasAttributes(preset="p"))


async def test_uploader_many_digests_are_looked_up_in_batches(uploader, fake):
    digests = [f"{number:064x}" for number in range(2500)]
    fake.assets |= {digests[0]: b"", digests[1999]: b""}
    assert await uploader.find_existing(digests) == {digests[0], digests[1999]}
    assert fake.requests["POST /assets"] == 3


@pytest.fixture(params=["tus", "presigned"])
async def large(request, url, retries, journal, file):
    """An uploader by each way, a file of twenty parts, and a second uploader as after a crash."""
    from mememime_proxy.client.transfer.session import Session

    def make():
        transfer = Transfer(part_threshold=4000, part_size=1000, parallel=4, method=request.param)
        return Uploader(url, KEY, transfer=transfer, journal=journal, session=Session(url, KEY, retries=retries))

    async with make() as uploader:
        yield uploader, make, file(size=20_000)


async def test_uploader_large_file_is_sent_in_concurrent_parts(large, fake):
    uploader, _, path = large
    four = asyncio.Barrier(4)

    async def meet(request):
        if request.method == "PATCH" or request.path.startswith("/bucket"):
            await four.wait()

    fake.faults.append(meet)
    counted = CountingMeter()
    content = LocalFile(path)
    sha256 = await content.digest()
    await uploader.send(content, sha256, path.name, counted)
    assert fake.assets[sha256] == path.read_bytes()
    assert (fake.received, counted.total) == (20_000, 20_000)
    assert fake.most_at_once == 4
    assert uploader.journal.get_parts(sha256) == []


async def test_uploader_interrupted_part_is_resumed(large, fake):
    uploader, _, path = large

    async def half(request):
        # The first bytes are kept where the way can keep them, and the connection breaks.
        await request.content.readexactly(500)
        if "/uploads/" in request.path:
            fake.uploads[request.match_info["id"]]["data"] += path.read_bytes()[_start(request, fake) :][:500]
        return await hang_up(request)

    fake.faults.append(times(1, half, "PATCH"))
    fake.faults.append(times(1, half, "PUT", "/bucket"))
    counted = CountingMeter()
    content = LocalFile(path)
    sha256 = await content.digest()
    await uploader.send(content, sha256, "x", counted)
    assert fake.assets[sha256] == path.read_bytes()
    assert counted.total == 20_000


def _start(request, fake):
    """The offset in the file of a partial upload of a fourth of it."""
    return int(request.match_info["id"], 16) * 5000


async def test_uploader_after_a_crash_sends_missing_bytes_alone(large, fake):
    _, make, path = large
    patches = 0

    async def crash(request):
        nonlocal patches
        if request.method == "PATCH" or request.path.startswith("/bucket"):
            patches += 1
            if patches > 2:
                await asyncio.Event().wait()

    fake.faults.append(crash)
    content = LocalFile(path)
    sha256 = await content.digest()
    async with make() as first:
        task = asyncio.ensure_future(first.send(content, sha256, "x"))
        # By tus four parts are on their way, of which two wait; presigned, those behind the two that went well as well.
        await fake.until(lambda: patches >= (4 if fake.uploads else 6) and fake.received >= 2000)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    fake.faults.clear()
    async with make() as second:
        before, counted = fake.received, CountingMeter()
        await second.send(content, sha256, "x", counted)
    assert fake.assets[sha256] == path.read_bytes()
    assert fake.received - before == counted.total == 20_000 - counted.resumed < 20_000


async def test_uploader_upload_that_the_service_lost_starts_again(large, fake, journal):
    uploader, _, path = large
    content = LocalFile(path)
    sha256 = await content.digest()

    async def refuse(request):
        return problem(403, "Quota exceeded") if request.method in {"PATCH", "POST"} and fake.received else None

    fake.faults.append(refuse)
    with pytest.raises(AnswerError, match="Quota"):
        await uploader.send(content, sha256, "x")
    assert journal.get_parts(sha256)
    fake.faults.clear()
    fake.uploads.clear()
    fake.multipart.clear()
    await uploader.send(content, sha256, "x")
    assert fake.assets[sha256] == path.read_bytes()
    assert journal.get_parts(sha256) == []


async def test_uploader_file_changed_during_the_upload_is_not_published(large, fake):
    uploader, _, path = large
    content = LocalFile(path)
    sha256 = await content.digest()
    path.write_bytes(os.urandom(20_000))
    with pytest.raises(FileError, match="changed"):
        await uploader.send(content, sha256, "x")
    assert fake.assets == {}


async def test_uploader_refused_file_leaves_no_parts_in_the_journal(uploader, fake, file, journal):
    content = LocalFile(file(size=20_000))
    with pytest.raises(AnswerError, match="Digest mismatch"):
        await uploader.send(content, "0" * 64)
    assert fake.assets == {}
    assert journal.get_parts("0" * 64) == []


async def test_uploader_lost_response_to_the_last_request_is_recovered(uploader, fake, file):
    content = LocalFile(file(size=20_000))
    sha256 = await content.digest()

    async def lost(request):
        if request.headers.get("Upload-Concat", "").startswith("final"):
            await fake.create(request)
            return await hang_up(request)
        return None

    fake.faults.append(times(5, lost, "POST", "/uploads"))
    await uploader.send(content, sha256)
    assert list(fake.assets) == [sha256]


async def test_uploader_quarantined_file_raises_answer_error(uploader, fake, file):
    async def quarantined(_request):
        return web.json_response({"state": "quarantined", "reason": "not an image"})

    fake.faults.append(times(1, quarantined, "PUT"))
    with pytest.raises(AnswerError, match="quarantined: not an image"):
        await uploader.upload(file())


async def test_uploader_check_access_of_another_server_raises_client_error(uploader, fake):
    await uploader.check_access()

    async def other(_request):
        return web.Response(status=404, text="nothing here")

    async def page(_request):
        return web.Response(text="<html>It works</html>", content_type="text/html")

    for fault in (other, page):
        fake.faults[:] = [fault]
        with pytest.raises(ClientError, match="no resource service"):
            await uploader.check_access()


@pytest.mark.parametrize(
    ("status", "has_code"),
    [(status, True) for status in (408, 409, 429, 499, 500, 503)]
    + [(status, False) for status in (400, 408, 413, 425, 429, 499, 500, 502, 503, 504, 520)],
)
async def test_f3_stalled_patch_goes_on_whatever_its_status(uploader, fake, file, status, has_code):
    """F3: the bytes that came are asked for by HEAD, and PATCH sends the rest."""
    path = file(size=5000)

    async def stall(request):
        upload = fake.uploads[request.match_info["id"]]
        async for chunk in request.content.iter_any():
            upload["data"] += chunk[:300]
            break
        return problem(status, "Stalled") if has_code else web.Response(status=status, text="<html>stalled")

    fake.faults.append(times(2, stall, "PATCH"))
    assert (await uploader.upload(path)).sent
    assert list(fake.assets.values()) == [path.read_bytes()]
    assert fake.requests["HEAD /uploads"] >= 2


async def test_f3_patch_that_the_service_refuses_is_not_repeated(uploader, fake, file):
    """F3: an error of the service about the bytes, or the role, stays."""

    async def refuse(_request):
        return problem(403, "Not allowed")

    fake.faults.append(times(99, refuse, "PATCH"))
    with pytest.raises(AnswerError, match="403"):
        await uploader.upload(file(size=1500 + 4000))
    assert fake.requests["HEAD /uploads"] == 0
