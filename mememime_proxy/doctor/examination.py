"""All checks of an installation, in the order in which they are reported."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from mememime_proxy.doctor.address_checks import check_addresses
from mememime_proxy.doctor.film_checks import check_films
from mememime_proxy.doctor.findings import Finding, State, note, with_faults, wrong
from mememime_proxy.doctor.machine_checks import check_machine
from mememime_proxy.doctor.nginx_checks import check_nginx
from mememime_proxy.doctor.peer_checks import check_proxies, check_resource_service
from mememime_proxy.doctor.service_checks import check_proxy, check_storages
from mememime_proxy.doctor.settings_checks import (
    check_keys,
    check_settings,
    choose_services,
    read_settings,
)
from mememime_proxy.doctor.storage_checks import check_folders_exist, check_spool_room
from mememime_proxy.doctor.worker_checks import check_extras, check_workers
from mememime_proxy.errors import missing_extra
from mememime_proxy.proxy import app as proxy_app
from mememime_proxy.settings.checks import SettingsCheck
from mememime_proxy.settings.settings import Settings

Check = tuple[str, str, Callable[[], AsyncIterator[Finding]]]
"""Name, subject, and the findings; the first two are those of a check that fails itself."""


async def examine(
    variables: Mapping[str, str], *, services: Sequence[str] = (), nginx: str = ""
) -> AsyncIterator[Finding]:
    """Check everything that the services of an environment need. Goes on after a fault.

    ``services``: ``proxy``, ``resources``; none = those whose settings are there. ``nginx``: the file of a
    configuration of NGINX.
    """
    choice = choose_services(variables, services)
    settings, faults = read_settings(variables, keys_needed=choice.proxy)
    for fault in faults:
        yield fault
    if choice.reason:
        yield note("services.checked", "services", choice.reason)
    starts = {"the proxy": proxy_app.SETTINGS_CHECKS} if choice.proxy else {}
    resource_checks = None
    if choice.resources:
        if find_spec("sqlalchemy") is None:
            yield wrong("extras.installed", "resource service", missing_extra("mememime resources", "resources").detail)
        else:
            resource_checks = import_module("mememime_proxy.doctor.resource_checks")
            starts["the resource service"] = resource_checks.SETTINGS_CHECKS
    reported = list(faults)
    checks = _checks(settings, variables, starts, resource_checks, proxy=choice.proxy, nginx=nginx)
    for check, subject, findings in checks:
        if faults and check in {"proxy.start", "resources.start"}:
            continue  # it would be made with other settings than a start has
        async for found in with_faults(check, subject, findings()):
            finding = _with_names_as_set(settings, found)
            known = finding.state is State.WRONG and _is_reported(finding, reported)
            if not known:
                yield finding
            reported.append(finding)


def _with_names_as_set(settings: Settings, finding: Finding) -> Finding:
    """Return the finding with the variables as the operator wrote them."""
    subject, detail = (settings.with_names_as_set(text) for text in (finding.subject, finding.detail))
    return replace(finding, subject=subject, detail=detail)


def _is_reported(finding: Finding, reported: Iterable[Finding]) -> bool:
    """Return whether a fault was found before, under its variable or as it is.

    What one check finds of two subjects is two faults, though it finds the same of both.
    """
    return any(
        finding.detail in {before.detail, f"{before.subject}: {before.detail}"}
        and (finding.check != before.check or finding.subject == before.subject)
        for before in reported
    )


def _checks(
    settings: Settings,
    variables: Mapping[str, str],
    starts: Mapping[str, Sequence[SettingsCheck]],
    resource_checks: Any,
    *,
    proxy: bool,
    nginx: str,
) -> Iterable[Check]:
    """Yield the checks; ``resource_checks``: the module with those of the resource service, if it is checked."""
    resources = resource_checks is not None
    yield "settings.value", "settings", lambda: _each(check_settings(settings, variables, starts))
    yield "keys.strength", "keys", lambda: _each(check_keys(settings, proxy=proxy, resources=resources))
    yield "extras.installed", "extras", lambda: _each(check_extras(settings))
    yield "machine.limits", "machine", lambda: _each(check_machine(settings, proxy + resources))
    yield "folders.usable", "folders", lambda: _each(check_folders_exist(settings))
    writes = resources and not settings.read_only
    if writes:
        yield "folders.spool", "SPOOL_PATH", lambda: _each(check_spool_room(settings))
    yield (
        "addresses.free", "addresses", lambda: _each(check_addresses(settings, proxy=proxy, resources=resources)),
    )  # fmt: skip
    yield "storage.usable", "storage", lambda: check_storages(settings, proxy=proxy, resources=writes)
    if resources and settings.database_url:
        yield "database.usable", "MEMEMIME_DATABASE_URL", lambda: resource_checks.check_database(settings)
    yield "workers.start", "workers", lambda: check_workers(settings)
    yield "films.start", "films", lambda: check_films(settings)
    if proxy:
        yield "proxy.start", "start of the proxy", lambda: check_proxy(settings)
        if settings.resources_url:
            yield "peers.resources", settings.resources_url, lambda: check_resource_service(settings)
    if resources:
        yield "resources.start", "start of the resource service", lambda: resource_checks.check_resources(settings)
    if writes:
        yield "peers.proxy", "MEMEMIME_PURGE_URLS", lambda: check_proxies(settings)
    if nginx:
        yield "nginx.file", nginx, lambda: _each(check_nginx(settings, nginx))


async def _each(findings: Iterable[Finding]) -> AsyncIterator[Finding]:
    for finding in findings:
        yield finding
