"""HTTP endpoints of derivatives: what jobs make of films and sound."""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from mememime_proxy.errors import AssetNotFoundError, ConflictError
from mememime_proxy.jobs.document import JobDocument
from mememime_proxy.resources.assets.derivatives import Derivative, DerivativePlan
from mememime_proxy.resources.auth.principal import Role
from mememime_proxy.resources.database.states import AssetState
from mememime_proxy.resources.http.call import Call, json_response
from mememime_proxy.resources.http.endpoint import Header, Route
from mememime_proxy.resources.routes.jobs import check_webhook

_PATH = "/assets/{sha256:[0-9a-f]{64}}/derivatives"


class NewDerivative(DerivativePlan, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A derivative to make: options and format, and how the job is run."""

    priority: Annotated[int, Meta(ge=-100, le=100)] = 0
    """The larger, the sooner."""
    webhook: Annotated[str, Meta(max_length=2048)] = ""
    """URL that is sent the job when it is done or has failed."""


class DerivativeList(msgspec.Struct, kw_only=True):
    """The derivatives of an asset, the oldest first."""

    derivatives: list[Derivative]


async def create_derivative(call: Call) -> web.StreamResponse:
    """Have a derivative made."""
    services, principal = call.services, call.require_principal()
    body = await call.json(NewDerivative)
    await check_webhook(call, body.webhook)
    asset = await services.assets.get(call.params["sha256"], principal)
    if asset.state is not AssetState.READY:
        raise ConflictError(f"the asset is {asset.state}")
    plan = DerivativePlan(options=body.options.strip("/"), format=body.format)
    async with services.database.write() as tx:
        job_id = await services.derivatives.create(
            tx, asset, plan, principal.tenant, principal.credential, priority=body.priority, webhook=body.webhook
        )
    document = JobDocument.of(await services.jobs.find(job_id, None))
    return json_response(document, 202, {"Location": f"/jobs/{job_id}"})


async def list_derivatives(call: Call) -> web.StreamResponse:
    """List the derivatives of an asset."""
    services, principal = call.services, call.require_principal()
    asset = await services.assets.get(call.params["sha256"], principal)
    found = await services.derivatives.find_all(asset.sha256, principal.tenant)
    return json_response(DerivativeList(derivatives=found))


ROUTES = (
    Route(
        method="POST",
        path=_PATH,
        handler=create_derivative,
        name="create_derivative",
        summary="Have a job make a file of a film or sound, or the segments of a stream in advance; once for each plan",
        role=Role.WRITE,
        body=NewDerivative,
        responses={202: JobDocument},
        response_headers=(Header(name="Location", description="The path of the job."),),
        errors=(AssetNotFoundError, ConflictError),
    ),
    Route(
        method="GET",
        path=_PATH,
        handler=list_derivatives,
        name="list_derivatives",
        summary="List the derivatives of an asset, with their jobs and the files that were made",
        role=Role.WRITE,
        responses={200: DerivativeList},
        errors=(AssetNotFoundError,),
    ),
)
