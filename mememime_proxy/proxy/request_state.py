"""One variant on its way, from the first look at what is kept to its last byte."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from mememime_proxy.errors import RenderTimeoutError
from mememime_proxy.plan import Plan
from mememime_proxy.proxy.cache.key_locks import Lock
from mememime_proxy.proxy.cache.originals import Source
from mememime_proxy.proxy.model import Asked
from mememime_proxy.proxy.telemetry.tracing import Tracing


@dataclass(slots=True)
class Work:
    """What is to be made, and what is known of it so far. ``client``: the validator that the client holds."""

    plan: Plan
    key: bytes
    source: Source
    client: str
    asked: Asked
    tracing: Tracing | None = None
    generation: str = ""
    lock: Lock | None = None
    spans: list[tuple[str, float]] = field(default_factory=list)

    @contextlib.contextmanager
    def span(self, name: str) -> Iterator[None]:
        """Takes the time of a part of the work."""
        begun = time.perf_counter()
        try:
            with self.tracing.span(name) if self.tracing is not None else contextlib.nullcontext():
                yield
        finally:
            self.spans.append((name, time.perf_counter() - begun))

    def rendered(self, waited: float, seconds: float) -> None:
        """Takes the times that the pool tells."""
        self.spans += [("queue", waited), ("render", seconds)]
        if self.tracing is not None:
            self.tracing.past("queue", waited, seconds)
            self.tracing.past("render", seconds)

    def left(self) -> float:
        """Seconds until the deadline. RenderTimeoutError behind it."""
        left = self.asked.deadline - asyncio.get_running_loop().time()
        if left <= 0:
            raise RenderTimeoutError("the deadline passed before the picture was begun")
        return left

    def release(self) -> None:
        """Lets others make it, where there is anybody."""
        lock, self.lock = self.lock, None
        if lock is not None:
            lock.release()
