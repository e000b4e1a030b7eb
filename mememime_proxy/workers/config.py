"""The operator's settings for the worker pool."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolConfig:
    """Sizes and limits of one worker pool. Times in seconds, memory in bytes; 0 = no limit, unless stated otherwise."""

    size: int = 2
    """Jobs that run at once. One more process than this is kept ready, to replace a lost worker at once."""
    queue_size: int = 64
    """Jobs that may wait; 0 = none waits."""
    max_jobs: int = 1000
    """A worker is replaced after about this many jobs, spread by a fifth so that not all are replaced at once."""
    max_rss: int = 512 * MEBIBYTE
    """A worker whose resident memory is still above this after a job is replaced."""
    memory_limit: int = 0
    """Address space that a job may take on top of what an idle worker has mapped; past it the job fails."""
    max_result: int = 1024 * MEBIBYTE
    """Longest result."""
    spawn_timeout: float = 10.0
    """A worker that is not ready after this time is killed, and the zygote as well. Must not be 0."""
    sandbox: bool = True
    """Confine workers by Landlock and seccomp where the kernel has them. Resource limits are always set."""
    test_operations: bool = False
    """Also load ``child.fault_injection``: operations that crash, hang and use up memory. Never in production."""
