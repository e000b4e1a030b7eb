"""Checks of the settings: every wrong one is found, and the checks behind go on with those that are right."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mememime_proxy.doctor.findings import Finding, note, ok, wrong
from mememime_proxy.errors import SettingsError
from mememime_proxy.settings import sections
from mememime_proxy.settings.checks import SettingsCheck, check_all
from mememime_proxy.settings.environment import PREFIXES, unknown_variables, variable
from mememime_proxy.settings.settings import Settings, load

_STRONG = 16
"""Bytes of a key that cannot be guessed."""
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


def check_signatures(settings: Settings) -> Iterator[Finding]:
    """Check whether signatures of URLs can be guessed."""
    try:
        weaknesses = sections.url_config(settings).weaknesses()
    except SettingsError:
        return  # found above
    for weakness in weaknesses:
        yield note("settings.signatures", "MEMEMIME_KEY", weakness)
    if not weaknesses:
        yield ok("settings.signatures", "MEMEMIME_KEY", f"{len(settings.key)} key(s) of 16 bytes or more")


def check_keys(settings: Settings, *, proxy: bool, resources: bool) -> Iterator[Finding]:
    """Check keys by which both services and their clients know each other: length, and what is missing without one."""
    for name, keys in (("token_key", settings.token_key), ("purge_key", settings.purge_key)):
        if not keys:
            continue
        if min(map(len, keys)) < _STRONG:
            yield note("keys.strength", variable(name), f"has a key shorter than {_STRONG} bytes, which can be guessed")
        else:
            yield ok("keys.strength", variable(name), f"{len(keys)} key(s) of {_STRONG} bytes or more")
    missing = []
    if proxy and settings.resources_url and not settings.resources_api_key:
        missing.append(("resources_api_key", "aliases and assets can only be read where ANONYMOUS_READING allows it"))
    if resources and not settings.token_key:
        missing.append(("token_key", "no upload tokens can be issued or accepted"))
    if resources and not settings.purge_urls:
        missing.append(("purge_urls", "proxies see a moved alias when they look it up again (ALIAS_FRESHNESS)"))
    for name, consequence in missing:
        yield note("keys.missing", variable(name), f"found nothing: {consequence}")


def findings_of(error: SettingsError) -> Iterator[Finding]:
    """Yield a finding for each line of the error."""
    for line in error.detail.splitlines():
        match = _VARIABLE.fullmatch(line)
        subject, detail = match.groups() if match else ("settings", line)
        yield wrong("settings.value", subject, detail)
