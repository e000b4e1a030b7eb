"""Purges of any source: asked of the proxies at once, and by the outbox that aliases use."""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from mememime_proxy.errors import RequestError
from mememime_proxy.resources.aliases.proxy_client import PurgeAnswer
from mememime_proxy.resources.auth.principal import Role
from mememime_proxy.resources.http.call import Call, json_response
from mememime_proxy.resources.http.endpoint import Route


class NewPurge(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The source whose originals and results leave the caches of all proxies, as URLs have it."""

    source: Annotated[str, Meta(min_length=1, max_length=1200, pattern=r"^[^\x00-\x1f\x7f]+$")]


class PurgeFacts(msgspec.Struct, kw_only=True):
    """A purge that proxies have answered, and that is in the outbox for those that have not."""

    source: str
    proxies: list[PurgeAnswer]
    """None where only the purge feed is read."""


async def create_purge(call: Call) -> web.StreamResponse:
    """Purge a source from the caches of all proxies."""
    body, services = await call.json(NewPurge), call.services
    if "://" not in body.source:
        raise RequestError(f"found the source {body.source[:80]!r}, expected one with a scheme: alias://shop/cup")
    # Before the outbox, whose delivery would leave nothing to count.
    answers = await services.proxy_client.purge(body.source)
    async with services.database.write() as tx:
        await services.outbox.add_sources(tx, [body.source], services.clock())
    return json_response(PurgeFacts(source=body.source, proxies=answers), 202)


ROUTES = (
    Route(
        method="POST",
        path="/purges",
        handler=create_purge,
        name="create_purge",
        summary="Purge a source from the caches of all proxies",
        role=Role.ADMIN,
        body=NewPurge,
        responses={202: PurgeFacts},
        errors=(RequestError,),
    ),
)
