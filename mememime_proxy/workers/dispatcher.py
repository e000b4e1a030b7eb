"""From waiting jobs to workers and back: what the pool does between admission and answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from mememime_proxy.cost import Cost, JobClass, with_gate
from mememime_proxy.errors import (
    CostLimitError,
    MememimeError,
    OverloadError,
    QuarantineError,
    RenderTimeoutError,
    WorkerError,
    error_from_code,
)
from mememime_proxy.memfd import close_all
from mememime_proxy.memory_budget import MemoryBudget, Use
from mememime_proxy.workers import wire
from mememime_proxy.workers.parent.exit_status import WorkerExit
from mememime_proxy.workers.parent.worker_process import Worker
from mememime_proxy.workers.process_memory import WorkerMemory
from mememime_proxy.workers.quarantine import Quarantine
from mememime_proxy.workers.scheduling.cost_model import CostModel
from mememime_proxy.workers.scheduling.grants import charged_cpu, refusal, terms
from mememime_proxy.workers.scheduling.scheduler import Scheduler
from mememime_proxy.workers.scheduling.ticket import Ticket
from mememime_proxy.workers.worker_set import WorkerSet

_MAX_TRIPS = 3
"""Workers that may say of one job that it costs more than it was granted."""


_HANG_SHARE = 0.5
"""Share of its time that a job must have run for its deadline to count as a loss of the worker by its original."""


class JobDispatcher:
    """Gives jobs to workers and their replies to those who wait (a ``WorkerSetObserver``)."""

    def __init__(
        self, scheduler: Scheduler, model: CostModel, quarantine: Quarantine, budget: MemoryBudget, memory: WorkerMemory
    ) -> None:
        self.jobs = 0
        """Jobs that ended in their worker."""
        self.retries = 0
        """Jobs that were passed on because their worker had ended before it read them."""
        self.changed = asyncio.Event()
        """Set when a job has left."""
        self.workers: WorkerSet
        self._scheduler = scheduler
        self._model = model
        self._quarantine = quarantine
        self._budget = budget
        self._memory = memory
        self._loop = asyncio.get_running_loop()
        self._running: dict[Worker, Ticket] = {}
        self._lost: dict[Worker, Ticket] = {}
        self._waits_for_memory = False

    @property
    def is_idle(self) -> bool:
        """Whether no job waits or runs."""
        return not (len(self._scheduler) or self._running or self._lost)

    def fail_all(self, make_error: Callable[[], MememimeError]) -> None:
        """Fail every job."""
        for ticket in (*self._scheduler.clear(), *self._running.values(), *self._lost.values()):
            _fail(ticket, make_error())

    def add(self, ticket: Ticket) -> None:
        """Begin a job, or let it wait."""
        self._scheduler.add(ticket)
        self.worker_free()

    def expire(self, ticket: Ticket) -> None:
        """Fail a job whose deadline has passed."""
        if ticket.answer.done():
            return
        if self._scheduler.remove(ticket):
            self.changed.set()
            _fail(ticket, RenderTimeoutError("the deadline passed while the request waited for a worker"))
            return
        _fail(ticket, RenderTimeoutError("the deadline passed while the picture was rendered"))
        if ticket.worker is not None:
            seconds = self._loop.time() - ticket.begun
            self._note_end(ticket, seconds)
            if seconds > (ticket.deadline - ticket.created) * _HANG_SHARE:
                self._record_loss(ticket)
            ticket.worker.kill("deadline")

    def abandon(self, ticket: Ticket) -> None:
        """Drop a job whose caller has gone."""
        if self._scheduler.remove(ticket):
            self.changed.set()
        elif ticket.worker is not None:
            ticket.worker.kill("cancelled")
        if ticket.answer.done() and not ticket.answer.cancelled() and ticket.answer.exception() is None:
            close_all([ticket.answer.result()[1]])

    def worker_free(self) -> None:
        """Give waiting jobs to idle workers (``WorkerSetObserver``)."""
        while (ticket := self._scheduler.next(self.workers.has, self._reserve)) is not None:
            if not self._is_welcome(ticket):
                continue
            worker = self.workers.take(ticket.lane)
            ticket.worker = worker
            self._running[worker] = ticket
            factor = self._model.factor
            limits = terms(ticket, factor, self._budget.largest_render)
            job = msgspec.structs.replace(
                ticket.job, gate=limits.gate, grant=limits.grant, factor=factor, least_cpu=limits.least_cpu
            )
            descriptors: tuple[int, ...] = ()
            if (pixels := ticket.pixels) is not None:
                pixels.has_begun = True
                kinds = tuple(pixels.given), len(pixels.pictures)
                job = msgspec.structs.replace(job, hand_back=pixels.hand_back, pixels=kinds[0], pictures=kinds[1])
                descriptors = pixels.descriptors()
            try:
                # If the worker has ended, job_lost has put the ticket back when this returns.
                worker.give(wire.encode(job), ticket.source, descriptors)
            except (OSError, wire.WireError) as error:
                self._release(worker)
                self.workers.put_back(worker)
                _fail(ticket, WorkerError(f"the job cannot be handed over: {error}"))
        for ticket in self._scheduler.shed():
            _fail(ticket, OverloadError("more jobs wait than can be done soon"))
            self.changed.set()

    def _is_welcome(self, ticket: Ticket) -> bool:
        """Whether a job may begin that is next. Else it is refused, or waits as one of another class."""
        content = self._quarantine.find_now(ticket.source, ticket.size, ticket.identity)
        if content is None:
            return True
        if self._quarantine.contains(content):
            self._take_back(ticket)
            _fail(ticket, QuarantineError("the original has ended workers: it is in quarantine"))
            return False
        if self._quarantine.is_escalated(content) and not ticket.is_escalated:
            self._take_back(ticket)
            self._escalate(ticket)
            return False
        return True

    def _reserve(self, ticket: Ticket) -> bool:
        """Reserve the memory for a job in the general lane; False where it does not fit now."""
        size = terms(ticket, self._model.factor, self._budget.largest_render).reserve
        ticket.permit = self._budget.try_reserve(size, Use.RENDERS)
        if ticket.permit is None and not self._waits_for_memory:
            self._waits_for_memory = True
            # Later: the loss of a worker in the middle of the choice of one would have it chosen.
            self._loop.call_soon(self.workers.recycle_largest)
            self._budget.call_when_freed(lambda: self._loop.call_soon_threadsafe(self._memory_freed))
        return ticket.permit is not None

    def _memory_freed(self) -> None:
        self._waits_for_memory = False
        self.worker_free()

    def job_needs(self, worker: Worker, need: wire.Need) -> None:
        """See ``WorkerSetObserver``."""
        ticket = self._running[worker]
        if ticket.missing is None or not ticket.missing.request(worker, need):
            worker.kill("protocol")

    def job_done(self, worker: Worker, reply: wire.JobReply, descriptor: int) -> None:
        """See ``WorkerSetObserver``."""
        ticket = self._running[worker]
        seconds = self._loop.time() - ticket.begun
        self._scheduler.charge(ticket, reply.usage.cpu)
        permit, ticket.permit = ticket.permit, None
        self._release(worker)
        self._memory.update(self.workers.growth)
        if isinstance(reply, wire.CostReply):
            self._estimated(ticket, reply.cost)
            return
        if reply.cost is not None:
            self._model.learn(ticket.prior.keys, reply.cost)
            if isinstance(reply, wire.ResultReply):
                self._model.learn_usage(reply.cost, reply.usage)
        elif isinstance(reply, wire.ErrorReply):
            # The gate has refused the original.
            self._model.learn(ticket.prior.keys, with_gate(Cost(), reply.usage.cpu / self._model.factor))
        self._note_end(ticket, seconds)
        if ticket.answer.done():
            close_all([descriptor] if descriptor >= 0 else [])
        elif isinstance(reply, wire.ResultReply):
            if permit is None:
                permit = self._budget.reserve_now(reply.size, Use.RESULTS)
            else:
                permit.change(reply.size, Use.RESULTS)
            ticket.permit = permit
            ticket.answer.set_result((reply, descriptor))
        else:
            if reply.exiting:
                self._record_loss(ticket)
            error = ticket.missing.error if ticket.missing is not None else None
            _fail(ticket, error or error_from_code(reply.code, reply.detail) or WorkerError(reply.detail))

    def job_lost(self, worker: Worker, received: bool) -> None:
        """See ``WorkerSetObserver``."""
        ticket = self._running[worker]
        if received:
            self._scheduler.charge(ticket, self._loop.time() - ticket.begun)
        self._release(worker)
        if ticket.answer.done():
            return
        if received:
            self._lost[worker] = ticket
        else:
            self.retries += 1
            self._scheduler.put_back(ticket)

    def job_explained(self, worker: Worker, end: WorkerExit) -> None:
        """See ``WorkerSetObserver``."""
        ticket = self._lost.pop(worker, None)
        self.changed.set()
        if ticket is None or ticket.answer.done():
            return
        if end.reason == "over-cpu" and ticket.job_class is JobClass.SMALL and not ticket.is_escalated:
            self._model.learn_escalation(ticket.prior)
            self._quarantine.record(ticket.source, ticket.size, ticket.job.plan.source, escalates=True)
            self._escalate(ticket)
            return
        if end.crashed:
            self._record_loss(ticket)
        _fail(ticket, end.error())

    def _estimated(self, ticket: Ticket, cost: Cost) -> None:
        """Let a job wait that costs more than it was granted, if it can be done."""
        self._model.learn(ticket.prior.keys, cost)
        if ticket.answer.done():
            return
        ticket.trips += 1
        if ticket.trips >= _MAX_TRIPS:
            _fail(ticket, CostLimitError("the cost of the original is never the same"))
            return
        seconds = ticket.deadline - self._loop.time()
        if reason := refusal(cost, self._model.factor, seconds, self._budget.largest_render):
            _fail(ticket, CostLimitError(reason))
            return
        ticket.cost, is_same = cost, ticket.job_class is cost.job_class
        if is_same:
            ticket.cpu = charged_cpu(ticket, self._model.factor)
            self._scheduler.put_back(ticket)
            return
        self._move(ticket, cost.job_class)

    def _escalate(self, ticket: Ticket) -> None:
        """Let a job that has taken more than a small one may run once more, as one of another class."""
        ticket.is_escalated = True
        self._move(ticket, ticket.prior.kind)

    def _move(self, ticket: Ticket, job_class: JobClass) -> None:
        if ticket.answer.done():
            return
        ticket.job_class = job_class
        ticket.cpu = charged_cpu(ticket, self._model.factor)
        try:
            self._scheduler.check(job_class, ticket.flow, ticket.deadline - self._loop.time())
        except OverloadError as error:
            _fail(ticket, error)
        else:
            self._scheduler.add(ticket)
            self._loop.call_soon(self.worker_free)

    def _note_end(self, ticket: Ticket, seconds: float) -> None:
        self.jobs += 1
        self._scheduler.learn(ticket, seconds)

    def _record_loss(self, ticket: Ticket) -> None:
        self._quarantine.record(ticket.source, ticket.size, ticket.job.plan.source, identity=ticket.identity)

    def _take_back(self, ticket: Ticket) -> None:
        """Undo the beginning of a job that was given to no worker."""
        self._scheduler.end(ticket)
        _release_permit(ticket)

    def _release(self, worker: Worker) -> Ticket:
        ticket = self._running.pop(worker)
        ticket.worker = None
        if ticket.missing is not None:
            ticket.missing.cancel()
        self._take_back(ticket)
        self.changed.set()
        return ticket


def _release_permit(ticket: Ticket) -> None:
    if ticket.permit is not None:
        ticket.permit.release()
        ticket.permit = None


def _fail(ticket: Ticket, error: MememimeError) -> None:
    if not ticket.answer.done():
        ticket.answer.set_exception(error)
