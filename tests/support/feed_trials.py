"""Alias moves, readers of the purge feed and whole proxies, of which some are cut off and one is replaced meanwhile.

``python -m tests.support.feed_trials --moves 1000 --readers 50 --cut-off 30``; ``make trials`` runs it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import aiohttp
import pyvips

from mememime_proxy.errors import SourceStatusError
from mememime_proxy.sources.config import ResourcesConfig
from mememime_proxy.sources.resources.purges import PurgeClient
from mememime_proxy.sources.resources.session import ResourceSession
from tests.support.ports import reserve_port
from tests.support.postgres_server import PostgresServer
from tests.support.proxy_process import ProxyProcess
from tests.support.raw_server import stop_listening
from tests.support.resource_process import ADMIN_KEY, ResourceProcess
from tests.support.waiting import wait_until

PICTURES = 6
_POLL = 0.01


class Relay:
    """A TCP relay to one port, which can be cut."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_cut = False

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await stop_listening(self._server)
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """End all connections, and each new one at once."""
        self._is_cut = True
        for writer in self._writers:
            writer.transport.abort()

    def restore(self) -> None:
        """Let connections through again."""
        self._is_cut = False

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
            pair = {writer, far_writer}
            self._writers |= pair
            await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
            self._writers -= pair


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.transport.abort()


@dataclass
class Reader:
    """A reader of the feed, as a proxy is one, which notes when it heard of each move."""

    heard: dict[int, float] = field(default_factory=dict)
    """Times by the purge's number."""
    sources: list[str] = field(default_factory=list)
    was_cut_off: bool = False

    async def follow(self, base: str, after: int) -> None:
        """Read for ever, from the number ``after`` on; each number has to be the next one."""
        session = ResourceSession(ResourcesConfig(url=base, api_key=ADMIN_KEY))
        await session.start()
        client = PurgeClient(session)
        try:
            while True:
                try:
                    page = await client.read(after, 25)
                except SourceStatusError as error:
                    if error.upstream != 503:
                        raise
                    await asyncio.sleep(_POLL)
                    continue
                now = time.monotonic()
                for purge in page.purges:
                    assert purge.number == after + 1, "a number is missing, or comes twice"
                    after = purge.number
                    self.heard[after] = now
                    self.sources.append(purge.source)
        finally:
            await session.close()


@dataclass
class FeedResult:
    """What came of a trial; delays in seconds from the answer to the move."""

    moves: int
    reader_delays: list[float]
    proxy_delays: list[float]
    missed: int
    """Purges that a reader has not heard of, and pictures that are old in the end."""
    replaced: int
    """Processes and readers that were cut off or replaced meanwhile."""

    def p99(self, delays: list[float]) -> float:
        return sorted(delays)[int(0.99 * (len(delays) - 1))]


def _picture(number: int) -> bytes:
    colour = [40 * number, 250 - 40 * number, 20 * number]
    return pyvips.Image.black(16, 16).add(colour).cast("uchar").pngsave_buffer()


def _number_of(body: bytes) -> int:
    image = pyvips.Image.new_from_buffer(body, "")
    return round(image[0].avg() / 40)


