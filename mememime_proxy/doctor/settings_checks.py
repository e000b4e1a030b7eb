"""Checks of the settings: every wrong one is found, and the checks behind go on with those that are right."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mememime_proxy.doctor.findings import Finding, note, ok, wrong
from mememime_proxy.errors import SettingsError
from mememime_proxy.settings.checks import SettingsCheck, check_all
from mememime_proxy.settings.environment import PREFIXES, unknown_variables, variable
from mememime_proxy.settings.settings import Settings, load
from mememime_proxy.settings.weaknesses import MIN_KEY, weaknesses

_VARIABLE = re.compile(r"((?:MEMEMIME|IMGPROXY)_\w+(?:, (?:MEMEMIME|IMGPROXY)_\w+)*): (.*)")


@dataclass(frozen=True, slots=True)
class ServiceChoice:
    """The services that are checked, and why another one is not."""

    proxy: bool
    resources: bool
    reason: str = ""


def choose_services(variables: Mapping[str, str], named: Sequence[str]) -> ServiceChoice:
    """Return the services that are checked: those that are named, or those whose own variables are there."""
    if named:
        return ServiceChoice("proxy" in named, "resources" in named)
    has_keys, has_database = (
        any(variables.get(prefix + name, "").strip() for prefix in PREFIXES for name in names)
        for names in (("KEY", "SALT", "ALLOW_UNSIGNED"), ("DATABASE_URL",))
    )
    if has_database and not has_keys:
        return ServiceChoice(False, True, "the proxy is not checked: there are no signing keys (--proxy checks it)")
    if not has_database:
        return ServiceChoice(
            True,
            False,
            "the resource service is not checked: there is no MEMEMIME_DATABASE_URL (--resources checks it)",
        )
    return ServiceChoice(True, True)


def read_settings(variables: Mapping[str, str], *, keys_needed: bool) -> tuple[Settings, list[Finding]]:
    """Return the settings without those that are wrong, and a finding for each wrong one."""
    findings: list[Finding] = []
    remaining, dropped = dict(variables), set[str]()
    while True:
        try:
            return load(remaining, keys_needed=keys_needed), findings
        except SettingsError as error:
            new = [each for each in findings_of(error) if not _names(each) & dropped]
        findings += new
        # What a rule misses because its variable was dropped is no fault of its own.
        wrong_names = set().union(*map(_names, new))
        wrong_variables = {name for name in remaining if name.partition("_")[2] in wrong_names}
        if wrong_variables:
            dropped |= wrong_names
            remaining = {name: value for name, value in remaining.items() if name not in wrong_variables}
        elif keys_needed:
            keys_needed = False
        else:
            return Settings(), findings


def _names(finding: Finding) -> set[str]:
    """Return the settings that a finding names."""
    return {name.partition("_")[2] for name in finding.subject.split(", ")}


def check_settings(
    settings: Settings, variables: Mapping[str, str], checks: Mapping[str, Sequence[SettingsCheck]]
) -> Iterator[Finding]:
    """Check settings against each other and against the services; ``checks``: those that a service makes at its start.

    The same fault is found once.
    """
    for name, near in unknown_variables(Settings, variables).items():
        yield note("settings.unknown", name, f"is no setting; did you mean {near}?" if near else "is no setting")
    seen: set[Finding] = set()
    for service, service_checks in checks.items():
        try:
            check_all(settings, service_checks)
        except SettingsError as error:
            found = set(findings_of(error))
            yield from sorted(found - seen, key=lambda finding: (finding.subject, finding.detail))
            seen |= found
        else:
            yield ok("settings.consistent", f"settings of {service}", f"{len(service_checks)} checks of its start")


def check_keys(settings: Settings, *, proxy: bool, resources: bool) -> Iterator[Finding]:
    """Check signing keys, and those by which services and clients know each other: strength, and what is missing."""
    found = list(weaknesses(settings, proxy=proxy, resources=resources))
    for weakness in found:
        yield wrong("keys.strength", weakness.variable, weakness.detail)
    if proxy and settings.allow_unsigned:
        yield note("keys.strength", variable("allow_unsigned"), "URLs without a signature are served")
    used = {"key": proxy, "token_key": resources, "purge_key": proxy or resources}
    for name, is_used in used.items():
        keys = getattr(settings, name)
        if is_used and keys and all(weakness.variable != settings.variable(name) for weakness in found):
            yield ok("keys.strength", settings.variable(name), f"{len(keys)} key(s) of {MIN_KEY} bytes or more")
    missing = []
    if proxy and settings.resources_url and not settings.resources_api_key:
        missing.append(("resources_api_key", "aliases and assets can only be read where ANONYMOUS_READING allows it"))
    if resources and not settings.token_key:
        missing.append(("token_key", "no upload tokens can be issued or accepted"))
    if resources and settings.read_only and not settings.writer_url:
        missing.append(("writer_url", "clients that send a change do not learn where to send it"))
    if resources and not settings.purge_urls and not settings.purge_feed and not settings.read_only:
        missing.append(("purge_urls", "proxies see a moved alias when they look it up again (ALIAS_FRESHNESS)"))
    for name, consequence in missing:
        yield note("keys.missing", variable(name), f"found nothing: {consequence}")


def findings_of(error: SettingsError) -> Iterator[Finding]:
    """Yield a finding for each line of the error."""
    for line in error.detail.splitlines():
        match = _VARIABLE.fullmatch(line)
        subject, detail = match.groups() if match else ("settings", line)
        yield wrong("settings.value", subject, detail)
