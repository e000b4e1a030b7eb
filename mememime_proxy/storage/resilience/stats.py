"""Counters of a storage client, for the metrics."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from mememime_proxy.storage.resilience.breaker import Breaker


@dataclass(slots=True, eq=False)
class StorageStats:
    """Counters since the start: all of them only grow. The breakers are those of the buckets."""

    name: str = ""
    """The account's."""
    calls: Counter[str] = field(default_factory=Counter)
    """Calls of the client, by operation."""
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Time until the answer began, retries included, by operation."""
    errors: Counter[str] = field(default_factory=Counter)
    """Calls that ended in an error, by its code."""
    requests: int = 0
    """Sent to the storage: calls, retries and hedges. ``requests / sum(calls)`` is the amplification."""
    retries: int = 0
    hedges: int = 0
    hedges_won: int = 0
    refused: int = 0
    """Attempts that an open breaker did not allow."""
    bytes_read: int = 0
    bytes_written: int = 0
    breakers: dict[str, Breaker] = field(default_factory=dict)
    """By bucket."""

    def breaker_states(self) -> Mapping[str, str]:
        """Return the state of each bucket's breaker: ``closed``, ``half_open`` or ``open``."""
        return {bucket: breaker.state.value for bucket, breaker in self.breakers.items()}
