"""Films by ranges, from a web server and from a real S3: what is read, and what is refused."""

import asyncio
import os

import pytest
from aiohttp import web

from mememime_proxy.errors import (
    MemoryBudgetError,
    SourceIncompleteError,
    SourceResponseError,
    SourceTooLargeError,
)
from mememime_proxy.memory_budget import MemoryBudget, Use
from mememime_proxy.sources.config import SourcesConfig
from mememime_proxy.sources.film_bytes import HEAD
from mememime_proxy.sources.registry import Sources
from tests.support.films import container_film

FILM = container_film("mp4") + os.urandom(3 << 20)
"""A film with a long tail."""
PICTURE = b"\xff\xd8\xff\xe0" + os.urandom(1 << 20)


class Origin:
    """A web server of one file, with ranges."""

    def __init__(self):
        self.content, self.etag, self.ranges, self.accepts = FILM, '"v1"', [], "bytes"
        self.cut = 0

    async def handle(self, request):
        headers = {"ETag": self.etag} if self.etag else {}
        if self.accepts:
            headers["Accept-Ranges"] = self.accepts
        if "Range" not in request.headers:
            return web.Response(body=self.content, headers=headers)
        found = request.http_range
        self.ranges.append((found.start, found.stop))
        part = self.content[found.start : found.stop]
        headers["Content-Range"] = f"bytes {found.start}-{found.stop - 1}/{len(self.content)}"
        response = web.StreamResponse(status=206, headers=headers)
        response.content_length = len(part)
        await response.prepare(request)
        await response.write(part[: len(part) - self.cut])
        if self.cut:
            request.transport.close()
        return response


@pytest.fixture
async def origin(aiohttp_server):
    made = Origin()
    app = web.Application()
    app.router.add_get("/film", made.handle)
    server = await aiohttp_server(app)
    made.url = str(server.make_url("/film"))
    return made


@pytest.fixture
async def sources():
    opened = []

    async def start(limit=0, **config):
        made = Sources(SourcesConfig(allow_loopback=True, film_ranges=True, **config), budget=MemoryBudget(limit))
        await made.start()
        opened.append(made)
        return made

    yield start
    for each in opened:
        await each.close()


async def test_film_is_not_fetched_whole(origin, sources):
    with await (await sources()).fetch(origin.url, max_bytes=1000) as film:
        assert film.size == len(FILM)
        assert film.film.received == HEAD
        assert os.pread(film.fd, HEAD, 0) == FILM[:HEAD]
        assert os.pread(film.fd, 100, HEAD) == bytes(100), "a hole"
        await film.film.fill(1 << 20, 1000)
        assert os.pread(film.fd, 1000, 1 << 20) == FILM[1 << 20 :][:1000]
        assert origin.ranges == [(1 << 20, (1 << 20) + 1000)]
        assert film.film.received == HEAD + 1000


async def test_only_what_is_missing_is_read(origin, sources):
    with await (await sources()).fetch(origin.url) as film:
        await film.film.fill(HEAD - 10, 20)
        await film.film.fill(0, HEAD)
        await film.film.fill(HEAD + 100, 100)
        await film.film.fill(HEAD, 300)
        await film.film.fill(len(FILM) - 5, 1 << 20)
        assert origin.ranges == [
            (HEAD, HEAD + 10),
            (HEAD + 100, HEAD + 200),
            (HEAD + 10, HEAD + 100),
            (HEAD + 200, HEAD + 300),
            (len(FILM) - 5, len(FILM)),
        ]
        assert os.pread(film.fd, HEAD + 300, 0) == FILM[: HEAD + 300]


async def test_concurrent_needs_are_read_once(origin, sources):
    with await (await sources()).fetch(origin.url) as film:
        await asyncio.gather(*(film.film.fill(1 << 20, 5000) for _ in range(5)))
        assert len(origin.ranges) == 1


async def test_film_that_changes_is_refused(origin, sources):
    with await (await sources()).fetch(origin.url) as film:
        origin.etag = '"v2"'
        with pytest.raises(SourceResponseError, match="has changed"):
            await film.film.fill(1 << 20, 1000)
        origin.etag, origin.content = '"v1"', FILM[:-1]
        with pytest.raises(SourceResponseError, match="range"):
            await film.film.fill(1 << 20, 1000)


async def test_range_that_ends_early_is_incomplete_and_read_again(origin, sources):
    with await (await sources()).fetch(origin.url) as film:
        origin.cut = 10
        with pytest.raises(SourceIncompleteError):
            await film.film.fill(1 << 20, 1000)
        origin.cut = 0
        await film.film.fill(1 << 20, 1000)
        assert os.pread(film.fd, 1000, 1 << 20) == FILM[1 << 20 :][:1000]


