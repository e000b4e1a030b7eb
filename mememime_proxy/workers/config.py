"""The operator's settings for the worker pool."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto

from mememime_proxy.cost import express_workers
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.formats.output_rules import NOBODY, SigningIdentity

MEBIBYTE = 1 << 20
LOWERED_NICENESS = 10
"""Of workers that take jobs of any class: a tenth of the CPU where an express worker wants it, too."""


class Lane(Enum):
    """Workers of one kind: those that take small jobs only, and those that take any, at lower CPU priority."""

    EXPRESS = auto()
    GENERAL = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolConfig:
    """Sizes and limits of one worker pool. Times in seconds, memory in bytes; 0 = no limit, unless stated otherwise."""

    size: int = 2
    """Jobs that run at once. One more process than this is kept ready, to replace a lost worker at once."""
    queue_size: int = 64
    """Jobs that may wait; 0 = none waits."""
    max_wait: float = 1.0
    """Wait that a job may expect, or a quarter of its time; less while a queue is standing. 0 = up to its deadline."""
    max_jobs: int = 1000
    """A worker is replaced after about this many jobs, spread by a fifth so that not all are replaced at once."""
    max_rss: int = 512 * MEBIBYTE
    """A worker whose resident memory is still above this after a job is replaced."""
    memory_limit: int = 0
    """Address space that a job may take on top of what an idle worker has mapped; past it the job fails."""
    max_result: int = 1024 * MEBIBYTE
    """Longest result."""
    niceness: int = 0
    """Niceness of all workers, 0 to 19."""
    fonts_dir: str = ""
    """Folder of further fonts that workers may read; '' = none."""
    spawn_timeout: float = 10.0
    """A worker that is not ready after this time is killed, and the zygote as well. Must not be 0."""
    sandbox: bool = True
    """Confine workers by Landlock and seccomp where the kernel has them. Resource limits are always set."""
    require_sandbox: bool = False
    """Use no worker in which a layer of the sandbox is missing: where none has all, the pool does not start."""
    test_operations: bool = False
    """Also load ``child.fault_injection``: operations that crash, hang and use up memory. Never in production."""

    identity: SigningIdentity = NOBODY
    """Who signs the C2PA manifests of results."""
    sign: Callable[[bytes], bytes] | None = field(default=None, repr=False)
    """Signs in this process, in less than a millisecond, what a worker asks for (see ``parent.signing``). None: no
    worker may ask. Raises RefusedSignatureError."""

    film: FilmConfig | None = None
    """The workers read films in place of pictures, all of them at lower CPU priority."""

    @property
    def express(self) -> int:
        """How many of the workers take small jobs only."""
        return express_workers(self.size) if self.film is None else 0

    @property
    def lowers_priority(self) -> bool:
        """Whether others go before the workers that take jobs of any class, which are not as nice already."""
        return self.niceness < LOWERED_NICENESS and (self.express > 0 or self.film is not None)
