"""If-Match and If-None-Match of things that count their versions (RFC 9110 13.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mememime_proxy.errors import RequestError
from mememime_proxy.resources.aliases.service import Condition

_VERSION = re.compile(r'"(\d{1,9})"', re.ASCII)


def version_etag(version: int) -> str:
    """The entity tag of a version."""
    return f'"{version}"'


def condition(headers: Mapping[str, str]) -> Condition:
    """What a change depends on. RequestError for what is neither ``*`` nor one version in quotes."""
    match, none_match = headers.get("If-Match", "").strip(), headers.get("If-None-Match", "").strip()
    if match and none_match:
        raise RequestError("found both If-Match and If-None-Match, expected one of them")
    if none_match:
        if none_match != "*":
            raise RequestError(f"found If-None-Match: {none_match[:80]}, expected *")
        return Condition(absent=True)
    if match == "*":
        return Condition(exists=True)
    if match:
        version = _VERSION.fullmatch(match)
        if version is None:
            raise RequestError(f'found If-Match: {match[:80]}, expected * or one version as "7"')
        return Condition(version=int(version[1]))
    return Condition()
