"""The state of the service, of its database and storages, and of the proxies."""

from __future__ import annotations

import platform
from typing import Any

import msgspec
from aiohttp import web

from mememime_proxy import __version__
from mememime_proxy.resources.aliases.proxy_client import ProxyStatus
from mememime_proxy.resources.auth.principal import Role
from mememime_proxy.resources.http.call import Call, json_response
from mememime_proxy.resources.http.endpoint import Route
from mememime_proxy.resources.maintenance.backlog import measure_backlog
from mememime_proxy.resources.metrics import BacklogFigures
from mememime_proxy.workers.reporting import state


class StorageFacts(msgspec.Struct, kw_only=True):
    """Counters of the client of a storage since the start."""

    name: str
    requests: int
    retries: int
    errors: dict[str, int]
    bytes_read: int
    bytes_written: int
    breakers: dict[str, str]
    """By bucket: `closed`, `half_open` or `open`."""


class ServiceStatus(msgspec.Struct, kw_only=True):
    """The state of this process, of the database, and of each proxy of `MEMEMIME_PURGE_URLS`."""

    version: str
    python: str
    database: str
    read_only: bool
    pool: dict[str, Any]
    """As `/health?verbose`."""
    uploads_in_progress: int
    """Bodies that are being received."""
    backlog: BacklogFigures
    storages: list[StorageFacts]
    proxies: list[ProxyStatus]


async def get_status(call: Call) -> web.StreamResponse:
    """Get the state of the services."""
    services = call.services
    return json_response(
        ServiceStatus(
            version=__version__,
            python=platform.python_version(),
            database=services.database.dialect,
            read_only=services.settings.read_only,
            pool=state(services.pool.stats()),
            uploads_in_progress=services.upload_slots.in_use,
            backlog=await measure_backlog(services.database),
            storages=[
                StorageFacts(
                    name=each.name,
                    requests=each.requests,
                    retries=each.retries,
                    errors=dict(each.errors),
                    bytes_read=each.bytes_read,
                    bytes_written=each.bytes_written,
                    breakers=dict(each.breaker_states()),
                )
                for each in services.storage_stats()
            ],
            proxies=await services.proxy_client.statuses(),
        )
    )


ROUTES = (
    Route(
        method="GET",
        path="/status",
        handler=get_status,
        name="get_status",
        summary="Get the state of the service, its database and its proxies",
        role=Role.ADMIN,
        responses={200: ServiceStatus},
    ),
)