@pytest.mark.parametrize(("accepts", "etag"), [("", '"v1"'), ("none", '"v1"'), ("bytes", "")])
async def test_source_without_ranges_or_validator_is_fetched_whole(origin, sources, accepts, etag):
    origin.accepts, origin.etag = accepts, etag
    opened = await sources()
    with await opened.fetch(origin.url) as original:
        assert original.film is None
        assert os.pread(original.fd, len(FILM) + 1, 0) == FILM
    with pytest.raises(SourceTooLargeError):
        await opened.fetch(origin.url, max_bytes=1000)


async def test_picture_is_fetched_whole_within_its_limit(origin, sources):
    origin.content = PICTURE
    opened = await sources()
    with await opened.fetch(origin.url) as original:
        assert original.film is None
        assert os.pread(original.fd, len(PICTURE) + 1, 0) == PICTURE
    with pytest.raises(SourceTooLargeError):
        await opened.fetch(origin.url, max_bytes=1000)


async def test_memory_of_a_film_is_that_of_its_parts(origin, sources):
    opened = await sources(limit=8 << 20)
    budget = opened._budget
    with await opened.fetch(origin.url) as film:
        assert HEAD <= budget.used < HEAD + (64 << 10)
        await film.film.fill(1 << 20, 1 << 18)
        assert budget.used >= HEAD + (1 << 18)
        with pytest.raises(MemoryBudgetError):
            await film.film.fill(0, len(FILM))
    assert budget.used == 0


async def test_worker_can_not_write_a_film(origin, sources):
    with await (await sources()).fetch(origin.url) as film, pytest.raises(OSError, match="Bad file descriptor"):
        os.pwrite(film.fd, b"x", 0)


async def test_parts_that_were_read_are_there_for_the_next_request(origin, sources):
    opened = await sources(limit=64 << 20, film_blocks=8 << 20)
    with await opened.fetch(origin.url) as film:
        await film.film.fill(1 << 20, 5000)
    with await opened.fetch(origin.url) as film:
        assert film.film.received == 0
        await film.film.fill(1 << 20, 5000)
        assert os.pread(film.fd, 5000, 1 << 20) == FILM[1 << 20 :][:5000]
        await film.film.fill(2 << 20, 100)
        assert film.film.received == 100
    assert origin.ranges == [(1 << 20, (1 << 20) + 5000), (2 << 20, (2 << 20) + 100)]
    assert opened._budget.used >= HEAD + 5100


async def test_parts_of_another_state_are_not_used(origin, sources):
    opened = await sources(film_blocks=8 << 20)
    with await opened.fetch(origin.url):
        pass
    origin.etag, origin.content = '"v2"', FILM[: 1 << 20]
    with await opened.fetch(origin.url) as film:
        assert (film.size, film.film.received) == (1 << 20, HEAD)


async def test_parts_go_with_a_purge_and_when_there_are_too_many(origin, sources):
    opened = await sources(limit=64 << 20, film_blocks=HEAD + 1000)
    for drop in (
        lambda: opened.forget(origin.url),
        opened.forget_all,
        lambda: opened._budget.fits(1 << 30, Use.RENDERS),
    ):
        with await opened.fetch(origin.url) as film:
            assert film.film.received == HEAD
        assert opened._budget.used >= HEAD
        drop()
        assert opened._budget.used == 0
    with await opened.fetch(origin.url) as film:
        await film.film.fill(1 << 20, 2000)
    assert opened._budget.used == 0, "more than may be kept"


async def test_film_in_use_is_not_dropped(origin, sources):
    opened = await sources(film_blocks=8 << 20)
    with await opened.fetch(origin.url) as film:
        opened.forget_all()
        await film.film.fill(1 << 20, 100)
        assert os.pread(film.fd, 100, 1 << 20) == FILM[1 << 20 :][:100]
        with await opened.fetch(origin.url) as other:
            assert other.film.received == HEAD


SIZE = 5 << 20
FIRST = 256 << 10


async def test_first_bytes_of_what_is_no_film_are_read_alone_where_they_will_do(origin, sources):
    origin.content = b"\xff\xd8" + bytes(SIZE)
    made = await sources()
    with await made.fetch_if_changed(origin.url, "", head=FIRST) as original:
        assert (original.size, original.head, original.state.validator) == (SIZE + 2, FIRST, '"v1"')
        assert os.fstat(original.fd).st_size == FIRST
    with await made.fetch_if_changed(origin.url, "", head=2 * SIZE) as original:
        assert (original.size, original.head) == (SIZE + 2, 0)
    origin.etag = ""
    # Without a validator only all bytes tell one state from another.
    with await made.fetch_if_changed(origin.url, "", head=FIRST) as original:
        assert original.head == 0
