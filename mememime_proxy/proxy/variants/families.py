"""Renders of one original: they share its pixels, and wait for each other's decoding where that is cheaper.

The first render of a load (see ``decoded.LoadKey``) decodes. Others that need the same pixels wait for it, and those
that need others decode beside it. What a render is going to load is known to the worker alone; here it is told from
renders of the same shape, which differ in their size alone. A wrong guess costs time, and never a byte.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final

import msgspec
from cachetools import LRUCache

from mememime_proxy.decoded import LoadedPixels, LoadKey, is_worth_keeping, step_down
from mememime_proxy.formats.output_plan import ResizingAlgorithm
from mememime_proxy.plan import Plan, RenderConfig, pixel_fields
from mememime_proxy.proxy.cache.pixels import REPEATED, PixelCache, PixelFile, PixelSource, decay
from mememime_proxy.proxy.model import VariantRequest
from mememime_proxy.workers.pool import JobPixels, JobResult
from mememime_proxy.workers.wire import MAX_PIXELS, WireError, check_result

Run = Callable[[JobPixels | None], Awaitable[JobResult]]
"""Runs a render in the pool."""

_MAX_FAMILIES: Final = 4096
_MAX_SHAPES: Final = 16
_MAX_LOADS: Final = 64
_MAX_HOSTS: Final = 1024
_MAX_WAITING: Final = 64
"""Renders that wait for another one's pixels; more go to the pool, which has a limit of its own."""
_MAX_FAILURES: Final = 2
"""Renders of an original that failed, or handed no pixels back, after which each one decodes for itself."""
_LEAST_BYTES: Final = 16 << 10
"""Bytes of an original below which its decoder cannot take long."""
_GROWTH: Final = 32
_LEAST_LIMIT: Final = 4 << 20
"""Bytes of pixels that are provided for, for each byte of an original and at least, before its size is known."""
_CERTAIN: Final = 4
"""Times as many where further renders are sure to come."""
_SPARE: Final = 64 << 10
"""Bytes on top of the estimate, for metadata."""
_LIKELY: Final = 0.5
"""Share of renders that are repeated ones, among those of a host, from which a first one hands its pixels back."""
_GAIN: Final = 1 / 32
_SAMPLE: Final = 4096
_SCALED: Final = frozenset({"source", "width", "height", "dpr"})
_OUTPUT: Final = frozenset({"format", "quality", "format_quality", "max_bytes", "preference", "skip_processing"})
_shape_of = attrgetter(*(name for name in pixel_fields() if name not in _SCALED | _OUTPUT))


@dataclass(slots=True, eq=False)
class _Leader:
    """A render that decodes, for which others may wait."""

    pixels: JobPixels
    file: PixelFile | None
    done: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True, eq=False)
class _Family:
    """The renders of one original."""

    count: float = 0.0
    """Renders that were asked for, as they count now; see ``cache.pixels.decay``."""
    at: float = 0.0
    failures: int = 0
    shrinks: tuple[int, ...] | None = None
    """Reductions of its decoder; None while nothing of it was rendered."""
    shapes: dict[object, tuple[float, float]] = field(default_factory=dict)
    """Size and reduction of a render of a shape."""
    any_shrink: bool = False
    exact: dict[object, LoadKey] = field(default_factory=dict)
    """What renders of a shape and a size load, where the decoder does any reduction."""
    loads: dict[LoadKey, LoadedPixels] = field(default_factory=dict)
    leaders: dict[LoadKey | None, _Leader] = field(default_factory=dict)

    @property
    def is_repeated(self) -> bool:
        """Whether more than one render was asked for, of late."""
        return self.count >= REPEATED

    def predict(self, plan: Plan) -> LoadKey | None:
        """Return what a render is going to load; None where that is unknown."""
        if self.shrinks is None:
            return None
        is_full = plan.trim is not None or plan.resizing_algorithm is ResizingAlgorithm.NEAREST
        if is_full or not (self.shrinks or self.any_shrink):
            return LoadKey(1, plan.preserve_hdr)
        shape, size = _shape(plan)
        if self.any_shrink:
            return self.exact.get((shape, size))
        known = self.shapes.get(shape)
        if known is None or not size:
            return None
        return LoadKey(step_down(known[1] * known[0] / size, self.shrinks), plan.preserve_hdr)

    def learn(self, plan: Plan, decoded: LoadedPixels) -> None:
        """Note what a render has loaded."""
        self.shrinks = decoded.shrinks
        if len(self.loads) < _MAX_LOADS:
            self.loads[decoded.key] = decoded
        self.any_shrink = decoded.any_shrink
        shape, size = _shape(plan)
        if decoded.any_shrink and len(self.exact) < _MAX_LOADS:
            self.exact[shape, size] = decoded.key
        if len(self.shapes) < _MAX_SHAPES and size:
            self.shapes[shape] = (size, decoded.reduction)


