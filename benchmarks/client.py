"""The load: a process of its own that asks for a list of addresses and tells what came back, as one JSON object."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
import zlib
from dataclasses import dataclass

_PATIENCE = 600.0
_REQUEST = 120.0


@dataclass(frozen=True)
class Load:
    """Answers in the order of the addresses: seconds, bytes and checksum of each; ``wall`` is for all together."""

    seconds: list[float]
    sizes: list[int]
    types: list[str]
    sums: list[int]
    wall: float


def run(addresses: list[str], clients: int, headers: dict[str, str] | None = None) -> Load:
    """Asks for ``addresses`` with ``clients`` requests under way at once. Any status but 200 is an error."""
    process = asked(addresses, clients, headers)
    out, errors = process.communicate(timeout=_PATIENCE)
    if process.returncode:
        raise RuntimeError(f"the load failed: {errors[-800:]}")
    return Load(**json.loads(out))


def asked(addresses: list[str], clients: int, headers: dict[str, str] | None = None) -> subprocess.Popen[str]:
    """The load under way, in a process group of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.client"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdin
    process.stdin.write(json.dumps({"addresses": addresses, "clients": clients, "headers": headers or {}}))
    process.stdin.close()
    process.stdin = None
    return process


async def _ask(addresses: list[str], clients: int, headers: dict[str, str]) -> dict[str, object]:
    import aiohttp
    from yarl import URL

    count = len(addresses)
    seconds, sizes, types, sums = [0.0] * count, [0] * count, [""] * count, [0] * count
    waiting = iter(range(count))
    timeout = aiohttp.ClientTimeout(total=_REQUEST)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as session:

        async def client() -> None:
            for number in waiting:
                begun = time.perf_counter()
                async with session.get(URL(addresses[number], encoded=True), headers=headers) as answer:
                    body = await answer.read()
                    if answer.status != 200 or not body:
                        raise RuntimeError(f"{answer.status} {body[:200]!r} from {addresses[number]}")
                seconds[number] = time.perf_counter() - begun
                sizes[number], types[number], sums[number] = len(body), answer.content_type, zlib.crc32(body)

        begun = time.perf_counter()
        await asyncio.gather(*(client() for _ in range(clients)))
        wall = time.perf_counter() - begun
    return {"seconds": seconds, "sizes": sizes, "types": types, "sums": sums, "wall": wall}


if __name__ == "__main__":
    wanted = json.load(sys.stdin)
    json.dump(asyncio.run(_ask(wanted["addresses"], wanted["clients"], wanted["headers"])), sys.stdout)
