"""HTTP endpoints of jobs."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from aiohttp import web
from msgspec import Meta

from mememime_proxy.errors import (
    JobNotFoundError,
    JobStateError,
    OverloadError,
    RequestError,
    SourceError,
    UrlError,
)
from mememime_proxy.jobs.document import JobDocument
from mememime_proxy.jobs.model import NewJob
from mememime_proxy.resources.aliases.purge_job import KIND, PurgeList, check_purge, purge_chunks
from mememime_proxy.resources.auth.principal import Role
from mememime_proxy.resources.http.call import Call, json_response
from mememime_proxy.resources.http.endpoint import Header, Route
from mememime_proxy.resources.routes.job_events import send_events

_MAX_PAGE: Final = 1000
_WEB: Final = ("http://", "https://")
_JOB_ID: Final = "{id:[0-9a-f]{32}}"


class PurgeJob(PurgeList, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag=KIND):
    """A job that purges many sources."""

    priority: Annotated[int, Meta(ge=-100, le=100)] = 0
    """The larger, the sooner."""
    webhook: Annotated[str, Meta(max_length=2048)] = ""
    """URL that is sent the job when it is done or has failed."""


class JobQuery(msgspec.Struct, kw_only=True):
    """Filters of a list of jobs."""

    cursor: Annotated[str, Meta(pattern="^([0-9a-f]{32})?$")] = ""
    limit: Annotated[int, Meta(ge=1, le=_MAX_PAGE)] = 100
    state: Literal["", "queued", "running", "cancelling", "done", "failed", "cancelled"] = ""
    kind: Annotated[str, Meta(pattern="^([a-z][a-z_-]{0,31})?$")] = ""


class JobPage(msgspec.Struct, kw_only=True):
    """Jobs, the newest first. ``cursor``: for the next page; null after the last one."""

    jobs: list[JobDocument]
    cursor: str | None


async def create_job(call: Call) -> web.StreamResponse:
    """Create a job."""
    services, principal = call.services, call.require_principal()
    body = await call.json(PurgeJob)
    if not services.settings.purge_urls and not services.settings.purge_feed:
        raise RequestError("there is no proxy to purge: MEMEMIME_PURGE_URLS is empty, and MEMEMIME_PURGE_FEED is off")
    await check_webhook(call, body.webhook)
    new = NewJob(
        kind=KIND,
        tenant=principal.tenant,
        credential=principal.credential,
        chunks=purge_chunks(body.sources),
        priority=body.priority,
        webhook=body.webhook,
    )
    async with services.database.write() as tx:
        await check_purge(tx, principal, body.sources)
        job_id = await services.jobs.create(tx, new)
    document = JobDocument.of(await services.jobs.find(job_id, None))
    return json_response(document, 201, {"Location": f"/jobs/{job_id}"})


async def check_webhook(call: Call, url: str) -> None:
    """Raise RequestError for a webhook that could never be called."""
    if not url:
        return
    if not call.services.settings.webhook_key:
        raise RequestError("there is no key to sign a webhook with: MEMEMIME_WEBHOOK_KEY is empty")
    if not url.lower().startswith(_WEB):
        raise RequestError(f"found the webhook {url[:80]!r}, expected a URL with http:// or https://")
    try:
        await call.services.sources.check(url)
    except (SourceError, UrlError) as error:
        raise RequestError(f"the webhook cannot be called: {error.detail}") from error


def _tenant(call: Call) -> str | None:
    """Return the tenant whose jobs the principal sees; None = everybody's."""
    principal = call.require_principal()
    return None if principal.is_admin else principal.tenant


async def list_jobs(call: Call) -> web.StreamResponse:
    """List jobs, the newest first."""
    query = call.query(JobQuery)
    jobs = await call.services.jobs.page(
        _tenant(call), state=query.state, kind=query.kind, before=query.cursor, limit=query.limit + 1
    )
    documents = [JobDocument.of(job) for job in jobs[: query.limit]]
    return json_response(JobPage(jobs=documents, cursor=documents[-1].id if len(jobs) > query.limit else None))


async def get_job(call: Call) -> web.StreamResponse:
    """Get a job."""
    return json_response(JobDocument.of(await call.services.jobs.find(call.params["id"], _tenant(call))))


async def cancel_job(call: Call) -> web.StreamResponse:
    """Cancel a job."""
    return json_response(JobDocument.of(await call.services.jobs.cancel(call.params["id"], _tenant(call))))


async def retry_job(call: Call) -> web.StreamResponse:
    """Run what failed or was cancelled once more."""
    return json_response(JobDocument.of(await call.services.jobs.retry(call.params["id"], _tenant(call))))


async def get_events(call: Call) -> web.StreamResponse:
    """Send the progress of a job as server-sent events."""
    return await send_events(call, await call.services.jobs.find(call.params["id"], _tenant(call)))


ROUTES = (
    Route(
        method="POST",
        path="/jobs",
        handler=create_job,
        name="create_job",
        summary="Create a job: a purge of many sources",
        role=Role.WRITE,
        body=PurgeJob,
        responses={201: JobDocument},
        response_headers=(Header(name="Location", description="The path of the job."),),
    ),
    Route(
        method="GET",
        path="/jobs",
        handler=list_jobs,
        name="list_jobs",
        summary="List jobs, the newest first",
        role=Role.WRITE,
        query=JobQuery,
        responses={200: JobPage},
    ),
    Route(
        method="GET",
        path=f"/jobs/{_JOB_ID}",
        handler=get_job,
        name="get_job",
        summary="Get a job, with its progress",
        role=Role.WRITE,
        responses={200: JobDocument},
        errors=(JobNotFoundError,),
    ),
    Route(
        method="POST",
        path=f"/jobs/{_JOB_ID}/cancel",
        handler=cancel_job,
        name="cancel_job",
        summary="Cancel a job; workers let go of it within half a second",
        role=Role.WRITE,
        responses={200: JobDocument},
        errors=(JobNotFoundError, JobStateError),
    ),
    Route(
        method="POST",
        path=f"/jobs/{_JOB_ID}/retry",
        handler=retry_job,
        name="retry_job",
        summary="Run the chunks of an ended job that failed or were cancelled once more",
        role=Role.WRITE,
        responses={200: JobDocument},
        errors=(JobNotFoundError, JobStateError),
    ),
    Route(
        method="GET",
        path=f"/jobs/{_JOB_ID}/events",
        handler=get_events,
        name="get_job_events",
        summary="Follow a job: an event for each change, with the job as its data, until it has ended",
        role=Role.WRITE,
        responses={200: "text/event-stream", 204: None},
        headers=(
            Header(name="Last-Event-ID", description="The last event that the client has; 204 = it was the last."),
        ),
        errors=(JobNotFoundError, OverloadError),
    ),
)
