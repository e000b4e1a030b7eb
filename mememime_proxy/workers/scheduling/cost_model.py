"""What a job will cost, before a worker has looked at its original: by the source, by the kind of job, else by a guess.

A job that turns out to be no small one costs a worker the time of the gate, and one that is wrongly taken for a large
one waits behind those. So a job counts as small unless nearly all of its kind were not.
"""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Final

from mememime_proxy.cost import FILM_COST, MEDIA_COST, SMALL_CPU, Cost, JobClass, JobUsage
from mememime_proxy.formats import FORMATS
from mememime_proxy.formats.sniff import HEAD_LENGTH, sniff
from mememime_proxy.plan import Plan

_MODERN: Final = frozenset({"avif", "heic", "jxl"})
FILM_OPERATIONS: Final = {
    **dict.fromkeys(("frame", "film_info", "film_facts", "film_loudness"), FILM_COST),
    "media": MEDIA_COST,
}
"""Of workers that read films, with what they are taken to cost."""
_HEAD: Final = 288
"""Bytes at the start that tell every format but SVG."""
_MAX_SOURCES: Final = 1 << 14
_SOURCE_PERIOD: Final = 600.0
"""Seconds for which the cost of a source's last job is taken for that of its next."""
_MAX_KINDS: Final = 4096
_GAIN: Final = 1 / 32
_SMALL_SHARE: Final = 1 / 32
"""Share of small jobs below which a job of the kind is not taken for one."""
_GUESSED_SMALL: Final = {"svg": 1 << 16, "gif": 1 << 19, "avif": 1 << 16, "heic": 1 << 16, "jxl": 1 << 16}
_GUESSED_SMALL_OTHERS: Final = 2 << 20
"""Bytes up to which an original of unknown cost counts as small."""
_FACTOR_STEP: Final = 1.01
_FACTORS: Final = (1.0, 4.0)
_FACTOR_MIN_CPU: Final = 0.005
"""Seconds of an estimate from which the ratio tells something of the machine."""
_RATIO_GAIN: Final = 1 / 32


@dataclass(slots=True)
class _Record:
    """What jobs of one source or kind cost."""

    small: float
    """Share of small ones, of late."""
    large: Cost | None
    """The last one that was not small."""
    cpu: float
    """Mean of the estimates' CPU seconds, of late."""
    is_escalated: bool = False
    expires: float = inf