class FeedTrial:
    """The resource service, two proxies, and readers."""

    def __init__(self, service: ResourceProcess, proxies: list[ProxyProcess], relay: Relay, moves: int, seed: int):
        self.service, self.proxies, self.relay, self.moves = service, proxies, relay, moves
        self._rng = random.Random(seed)
        self._names = [f"feed/{number}" for number in range(max(10, moves // 20))]
        self._state: dict[str, int] = {}
        self._answered: dict[str, list[float]] = {name: [] for name in self._names}
        self._proxy_delays: list[float] = []
        self._unwatched: set[int] = set()
        """Proxies that cannot know of moves now."""
        self._watches: set[asyncio.Task[None]] = set()

    async def run(self, readers: int, cut_off: float, pause: float) -> FeedResult:
        """``cut_off``: seconds for which a tenth of the readers and a proxy hear nothing; ``pause``: between moves."""
        self._assets = [await asyncio.to_thread(self.service.upload, _picture(number)) for number in range(PICTURES)]
        headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
        async with aiohttp.ClientSession(headers=headers) as self._http:
            for name in self._names:
                await self._point(name, 0)
            for proxy in range(2):
                await wait_until(lambda proxy=proxy: self.proxies[proxy].metric("purge_feed_lag_seconds") < 1)
                await asyncio.gather(*(self._becomes(proxy, name, 0) for name in self._names))
            async with self._http.get(f"{self.service.base}/purges") as answer:
                start = (await answer.json())["next"]
            self._answered = {name: [] for name in self._names}
            followers = [Reader() for _ in range(readers)]
            tasks = [
                asyncio.create_task(
                    each.follow(f"http://127.0.0.1:{self.relay.port}" if number % 10 == 0 else self.service.base, start)
                )
                for number, each in enumerate(followers)
            ]
            for each in followers[::10]:
                each.was_cut_off = True
            try:
                await self._move(cut_off, pause)
                last = start + self.moves
                await wait_until(lambda: all(task.done() or last in each.heard
                                             for task, each in zip(tasks, followers, strict=True)))  # fmt: skip
                await asyncio.gather(*self._watches)
                stale = [await self._is_old(proxy, name) for proxy in range(2) for name in self._names]
            finally:
                for task in tasks:
                    task.cancel()
                ended = await asyncio.gather(*tasks, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                raise error
        return FeedResult(
            self.moves,
            self._delays(followers),
            self._proxy_delays,
            sum(self.moves - len(each.heard) for each in followers) + sum(stale),
            len(followers[::10]) + 2,
        )

    def _delays(self, readers: list[Reader]) -> list[float]:
        delays = []
        for each in readers:
            seen: Counter[str] = Counter()
            for time_heard, source in zip(each.heard.values(), each.sources, strict=True):
                name = source.removeprefix("alias://")
                answered = self._answered[name][seen[name]]
                seen[name] += 1
                if not each.was_cut_off:
                    delays.append(max(0.0, time_heard - answered))
        return delays

    async def _move(self, cut_off: float, pause: float) -> None:
        """Move aliases; cut the second proxy and some readers off, then replace the first proxy, while moves go on."""
        third = self.moves // 3
        for number in range(self.moves):
            if number == third:
                self._unwatched.add(1)
                self.relay.cut()
                restore = asyncio.create_task(self._restore(cut_off))
            if number == 2 * third:
                await restore
                self._unwatched.add(0)
                replace = asyncio.create_task(self._replace())
            name = self._rng.choice(self._names)
            await self._point(name, (self._state[name] + 1) % PICTURES)
            for proxy in {0, 1} - self._unwatched:
                watch = asyncio.create_task(self._watch(proxy, name))
                self._watches.add(watch)
                watch.add_done_callback(self._watches.discard)
            await asyncio.sleep(pause)
        await replace

    async def _restore(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self.relay.restore()
        # It knows of all moves until now, and hears of later ones in time.
        await asyncio.gather(*(self._becomes(1, name, None) for name in self._names))
        self._unwatched.discard(1)

    async def _replace(self) -> None:
        await asyncio.to_thread(self.proxies[0].restart)
        await wait_until(lambda: self.proxies[0].find("purge_feed.connected"))
        self._unwatched.discard(0)

    async def _point(self, name: str, number: int) -> None:
        body = {"sha256": self._assets[number]}
        async with self._http.put(f"{self.service.base}/aliases/{name}", json=body) as answer:
            assert answer.status in {200, 201}, await answer.text()
        self._state[name] = number
        self._answered[name].append(time.monotonic())

    async def _watch(self, proxy: int, name: str) -> None:
        number, answered = self._state[name], self._answered[name][-1]
        await self._becomes(proxy, name, number)
        if proxy not in self._unwatched:
            self._proxy_delays.append(time.monotonic() - answered)

    async def _becomes(self, proxy: int, name: str, number: int | None) -> None:
        """Return when the proxy has the picture, or its present one, or the alias has moved on."""
        while proxy not in self._unwatched or number is None:
            wanted = self._state[name]
            if number not in {None, wanted} or await self._shown(proxy, name) == wanted:
                return
            await asyncio.sleep(_POLL)

    async def _is_old(self, proxy: int, name: str) -> bool:
        return await self._shown(proxy, name) != self._state[name]

    async def _shown(self, proxy: int, name: str) -> int:
        url = f"{self.proxies[proxy].base}/unsafe/rs:fill:8:8/plain/alias://{name}@png"
        try:
            async with self._http.get(url) as answer:
                return _number_of(await answer.read()) if answer.status == 200 else -1
        except aiohttp.ClientError:
            return -1


async def run_trial(
    folder: Path, moves: int, readers: int, cut_off: float, pause: float, seed: int, *, postgres: bool
) -> FeedResult:
    """Run the trial in processes of its own. A look-up is fresh for an hour: only the feed tells proxies of a move."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(PostgresServer(durable=True)) if postgres else None
        url = server.create() if server else f"sqlite:///{folder}/resources.sqlite"
        port, *ports = (stack.enter_context(reserve_port()) for _ in range(3))
        service = ResourceProcess(folder / "resources", database_url=url, resources_bind=f"127.0.0.1:{port}")
        stack.enter_context(service)
        async with Relay(service.port) as relay:
            settings = {
                **service.proxy_settings(), "purge_feed": "1", "allow_unsigned": "1", "alias_freshness": "3600",
                "workers": "1",
            }  # fmt: skip
            proxies = []
            for number, own in enumerate(ports):
                relayed = {"resources_url": f"http://127.0.0.1:{relay.port}"} if number else {}
                proxy = ProxyProcess(folder / f"proxy{number}", **settings | relayed | {"bind": f"127.0.0.1:{own}"})
                proxies.append(proxy)
            # In threads: one asks the relay, which is served by this one.
            await asyncio.gather(*(asyncio.to_thread(stack.enter_context, proxy) for proxy in proxies))
            return await FeedTrial(service, proxies, relay, moves, seed).run(readers, cut_off, pause)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--moves", type=int, default=1000)
    parser.add_argument("--readers", type=int, default=50)
    parser.add_argument("--cut-off", type=float, default=30.0)
    parser.add_argument("--pause", type=float, default=0.1)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="postgres")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    given = parser.parse_args()
    print(f"seed {given.seed}")
    with tempfile.TemporaryDirectory() as folder:
        result = asyncio.run(
            run_trial(Path(folder), given.moves, given.readers, given.cut_off, given.pause, given.seed,
                      postgres=given.database == "postgres")
        )  # fmt: skip
    print(
        f"{result.moves} moves, {given.readers} readers, {result.replaced} cut off or replaced, {result.missed} missed"
    )
    for name, delays in (("readers", result.reader_delays), ("proxies", result.proxy_delays)):
        print(
            f"{name}: {len(delays)} times, p50 {sorted(delays)[len(delays) // 2]:.3f} s, p99 {result.p99(delays):.3f} s"
        )
    assert result.missed == 0
    assert result.p99(result.reader_delays) < 1
    assert result.p99(result.proxy_delays) < 1


if __name__ == "__main__":
    main()
