"""What CACHE_WRITE_POLICY saves: a Zipf trace of requests replayed in the parts of the cache that decide."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from cachetools import LRUCache

from mememime_proxy.proxy.cache.request_counts import RequestCounts
from mememime_proxy.proxy.cache.write_policy import PolicyName, WritePolicy

REQUESTS = 1_000_000
RATE = 200.0
"""Misses of NGINX a second at one process: the trace takes 83 minutes, in which counts are halved once."""
ENTRIES = 64 * (1 << 20) // (15_000 + 2048)
"""Variants of 15 kB in VARIANTS_CACHE_SIZE, whose default is 64 MiB."""
CASES = [(0.8, 10**9), (0.7, 10**9), (0.9, 10**9), (1.0, 10**9), (0.8, 10**7), (0.8, 10**8), (1.0, 10**7)]
"""Exponents and sizes of the catalogue. Of web traffic the exponent is 0.64 to 0.83 (Breslau et al., 1999)."""


@dataclass(frozen=True)
class Trace:
    """Independent requests for variants 0, 1, …, whose frequencies are those of their ranks (Zipf)."""

    requests: int
    catalogue: int
    exponent: float
    seed: int

    def __iter__(self) -> Iterator[int]:
        rng, power = random.Random(self.seed), 1 - self.exponent
        for _ in range(self.requests):
            share = rng.random()
            # The inverse of the distribution of a continuous rank from 1 to the size of the catalogue.
            rank = ((self.catalogue**power - 1) * share + 1) ** (1 / power) if power else self.catalogue**share
            yield min(int(rank), self.catalogue) - 1


@dataclass(frozen=True)
class WriteCounts:
    """What a policy costs."""

    renders: int
    writes: int


def simulate(trace: Trace, policy: PolicyName, *, entries: int, rate: float = RATE) -> WriteCounts:
    """Replay a trace: memory of so many entries, an unbounded store, and the real policy with its counts."""
    time = [0.0]
    decide = WritePolicy(policy, RequestCounts(lambda: time[0]) if policy == "second" else None)
    memory: LRUCache[int, bool] = LRUCache(entries)
    """With whether the variant is written when it is requested again."""
    stored: set[int] = set()
    renders = 0
    request: Any = SimpleNamespace(key=b"", by_presets=False, original=None)
    for number, item in enumerate(trace):
        time[0] = number / rate
        if (is_deferred := memory.get(item)) is not None:
            if is_deferred:
                memory[item] = False
                stored.add(item)
        elif item in stored:
            memory[item] = False
        else:
            renders += 1
            request.key = hashlib.blake2b(item.to_bytes(8), digest_size=16).digest()
            is_written = decide.admits(request)
            if is_written:
                stored.add(item)
            memory[item] = policy == "second" and not is_written
    return WriteCounts(renders, len(stored))


def writes() -> dict[str, dict[str, Any]]:
    """Return a row for each case."""
    rows: dict[str, dict[str, Any]] = {}
    for exponent, catalogue in CASES:
        trace = Trace(REQUESTS, catalogue, exponent, seed=16)
        everything, second = (simulate(trace, policy, entries=ENTRIES) for policy in ("all", "second"))
        rows[f"exponent {exponent}, {catalogue:,} variants"] = {
            "writes_all": everything.writes,
            "writes_second": second.writes,
            "fewer_writes_percent": round(100 * (1 - second.writes / everything.writes), 1),
            "renders_all": everything.renders,
            "renders_second": second.renders,
            "more_renders_percent": round(100 * (second.renders / everything.renders - 1), 1),
        }
    return rows