class _Records(OrderedDict[int, _Record]):
    """Records by key. Where there are too many, the one that was put first is dropped."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def put(self, key: int, record: _Record) -> None:
        """Put a record at the end, in place of an earlier one with its key."""
        self[key] = record
        self.move_to_end(key)
        if len(self) > self._most:
            self.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Prior:
    """What is expected of a job. ``cost`` is None where nothing but a guess is known. ``keys``: see ``learn``."""

    job_class: JobClass
    cost: Cost | None
    keys: tuple[int, int]
    kind: JobClass
    """Its class if it turns out not to be small."""
    is_escalated: bool = False
    """Whether a job of this source has taken more than a small job may."""
    cpu: float = SMALL_CPU / 4
    """CPU seconds on the reference machine, where ``cost`` is None."""


class CostModel:
    """Learns from the costs that workers report."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.factor = 1.0
        """CPU time of this machine by that of the estimates: the median of small jobs."""
        self.ratios: dict[JobClass, float] = {}
        """Means of CPU time by estimate, of jobs of a class."""
        self._clock = clock
        self._sources = _Records(_MAX_SOURCES)
        self._kinds = _Records(_MAX_KINDS)

    def class_of_source(self, plan: Plan, source: int) -> JobClass:
        """Return the class of a job whose original has not been fetched; a source that is not known counts as small."""
        record = self._known(hash(("render", source, _output(plan), _area(plan))))
        return JobClass.SMALL if record is None or record.large is None or record.small else record.large.job_class

    def prior(self, operation: str, plan: Plan, source: int, descriptor: int, size: int) -> Prior:
        """Return what is expected of a job on the file ``descriptor`` of ``size`` bytes."""
        if (cost := FILM_OPERATIONS.get(operation)) is not None:
            return Prior(JobClass.FILM, cost, (hash((operation, source)), 0), JobClass.FILM)
        format_ = _format(descriptor)
        out, area = _output(plan), _area(plan)
        kind = _kind(format_, out)
        keys = hash((operation, source, out, area)), hash((operation, format_, out, size.bit_length(), area))
        record = self._known(keys[0]) or self._kinds.get(keys[1])
        if record is not None:
            if record.is_escalated:
                return Prior(kind, None, keys, kind, is_escalated=True)
            if record.small >= _SMALL_SHARE or record.large is None:
                return Prior(JobClass.SMALL, None, keys, kind, cpu=min(record.cpu, SMALL_CPU))
            return Prior(record.large.job_class, record.large, keys, kind)
        is_small = size <= _GUESSED_SMALL.get(format_, _GUESSED_SMALL_OTHERS)
        return Prior(JobClass.SMALL if is_small else kind, None, keys, kind)

    def learn_escalation(self, prior: Prior) -> None:
        """Note that a job has taken more than a small job may."""
        self._remember(prior.keys[0], _Record(0.0, None, SMALL_CPU, is_escalated=True))

    def learn(self, keys: tuple[int, int], cost: Cost) -> None:
        """Note what a job cost, by its estimate."""
        is_small = cost.job_class is JobClass.SMALL
        source, kind = keys
        known = self._known(source)
        if known is None or not known.is_escalated:
            self._remember(source, _Record(float(is_small), None if is_small else cost, cost.cpu))
        record = self._kinds.get(kind)
        if record is None:
            record = _Record(float(is_small), None if is_small else cost, cost.cpu)
        else:
            record.small += (is_small - record.small) * _GAIN
            record.cpu += (cost.cpu - record.cpu) * _GAIN
            record.large = record.large if is_small else cost
        self._kinds.put(kind, record)

    def learn_usage(self, cost: Cost, usage: JobUsage) -> None:
        """Note what a job took that ended."""
        if cost.cpu < _FACTOR_MIN_CPU:
            return
        ratio = usage.cpu / cost.cpu
        mean = self.ratios.get(cost.job_class, ratio)
        self.ratios[cost.job_class] = mean + (ratio - mean) * _RATIO_GAIN
        if cost.job_class is JobClass.SMALL:
            # Steps of one size find the median, which no single file can move far.
            factor = self.factor * _FACTOR_STEP if ratio > self.factor else self.factor / _FACTOR_STEP
            self.factor = min(max(factor, _FACTORS[0]), _FACTORS[1])

    def _known(self, source: int) -> _Record | None:
        record = self._sources.get(source)
        return record if record is not None and record.expires > self._clock() else None

    def _remember(self, source: int, record: _Record) -> None:
        record.expires = self._clock() + _SOURCE_PERIOD
        self._sources.put(source, record)


def _output(plan: Plan) -> str:
    """Return the format that costs more to write than others, if the result may have it."""
    preference = plan.preference
    if plan.format in _MODERN:
        return plan.format
    if preference.enforce_avif or preference.enforce_jxl:
        return "avif" if preference.enforce_avif else "jxl"
    if not plan.format and (preference.prefer_avif or preference.prefer_jxl):
        return "avif" if preference.prefer_avif else "jxl"
    return ""


def _area(plan: Plan) -> int:
    """Return about the logarithm of the pixels of its largest result; 0 where the plan does not say."""
    pixels = 0
    for each in (plan, *plan.chain):
        width, height = each.width or each.height, each.height or each.width
        pixels = max(pixels, int(width * height * each.dpr * each.dpr))
    return pixels.bit_length()


def _format(descriptor: int) -> str:
    head = os.pread(descriptor, _HEAD, 0)
    format_ = sniff(head)
    if format_ is None and len(head) == _HEAD:
        format_ = sniff(os.pread(descriptor, HEAD_LENGTH, 0))
    return format_ or ""


def _kind(format_: str, out: str) -> JobClass:
    if format_ and FORMATS[format_].vector:
        return JobClass.VECTOR
    if format_ in _MODERN or out:
        return JobClass.MODERN
    return JobClass.LARGE
