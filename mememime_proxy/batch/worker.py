"""Batches and derivatives in a worker of jobs: what `mememime work` runs beside the kinds of the resource service."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence

from mememime_proxy.batch.derivatives.derivative_job import DerivativeChunks
from mememime_proxy.batch.derivatives.loudness_job import LoudnessChunks
from mememime_proxy.batch.engines.chunk_job import BatchChunks
from mememime_proxy.batch.metrics import BatchMetrics
from mememime_proxy.batch.parts import BatchParts
from mememime_proxy.jobs.kinds import JobKind
from mememime_proxy.resources.job_worker import WorkerParts


@contextlib.asynccontextmanager
async def batch_kinds(worker: WorkerParts) -> AsyncIterator[Sequence[JobKind]]:
    """Yield the kinds of batches and derivatives. Processes that render are started with the first chunk."""
    metrics = BatchMetrics(worker.metrics.registry, worker.settings.prometheus_namespace)
    async with contextlib.AsyncExitStack() as stack:
        parts = await stack.enter_async_context(BatchParts(worker.settings))
        chunks = BatchChunks(parts, worker.jobs, metrics)
        stack.push_async_callback(chunks.close)
        yield (chunks.kind(), DerivativeChunks(parts).kind(), LoudnessChunks(parts).kind())
