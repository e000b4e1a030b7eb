"""Targets of the fuzzer: what is called with any bytes, what it may raise, and how many steps it may take."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from types import FrameType
from typing import Any, TypeVar

from mememime_proxy.errors import MememimeError

_FREE = 0.002
"""CPU seconds of one input whose steps need not be counted."""
_SECONDS = 0.5
_SECONDS_PER_BYTE = 40e-6
_TRIES = 3

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One parser. ``run`` raises an error of ``allowed`` for input that it refuses, and any other for a fault."""

    name: str
    run: Callable[[bytes], object]
    seeds: Callable[[], Iterable[bytes]]
    """Valid input, made by code: the fuzzer begins with it."""
    allowed: tuple[type[BaseException], ...] = (MememimeError,)
    words: tuple[bytes, ...] = ()
    """Words of the format, for the fuzzer's dictionary."""
    max_length: int = 4096
    steps_per_byte: int = 64
    """Lines of Python that each byte of input may cost, on average."""
    base_steps: int = 20_000


class CostError(AssertionError):
    """An input cost more steps, or more time of the processor, than its length allows."""


def execute(target: Target, data: bytes) -> None:
    """Run ``target`` once. Raises what it must not raise, and CostError.

    Lines are counted for input that takes long; time alone, which other processes disturb, counts after three tries.
    """
    spent = _spent(target, data)
    if spent <= _FREE:
        return
    limit = target.base_steps + target.steps_per_byte * len(data)
    steps = count_steps(lambda: _run(target, data), limit)
    if steps > limit:
        raise CostError(f"{target.name}: more than {limit} lines for {len(data)} bytes")
    allowed = _SECONDS + _SECONDS_PER_BYTE * len(data)
    if spent > allowed and min(_spent(target, data) for _ in range(_TRIES)) > allowed:
        raise CostError(f"{target.name}: {spent:.2f} seconds for {len(data)} bytes")


def count_steps(function: Callable[[], object], limit: int) -> int:
    """Return how many lines of Python ``function`` runs; counting ends soon after ``limit``."""
    steps = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal steps
        del frame, argument
        if event == "line":
            steps += 1
            if steps > limit:
                raise CostError
        return trace

    former = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    except CostError:
        pass
    finally:
        sys.settrace(former)
    return steps


def attempt(function: Callable[..., T], *arguments: object) -> T | None:
    """Return what ``function`` returns; None where it refuses its arguments with an error of the client's fault."""
    try:
        return function(*arguments)
    except MememimeError as error:
        if error.status >= 500:
            raise
        return None


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """Return the result of a coroutine that waits for nothing but its turn: no event loop is needed."""
    try:
        while True:
            coroutine.send(None)
    except StopIteration as end:
        result: T = end.value
        return result


def _run(target: Target, data: bytes) -> None:
    with contextlib.suppress(target.allowed):
        target.run(data)


def _spent(target: Target, data: bytes) -> float:
    begin = time.thread_time()
    _run(target, data)
    return time.thread_time() - begin
