"""``GET …/status``: the state of this process, for the resource service. A token signs the request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from mememime_proxy import __version__
from mememime_proxy.errors import PathError
from mememime_proxy.proxy.http.internal.signed_bodies import json_answer
from mememime_proxy.proxy.telemetry.metrics import ProxyMetrics
from mememime_proxy.service.tokens import BODY_TOKEN_HEADER, SignedBodies
from mememime_proxy.settings.settings import Settings
from mememime_proxy.workers import reporting
from mememime_proxy.workers.stats import PoolStats

STATUS_PATH: Final = "/status"


def status_response(
    headers: Mapping[str, str], settings: Settings, pool: PoolStats, metrics: ProxyMetrics
) -> web.Response:
    """Return version, workers and counters. PathError where no key is set, ForbiddenError without a valid token."""
    if not settings.purge_key:
        raise PathError("there is no key for requests of the resource service")
    SignedBodies(settings.purge_key).verify(headers.get(BODY_TOKEN_HEADER, ""), STATUS_PATH, b"")
    return json_answer({"version": __version__, "pool": reporting.state(pool), "figures": metrics.figures()})
