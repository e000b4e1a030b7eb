"""What a job is granted when it is given to a worker."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from mememime_proxy.cost import FILM_COST, SMALL_CPU, SMALL_MEMORY, SMALL_RESERVE, Cost, Grant, JobClass, grant_for
from mememime_proxy.workers.scheduling.ticket import Ticket

_ESCALATED_CPU: Final = 1.0
"""Seconds that a small job may take which has taken more than it may, and runs once more as one of another class."""
_GATE_CPU: Final = 0.5
_GATE_CPU_A_BYTE: Final = 0.5 / (1 << 20)
_MAX_GATE_CPU: Final = 4.0
"""Seconds that the gate may take for an original that is not known to be small, by its size."""
_GATE_MEMORY: Final = 192 << 20
_GATE_MEMORY_A_BYTE: Final = 4
_SMALLEST_CPU: Final = 0.001


class Terms(NamedTuple):
    """The limits of a job (``wire.WorkerJob``), and the bytes that are reserved for it."""

    gate: Grant
    grant: Grant
    reserve: int
    least_cpu: float = 0.0


def terms(ticket: Ticket, factor: float, most: float) -> Terms:
    """Return the terms of a job. ``factor``: of this machine. ``most``: bytes that one job may have."""
    if ticket.job_class is JobClass.SMALL:
        grant = small_grant(factor)
        return Terms(grant, grant, SMALL_RESERVE)
    if ticket.job_class is JobClass.FILM:
        # Whatever the size of the original: most of it is not read.
        grant = grant_for(ticket.cost or FILM_COST, factor)
        # How much there is to decode and to encode shows when the film is open: its time limits that.
        cpu = max(grant.cpu, 2 * (ticket.deadline - ticket.created))
        grant = Grant(cpu, int(min(grant.memory, most)), grant.result)
        return Terms(grant, grant, grant.memory)
    gate_memory = min(_GATE_MEMORY + _GATE_MEMORY_A_BYTE * ticket.size, max(SMALL_RESERVE, most))
    gate = Grant(min(_GATE_CPU + _GATE_CPU_A_BYTE * ticket.size, _MAX_GATE_CPU) * factor, int(gate_memory), 0)
    if ticket.cost is not None and ticket.cost.job_class is not JobClass.SMALL:
        grant = grant_for(ticket.cost, factor)
        reserve = max(gate.memory, grant.memory + grant.result)
        # More than there may be, it can only be the cost of another original of its kind: it is looked at first.
        if reserve <= most:
            return Terms(gate, grant, reserve)
    grant, least = small_grant(factor), _ESCALATED_CPU * factor if ticket.is_escalated else 0.0
    return Terms(gate, Grant(max(grant.cpu, least), grant.memory, grant.result), max(gate.memory, SMALL_RESERVE), least)


@lru_cache(maxsize=256)  # the factor changes in steps of a percent
def small_grant(factor: float) -> Grant:
    """Return the grant that every small job fits into."""
    grant = grant_for(Cost(JobClass.SMALL, SMALL_CPU, SMALL_MEMORY), factor)
    return Grant(grant.cpu, grant.memory, SMALL_MEMORY)


def refusal(cost: Cost, factor: float, seconds: float, most: float) -> str:
    """Return why a job of this cost cannot be done in ``seconds`` and ``most`` bytes; '' where it can."""
    cpu = cost.cpu * factor
    if cpu > 2 * seconds:
        return f"about {cpu:.1f} s of CPU time are needed, {seconds:.1f} s are left"
    grant = grant_for(cost, factor)
    memory = grant.memory + grant.result
    if memory > most:
        return f"about {memory >> 20} MiB of memory are needed, one render may have {int(most) >> 20} MiB"
    return ""


def charged_cpu(ticket: Ticket, factor: float) -> float:
    """Return the CPU seconds that a job's flow is charged with before they are known."""
    known = ticket.cost or ticket.prior
    return max(_SMALLEST_CPU, known.cpu * factor)
