"""Numbers that follow from settings where these are left at 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mememime_proxy.settings.cpus import count_cpus
from mememime_proxy.settings.environment import EnvironmentModel
from mememime_proxy.settings.memory import derive_budget, fitting_workers, memory_limit


class DerivedSettings(EnvironmentModel):
    """Settings with their defaults filled in."""

    if TYPE_CHECKING:  # the list of settings has them as fields
        workers: int
        av_workers: int
        job_concurrency: int
        memory_budget: int
        requests_queue_size: int
        max_clients: int

    @property
    def worker_count(self) -> int:
        """Number of worker processes, with the default filled in."""
        return self.workers or min(count_cpus(), fitting_workers(self.memory_limit))

    @property
    def film_worker_count(self) -> int:
        """Number of worker processes for films, with the default filled in."""
        return self.av_workers or max(1, count_cpus() // 2)

    @property
    def job_slots(self) -> int:
        """Number of chunks that a worker of jobs runs at a time, with the default filled in."""
        return self.job_concurrency or count_cpus()

    @property
    def memory_limit(self) -> int:
        """Bytes that a service may use, with the default filled in."""
        return self.memory_budget or derive_budget(memory_limit())

    @property
    def queue_limit(self) -> int:
        """Number of renders that may wait for a worker, always bounded."""
        return self.requests_queue_size or self.max_clients or 1 << 16
