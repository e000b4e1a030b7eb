"""Variants: the key of one, its ETag, and one flight for all who ask for the same one at the same time."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import hashlib
import hmac
from collections.abc import Callable, Coroutine
from math import inf
from operator import attrgetter
from typing import Any, Generic, TypeVar

import msgspec

from mememime_proxy.plan import Plan, pixel_fields

_MAX_EMBEDDED = 256
"""Longest validator of a source, in bytes, that our ETag carries along."""

_STEP = 0.01
"""Seconds between two looks at who has waited too long."""

_pixels = attrgetter(*pixel_fields())

T = TypeVar("T")


class VariantKeys:
    """Makes keys of variants: equal for two plans exactly when they give the same bytes of the same original."""

    def __init__(self, configuration: object) -> None:
        """``configuration``: everything besides the plan that changes pixels, as plain data."""
        self._salt = hashlib.blake2b(msgspec.msgpack.encode(configuration), digest_size=16).digest()

    def key(self, plan: Plan) -> bytes:
        """16 bytes that stand for source, pixels wanted and this process's configuration."""
        return hashlib.blake2b(msgspec.msgpack.encode(_pixels(plan)), digest_size=16, key=self._salt).digest()


def source_hash(source: str) -> str:
    """The name of a source in tags, and in keys of what is kept of it: 32 hexadecimal digits."""
    return hashlib.blake2b(source.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def make_etag(key: bytes, validator: str) -> str:
    """The ETag of a variant of the original that the source calls ``validator`` (its ETag, or ``@`` and its date).

    It names source state, plan and configuration, so it differs whenever the bytes may differ. It carries the validator
    along, so that a conditional request can be passed on to the source. Weak where the source's own is weak.
    """
    raw = validator.encode("utf-8", "surrogateescape")
    digest = _b64(hashlib.blake2b(raw, digest_size=12, key=key).digest())
    embedded = f".{_b64(raw)}" if len(raw) <= _MAX_EMBEDDED else ""
    weak = "W/" if validator.startswith("W/") else ""
    return f'{weak}"{digest}{embedded}"'


def content_etag(body: bytes) -> str:
    """The ETag of a variant whose source has no validator: a digest of the variant's own bytes."""
    return f'"{_b64(hashlib.blake2b(body, digest_size=18).digest())}"'


def source_validator(key: bytes, etag: str) -> str:
    """The source's validator inside an ETag that this configuration made for this variant; '' for any other text."""
    opaque = etag.removeprefix("W/").strip('"')
    _, _, embedded = opaque.partition(".")
    if not embedded or len(embedded) > 2 * _MAX_EMBEDDED:
        return ""
    try:
        raw = base64.urlsafe_b64decode(embedded + "=" * (-len(embedded) % 4))
    except (binascii.Error, ValueError):
        return ""
    validator = raw.decode("utf-8", "surrogateescape")
    return validator if hmac.compare_digest(make_etag(key, validator).encode(), etag.encode("utf-8", "replace")) else ""


def etags(if_none_match: str) -> tuple[str, ...]:
    """The entity tags that an If-None-Match header lists, at most 16 of them."""
    return tuple(tag for tag in (part.strip() for part in if_none_match.split(",")[:16]) if tag)


def matches(etag: str, candidates: tuple[str, ...]) -> bool:
    """Weak comparison as RFC 9110 asks for If-None-Match."""
    return bool(etag) and etag.removeprefix("W/") in {candidate.removeprefix("W/") for candidate in candidates}


class _Flight(Generic[T]):
    """A task and those who wait for it. One timer serves them all: it rings for the first of their deadlines."""

    def __init__(self, task: asyncio.Task[T]) -> None:
        self.task = task
        self._loop = task.get_loop()
        self._waiters: dict[asyncio.Future[None], float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._rings = inf
        task.add_done_callback(self._done)

    async def wait(self, deadline: float) -> bool:
        """Whether the task was done by ``deadline``, the loop's time. Neither that nor a cancellation ends the task."""
        if self.task.done():
            return True
        waiter = self._loop.create_future()
        self._waiters[waiter] = deadline
        if deadline < self._rings:
            self._ring(deadline)
        try:
            await waiter
        finally:
            self._waiters.pop(waiter, None)
        return self.task.done()

    @property
    def left_alone(self) -> bool:
        """Whether nobody waits any more."""
        return not self._waiters

    def _done(self, _: asyncio.Task[T]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._wake(inf)

    def _ring(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._rings = at
        self._timer = self._loop.call_at(at, self._rung)

    def _rung(self) -> None:
        now = max(self._rings, self._loop.time())
        self._rings = inf
        left = self._wake(now)
        if left < inf:
            self._ring(max(left, now + _STEP))

    def _wake(self, until: float) -> float:
        """Ends the waiting of those whose deadline is not later; the first deadline of the others."""
        left = inf
        for waiter, deadline in self._waiters.items():
            if deadline > until:
                left = min(left, deadline)
            elif not waiter.done():
                waiter.set_result(None)
        return left


class SingleFlight(Generic[T]):
    """Runs one task for all who ask for the same key while it is under way.

    A waiter that is cancelled leaves alone; when the last one left, the task is cancelled. An error goes to those who
    wait at that moment and to nobody after them.
    """

    def __init__(self) -> None:
        self._flights: dict[object, _Flight[T]] = {}

    def __len__(self) -> int:
        return len(self._flights)

    def __contains__(self, key: object) -> bool:
        return key in self._flights

    async def run(
        self,
        key: object,
        work: Callable[[], Coroutine[Any, Any, T]],
        timeout: float | None = None,  # noqa: ASYNC109 - of one who waits, who then leaves the others their task
    ) -> T:
        """The result of ``work``, done for this caller or for one before. TimeoutError after ``timeout`` seconds."""
        flight = self._flights.get(key)
        if flight is None:
            flight = _Flight(asyncio.create_task(work()))
            self._flights[key] = flight
            flight.task.add_done_callback(lambda _: self._land(key, flight))
        try:
            if not await flight.wait(inf if timeout is None else asyncio.get_running_loop().time() + timeout):
                raise TimeoutError
            return flight.task.result()
        finally:
            if flight.left_alone and not flight.task.done():
                # A newcomer must not board a task that is about to be cancelled.
                self._land(key, flight)
                flight.task.cancel()

    async def drain(self) -> None:
        """Cancels what is under way and waits for its end."""
        tasks = [flight.task for flight in self._flights.values()]
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task

    def _land(self, key: object, flight: _Flight[T]) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
        if flight.task.done() and not flight.task.cancelled():
            flight.task.exception()  # seen: an error that nobody waited for is no surprise of the event loop
