"""A queue that serves flows by turns: start-time fair queueing (Goyal, Vin, Cheng 1996), nested along a path.

Each flow has a virtual time, which its jobs advance by what they cost; the flow with the least is served next. One that
was idle starts at the time of the flow that was served last, so that it neither gains nor loses by having been idle.
Every job advances that time a little, too: else flows that are always new would keep one waiting that comes again.
What a job took in the end is charged later, as far as it differs from its estimate.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Hashable, Sequence
from typing import Final, Generic, TypeVar

T = TypeVar("T")

_AGEING: Final = 1 / 64
"""Share of a job's cost by which the time of flows advances that come after it."""
_MAX_IDLE: Final = 1024
"""Idle flows of one parent whose times are remembered."""


class _Node(Generic[T]):
    """A flow, or at the end of a path the queue of its jobs. A child that has jobs is in ``heap``, once."""

    __slots__ = ("children", "clock", "cost", "count", "extra", "heap", "jobs", "sequence", "time")

    def __init__(self, time: float) -> None:
        self.time = time
        self.count = 0
        """Jobs here and below."""
        self.cost = 0.0
        """Of those jobs."""
        self.extra = 0
        """Of those jobs, the ones that are not the first of their flow."""
        self.clock = 0.0
        """The virtual time of children that come now."""
        self.sequence = 0
        self.children: dict[Hashable, _Node[T]] = {}
        self.heap: list[tuple[float, int, _Node[T]]] = []
        self.jobs: deque[tuple[T, float]] = deque()

    def add(self, jobs: int, cost: float, extra: int) -> None:
        """Count jobs that have come, or have gone where the figures are negative."""
        self.count += jobs
        self.extra += extra
        self.cost = self.cost + cost if self.count else 0.0

    def start(self, child: _Node[T] | None) -> float:
        """Return when a child's next job begins, also one that comes now."""
        if child is None:
            return self.clock
        return child.time if child.count else max(child.time, self.clock)

    def last_start(self) -> float:
        """Return when the last of the jobs begins, as if all cost the same."""
        return self.time + self.cost * (self.count - 1) / self.count

    def until(self, time: float) -> tuple[int, float]:
        """Return how many jobs begin at a virtual time of at most ``time``, as if all cost the same, and their cost."""
        if self.time > time:
            return 0, 0.0
        mean = self.cost / self.count
        jobs = min(self.count, int((time - self.time) / mean) + 1)
        return jobs, jobs * mean

    def child(self, name: Hashable) -> _Node[T]:
        node = self.children.get(name)
        if node is None:
            if len(self.children) >= 2 * _MAX_IDLE:
                self._forget()
            node = self.children[name] = _Node(self.clock)
        return node

    def activate(self, node: _Node[T]) -> None:
        """Put a child in the heap that has jobs again."""
        self.sequence += 1
        heapq.heappush(self.heap, (node.time, self.sequence, node))

    def _forget(self) -> None:
        """Forget idle children: first those that have no debt, then the oldest."""
        idle = [name for name, node in self.children.items() if not node.count]
        idle.sort(key=lambda name: self.children[name].time > self.clock)
        for name in idle[: max(0, len(idle) - _MAX_IDLE)]:
            del self.children[name]


