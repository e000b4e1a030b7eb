"""The limits of a job in its worker: time, CPU time, memory, length of the result.

Each ends the job in a way of its own, and none can be missed by a call into C that does not return:

- CPU time (``ITIMER_PROF``, all threads): SIGPROF ends the process.
- Memory (soft ``RLIMIT_DATA``, which counts private mappings that can be written, whatever of them is in RAM): the
  allocation fails, and so does the job or its process.
- The result (soft ``RLIMIT_FSIZE``, which holds for memfds): the write fails.
- Time, when the service does not end the job: SIGALRM, and SIGXCPU a while later.
"""

from __future__ import annotations

import resource
import signal
import time
from typing import Final

from mememime_proxy.cost import Cost, Grant, JobUsage, grant_for, with_gate
from mememime_proxy.workers.child.memory import Memory
from mememime_proxy.workers.wire import WorkerJob

_BACKSTOP: Final = 1.0
"""Seconds after the deadline at which a worker ends itself, if the service has not ended it."""


class CostOverGrantError(BaseException):
    """The job costs more than it may be granted. Not an ``Exception``: no decoder's handler may take it for a fault."""

    def __init__(self, cost: Cost) -> None:
        super().__init__(cost)
        self.cost = cost


class JobLimits:
    """The limits of one job after the other, and what each job took."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._hard_data = resource.getrlimit(resource.RLIMIT_DATA)[1]
        self._hard_result = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        self._data = self._resident = 0
        self._cpu = 0.0
        self._job = WorkerJob()
        self.cost: Cost | None = None
        """Of the present job, once it is approved, with what its gate took."""

    def begin(self, job: WorkerJob) -> None:
        """Set the limits that hold until ``approve``."""
        self._job, self.cost = job, None
        self._memory.reset_peak()
        self._data, self._resident = self._memory.data(), self._memory.resident()
        self._cpu = time.process_time()
        left = max(job.deadline - time.monotonic(), 0.0) + _BACKSTOP
        signal.setitimer(signal.ITIMER_REAL, left)
        # libvips reads ahead in threads of its own: one job uses two cores at most.
        _set_soft(resource.RLIMIT_CPU, int(self._cpu + 2 * left) + 1)
        self._set(job.gate)

    def approve(self, cost: Cost) -> None:
        """Set the limits of a job of this cost (``cost.Approve``). Raises CostOverGrantError.

        A further attempt at a damaged original adds half of its CPU time to what is left of the first one's.
        """
        # Of the estimate alone: the gate has taken its time already, and would take a little more the next time.
        wanted = grant_for(cost, self._job.factor)
        wanted = Grant(max(wanted.cpu, self._job.least_cpu), wanted.memory, wanted.result)
        total = with_gate(cost, (time.process_time() - self._cpu) / self._job.factor)
        if not self._job.grant.covers(wanted):
            raise CostOverGrantError(total)
        if self.cost is not None:
            left = signal.setitimer(signal.ITIMER_PROF, 0)[0]
            wanted = Grant(left + wanted.cpu / 2, wanted.memory, wanted.result)
        else:
            self.cost = total
        if self._job.grant != Grant():
            self._set(wanted)

    def end(self) -> None:
        """Take the job's limits away."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        self._set(Grant())

    def usage(self) -> JobUsage:
        """Return what the job took until now; memory on top of what the worker used before it."""
        return JobUsage(time.process_time() - self._cpu, max(0, self._memory.peak() - self._resident))

    def _set(self, grant: Grant) -> None:
        signal.setitimer(signal.ITIMER_PROF, grant.cpu)
        data = self._data + grant.memory if grant.memory else resource.RLIM_INFINITY
        _set_soft(resource.RLIMIT_DATA, data, self._hard_data)
        # Of each file: that of the result, and that of the pixels with what describes them.
        result = max(grant.result, self._job.hand_back) if grant.result else resource.RLIM_INFINITY
        _set_soft(resource.RLIMIT_FSIZE, result, self._hard_result)


def _set_soft(kind: int, value: int, hard: int | None = None) -> None:
    """Set a limit that can be raised again, to at most the hard one."""
    if hard is None:
        hard = resource.getrlimit(kind)[1]
    if hard != resource.RLIM_INFINITY and (value == resource.RLIM_INFINITY or value > hard):
        value = hard
    resource.setrlimit(kind, (value, hard))
