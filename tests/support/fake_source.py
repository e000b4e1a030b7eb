"""Sources, a worker pool and a clock whose results a test decides."""

import asyncio
import os
from dataclasses import replace

from mememime_proxy.errors import SourceTooLargeError
from mememime_proxy.memfd import memfd
from mememime_proxy.memory_budget import MemoryBudget, Use
from mememime_proxy.sources.model import Original, SourceState
from mememime_proxy.variant import Variant
from mememime_proxy.workers.pool import JobResult


class FakeSource:
    """One original at every URL."""

    def __init__(self, body=b"x" * 1000, etag='"1"', last_modified="", budget=None):
        self.body, self.etag, self.last_modified = body, etag, last_modified
        self.budget = budget or MemoryBudget(0)
        self.requests, self.sent = [], 0
        """URL, validator and headers of each request; the number of originals sent."""
        self.gate = asyncio.Event()
        self.gate.set()
        self.error = None
        self.cache_control = ""
        self.forgotten = []
        self.reported_state = None
        """Of aliases, without a request."""
        self.stale, self.focus, self.preset = False, None, ""

    def forget(self, url):
        self.forgotten.append(url)

    def forget_all(self):
        self.forgotten.append("everything")

    async def stat(self, url):
        return self.reported_state if url.startswith("alias:") else None

    async def fetch_if_changed(self, url, validator, *, max_bytes, timeout, headers, head=0):  # noqa: ASYNC109
        del timeout
        self.requests.append((url, validator, dict(headers)))
        await self.gate.wait()
        if self.error:
            raise self.error
        state = replace(SourceState.of(self.etag, self.last_modified, self.cache_control), stale=self.stale)
        if validator and validator == state.validator:
            return state
        if max_bytes and len(self.body) > max_bytes:
            raise SourceTooLargeError
        self.sent += 1
        body = self.body + headers.get("Cookie", "").encode()
        there = body[:head] if head else body
        head = len(there) if len(there) < len(body) else 0
        original = Original(memfd("original", there), len(body), state, head=head)
        original.focus, original.preset = self.focus, self.preset
        original.permit = self.budget.reserve(len(body), Use.ORIGINALS_IN_FLIGHT)
        return original


class FakePool:
    """A worker pool whose variants are the plan's width and the original's bytes."""

    def __init__(self):
        self.plans, self.operations = [], []
        """Of each job."""
        self.pictures = []
        """Number of pictures of each job."""
        self.damage = ""
        """Of the originals."""
        self.gate = asyncio.Event()
        self.gate.set()
        self.forgiven = []
        """Sources whose quarantine has ended."""
        self.checks = []
        """Of each check, the renders that are ahead of it."""
        self.refusal = None
        """The error of jobs whose originals have not been fetched."""

    def forgive(self, source):
        self.forgiven.append(source)
        return 1

    def check(self, plan, flow, timeout, ahead=0):
        del plan, flow, timeout
        self.checks.append(ahead)
        if self.refusal is not None:
            raise self.refusal

    async def run(self, job, descriptor, timeout, flow, pixels=None):  # noqa: ASYNC109
        del timeout, flow
        self.pictures.append(len(pixels.pictures) if pixels is not None else 0)
        self.plans.append(job.plan)
        self.operations.append(job.operation)
        await self.gate.wait()
        body = f"{job.plan.width} ".encode() + os.pread(descriptor, 1 << 20, 0)
        variant = Variant("jpeg", job.plan.width, 1, "jpeg", body=body, damage=self.damage)
        return JobResult(variant, 0.1, 0.2)