class FairQueue(Generic[T]):
    """Jobs of one class. ``path``: names of the flow, the widest first; all paths have the same length."""

    def __init__(self) -> None:
        self._root: _Node[T] = _Node(0.0)

    def __len__(self) -> int:
        return self._root.count

    def push(self, path: Sequence[Hashable], job: T, cost: float) -> None:
        """Add a job at the end of its flow. ``cost`` must be above 0."""
        nodes = [self._root]
        for name in path:
            parent = nodes[-1]
            node = parent.child(name)
            if not node.count:
                node.time = max(node.time, parent.clock)
                parent.activate(node)
            nodes.append(node)
        extra = bool(nodes[-1].jobs)
        nodes[-1].jobs.append((job, cost))
        for node in nodes:
            node.add(1, cost, extra)

    def pop(self) -> T:
        """Remove and return the next job. IndexError where there is none."""
        node, path = self._root, []
        while node.heap:
            start, _, child = heapq.heappop(node.heap)
            path.append((node, child, start))
            node = child
        job, cost = node.jobs.popleft()
        extra = bool(node.jobs)
        self._root.add(-1, -cost, -extra)
        for parent, child, start in path:
            parent.clock = max(parent.clock + _AGEING * cost, start)
            child.add(-1, -cost, -extra)
            child.time += cost
            if child.count:
                parent.activate(child)
        return job

    def pop_last(self) -> T:
        """Remove and return the newest job of the flow whose turn ends last. IndexError where there is none.

        The only job of a flow is left where others have more.
        """
        node, path = self._root, []
        while node.heap:
            flows = (each for _, _, each in node.heap if each.extra or not node.extra)
            child = max(flows, key=_Node.last_start)
            path.append((node, child))
            node = child
        job, cost = node.jobs.pop()
        extra = bool(node.jobs)
        self._root.add(-1, -cost, -extra)
        for parent, child in path:
            child.add(-1, -cost, -extra)
            if not child.count:
                _take_out(parent, child)
        return job

    def displaces(self, path: Sequence[Hashable]) -> bool:
        """Whether ``pop_last`` would remove a job of another flow, if one of this flow were pushed now."""
        is_extra = self.has(path)
        if self._root.extra and not is_extra:
            return True
        node: _Node[T] | None = self._root
        for name in path:
            if node is None:
                return False
            own = node.children.get(name)
            start = node.start(own) + (own.cost if own is not None else 0.0)
            others = (each for _, _, each in node.heap if each is not own and (each.extra or not is_extra))
            if any(each.last_start() > start for each in others):
                return True
            node = own
        return False

    def remove(self, path: Sequence[Hashable], job: T) -> bool:
        """Remove a job; False where it is not here."""
        nodes = [self._root]
        for name in path:
            node = nodes[-1].children.get(name)
            if node is None:
                return False
            nodes.append(node)
        entry = next((entry for entry in nodes[-1].jobs if entry[0] == job), None)
        if entry is None:
            return False
        nodes[-1].jobs.remove(entry)
        extra = bool(nodes[-1].jobs)
        for parent, node in zip([None, *nodes], nodes, strict=False):
            node.add(-1, -entry[1], -extra)
            if parent is not None and not node.count:
                _take_out(parent, node)
        return True

    def charge(self, path: Sequence[Hashable], cost: float) -> None:
        """Charge a flow with a cost, which may be negative, that a job had beyond its estimate."""
        node = self._root
        for name in path:
            parent, child = node, node.children.get(name)
            if child is None:
                return
            child.time += cost
            if child.count:
                _take_out(parent, child)
                parent.activate(child)
            node = child

    def has(self, path: Sequence[Hashable]) -> bool:
        """Whether jobs of the flow wait."""
        node: _Node[T] | None = self._root
        for name in path:
            node = node.children.get(name) if node is not None else None
        return node is not None and node.count > 0

    def ahead(self, path: Sequence[Hashable]) -> tuple[int, float]:
        """Return about how many jobs are served before one that is pushed now, and what they cost."""
        node: _Node[T] | None = self._root
        levels: list[tuple[_Node[T], _Node[T] | None]] = []
        for name in path:
            if node is None:
                break
            levels.append((node, node.children.get(name)))
            node = levels[-1][1]
        jobs, cost = (node.count, node.cost) if node is not None else (0, 0.0)
        for parent, own in reversed(levels):
            end = parent.start(own) + cost
            for _, _, each in parent.heap:
                if each is not own:
                    more, dear = each.until(end)
                    jobs, cost = jobs + more, cost + dear
        return jobs, cost


def _take_out(parent: _Node[T], child: _Node[T]) -> None:
    parent.heap = [entry for entry in parent.heap if entry[2] is not child]
    heapq.heapify(parent.heap)
