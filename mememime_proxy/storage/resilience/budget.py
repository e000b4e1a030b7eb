"""How many additional requests may be made: a share of the ordinary ones, and a few in reserve."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Budget:
    """A token bucket that ordinary requests fill: whatever happens, extra requests stay below ``share`` of them.

    ``reserve`` extra ones may be made at once; with it the bucket starts.
    """

    share: float
    reserve: float
    tokens: float = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = self.reserve

    def earn(self) -> None:
        """An ordinary request was made."""
        self.tokens = min(self.reserve, self.tokens + self.share)

    def spend(self) -> bool:
        """Whether an extra request may be made; it counts as made then."""
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True
