"""What the operator does to source URLs: replacements, the base URL, and which of them are allowed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from mememime_proxy.errors import SettingsError, SourceForbiddenError
from mememime_proxy.urls.source.wildcard import Match, Wildcard

# Go's Regexp.Expand: ${name} and $name, where a name is as long as it can be, and $$ for a dollar sign.
_REFERENCE = re.compile(r"\$(?:(\$)|\{(\w+)\}|(\w+))", re.ASCII)


class Replacement:
    """Rewrites the start of a source URL: a pattern with stars, and ``${1}`` in place of what the first one matched."""

    def __init__(self, pattern: str, replacement: str) -> None:
        self._pattern = Wildcard(pattern)
        self._replacement = replacement

    def apply(self, url: str) -> str:
        """The rewritten URL, or the same where the pattern does not match."""
        match = self._pattern.match(url)
        if match is None:
            return url
        return _REFERENCE.sub(lambda found: _expand(found, url, match), self._replacement) + url[match.end :]


def _expand(found: re.Match[str], url: str, match: Match) -> str:
    if found[1]:
        return "$"
    name = found[2] or found[3]
    if not name.isdecimal() or len(name) > 4 or int(name) > len(match.groups):
        return ""
    return match.groups[int(name) - 1] if int(name) else url[: match.end]


def replacements(text: str) -> tuple[Replacement, ...]:
    """The rules of MEMEMIME_URL_REPLACEMENTS: ``pattern=replacement;…``. Raises SettingsError."""
    rules = []
    for rule in text.split(";") if text else ():
        pattern, equals, replacement = rule.partition("=")
        if not equals:
            raise SettingsError(f"URL replacements: found {rule!r}, expected pattern=replacement")
        rules.append(Replacement(pattern, replacement))
    return tuple(rules)


class AllowedSources:
    """The sources that may be used: those that match one of the patterns; without patterns, all.

    Patterns are prefixes, ``*`` in them is any text without a slash. Hosts of web addresses are matched strictly, see
    :class:`~mememime_proxy.urls.source.wildcard.Wildcard`.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = tuple(Wildcard(pattern, strict_host=True) for pattern in patterns)

    def check(self, url: str) -> None:
        """Return if ``url`` may be used. Raises SourceForbiddenError."""
        if self._patterns and not any(pattern.match(url) for pattern in self._patterns):
            raise SourceForbiddenError(f"not among the allowed sources: {url[:200]!r}")


def rewrite(url: str, rules: Sequence[Replacement], base_url: str) -> str:
    """``url`` after all ``rules`` in their order, with ``base_url`` in front unless it is there already."""
    for rule in rules:
        url = rule.apply(url)
    return url if url.startswith(base_url) else base_url + url