class Families:
    """Runs renders, and gives them the pixels that others have decoded."""

    def __init__(self, cache: PixelCache, config: RenderConfig) -> None:
        self._cache = cache
        self._configuration = hashlib.blake2b(msgspec.msgpack.encode(config), digest_size=8).digest()
        self._families: LRUCache[PixelSource, _Family] = LRUCache(_MAX_FAMILIES)
        self._repeated: LRUCache[tuple[int, str], float] = LRUCache(_MAX_HOSTS)
        """Share of repeated renders among those of a signing key and a host, of late."""
        self._waiting = 0

    async def render(self, request: VariantRequest, plan: Plan, descriptor: int, run: Run) -> JobResult:
        """Return the result of ``run`` for ``plan``; ``descriptor`` is that of the original. Raises as ``run``."""
        size = os.fstat(descriptor).st_size
        if plan.info is not None or not self._cache.size or not request.state.validator or size < _LEAST_BYTES:
            return await run(None)
        source = PixelSource(
            request.source,
            request.state.validator,
            request.epoch.name,
            _content(descriptor, size),
            self._configuration,
        )
        family = self._families.get(source)
        if family is None:
            family = self._families[source] = _Family()
        self._count(family, request)
        await self._wait(family, source, plan, request)
        return await self._render(family, source, plan, size, request, run)

    def _count(self, family: _Family, request: VariantRequest) -> None:
        now = asyncio.get_running_loop().time()
        count = max(decay(family.count, now - family.at), float(request.siblings))
        family.count, family.at = count + 1, now
        host = request.flow[:2]
        share = self._repeated.get(host, 0.0)
        self._repeated[host] = share + (family.is_repeated - share) * _GAIN

    async def _wait(self, family: _Family, source: PixelSource, plan: Plan, request: VariantRequest) -> None:
        """Wait while another render decodes what this one needs."""
        while family.failures < _MAX_FAILURES and self._waiting < _MAX_WAITING:
            key = family.predict(plan)
            leader = family.leaders.get(key) if key is not None or family.shrinks is None else None
            if leader is None or (key is not None and key in self._cache.find(source)):
                return
            if leader.file is None and not self._provide(leader, family, key):
                return
            self._waiting += 1
            try:
                async with asyncio.timeout(request.remaining_seconds()):
                    await leader.done.wait()
            except TimeoutError:
                request.remaining_seconds()
            finally:
                self._waiting -= 1

    def _provide(self, leader: _Leader, family: _Family, key: LoadKey | None) -> bool:
        """Have a render that waits for a worker hand its pixels back, as there is another one now; False: too late."""
        decoded = family.loads.get(key) if key is not None else None
        if leader.pixels.has_begun or leader.pixels.limit == 0 or (decoded is not None and not _is_worth(decoded)):
            return False
        return self._open_file(leader, is_exact=decoded is not None)

    async def _render(
        self, family: _Family, source: PixelSource, plan: Plan, size: int, request: VariantRequest, run: Run
    ) -> JobResult:
        key, files = family.predict(plan), self._cache.find(source)
        if key is not None:
            files = {key: files[key]} if key in files else {}
        files = dict(list(files.items())[:MAX_PIXELS])
        given = {each: file.fd for each, file in files.items()}
        if key in given:
            job = await run(JobPixels(given))
            self._learn(family, source, plan, job, None)
            return job
        leader = family.leaders[key] = self._lead(family, key, size, request, given)
        try:
            job = await run(leader.pixels)
            self._learn(family, source, plan, job, leader.file)
        except Exception:
            family.failures += 1
            raise
        finally:
            if family.leaders.get(key) is leader:
                del family.leaders[key]
            # An error refers to this frame.
            leader.file = None
            leader.done.set()
        return job

    def _lead(
        self, family: _Family, key: LoadKey | None, size: int, request: VariantRequest, given: dict[LoadKey, int]
    ) -> _Leader:
        """Return a render that decodes: with a file for its pixels, if they are wanted already."""
        decoded = family.loads.get(key) if key is not None else None
        if family.failures >= _MAX_FAILURES:
            limit = 0
        elif decoded is None:
            expected = max(_LEAST_LIMIT, _GROWTH * size) * (_CERTAIN if request.siblings else 1)
            limit = min(expected, self._cache.largest)
        else:
            limit = decoded.size + _SPARE
            if not _is_worth(decoded) or not self._cache.admits(limit, decoded.seconds, family.count):
                limit = 0
        leader = _Leader(JobPixels(given, limit=limit), None)
        if limit and (family.is_repeated or self._repeated.get(request.flow[:2], 0.0) >= _LIKELY):
            self._open_file(leader, is_exact=decoded is not None)
        return leader

    def _open_file(self, leader: _Leader, *, is_exact: bool) -> bool:
        """Have a render hand its pixels back that has not begun; False where there is no memory for them."""
        leader.file = self._cache.open_file(leader.pixels.limit, is_exact=is_exact)
        if leader.file is None:
            return False
        leader.pixels.file = leader.file.fd
        return True

    def _learn(self, family: _Family, source: PixelSource, plan: Plan, job: JobResult, file: PixelFile | None) -> None:
        decoded = job.decoded
        if decoded is None:
            # Nothing of it can be handed back, whatever the plan.
            family.failures = _MAX_FAILURES
            return
        family.learn(plan, decoded)
        if decoded.is_given:
            self._cache.record_use(source, decoded.key, decoded.seconds)
        elif decoded.is_handed_back and file is not None and _is_sealed(file.fd, decoded.size):
            file.size = decoded.size
            self._cache.put(source, decoded.key, file, decoded.seconds, family.count)
        elif file is not None and decoded.size <= file.size and _is_worth(decoded):
            family.failures += 1


def _is_worth(decoded: LoadedPixels) -> bool:
    return is_worth_keeping(decoded.size, decoded.seconds)


def _is_sealed(descriptor: int, size: int) -> bool:
    """Whether a file can be given to workers: no one can change it any more, and it has the size that was told."""
    try:
        check_result(descriptor, size)
    except (OSError, WireError):
        return False
    return True


def _shape(plan: Plan) -> tuple[object, float]:
    """Return what a plan has in common with others whose reductions differ as their sizes do, and its size."""
    ratio = round(plan.width / plan.height, 3) if plan.width and plan.height else 0.0
    return (_shape_of(plan), bool(plan.width), bool(plan.height), ratio), (plan.width or plan.height) * plan.dpr


def _content(descriptor: int, size: int) -> bytes:
    digest = hashlib.blake2b(str(size).encode(), digest_size=16)
    digest.update(os.pread(descriptor, _SAMPLE, 0))
    digest.update(os.pread(descriptor, _SAMPLE, max(0, size - _SAMPLE)))
    return digest.digest()
