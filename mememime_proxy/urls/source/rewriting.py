"""The operator's rules for source URLs: replacements, the base URL, allowed sources."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mememime_proxy.errors import SettingsError, SourceForbiddenError
from mememime_proxy.urls.source.wildcard import Match, Wildcard

# Go's Regexp.Expand: ${name} and $name, where a name is as long as it can be, and $$ for a dollar sign.
_REFERENCE = re.compile(r"\$(?:(\$)|\{(\w+)\}|(\w+))", re.ASCII)


class Replacement:
    """A rule that rewrites the start of a source URL. ``${1}`` stands for the text that the first star matched."""

    def __init__(self, pattern: str, replacement: str) -> None:
        self._pattern = Wildcard(pattern)
        self._replacement = replacement

    def apply(self, url: str) -> str:
        """Return the rewritten URL; unchanged where the pattern does not match."""
        match = self._pattern.match(url)
        if match is None:
            return url
        return _REFERENCE.sub(lambda reference: _expand(reference, url, match), self._replacement) + url[match.end :]


def _expand(reference: re.Match[str], url: str, match: Match) -> str:
    if reference[1]:
        return "$"
    name = reference[2] or reference[3]
    if not name.isdecimal() or len(name) > 4 or int(name) > len(match.groups):
        return ""
    return match.groups[int(name) - 1] if int(name) else url[: match.end]


def parse_replacements(text: str) -> tuple[Replacement, ...]:
    """Return the rules of MEMEMIME_URL_REPLACEMENTS: ``pattern=replacement;…``. Raises SettingsError."""
    rules = []
    for rule in text.split(";") if text else ():
        pattern, equals, replacement = rule.partition("=")
        if not equals:
            raise SettingsError(f"URL replacements: found {rule!r}, expected pattern=replacement")
        rules.append(Replacement(pattern, replacement))
    return tuple(rules)


class AllowedSources:
    """The allowed sources: those that match one of the patterns, or all if there are no patterns.

    Patterns are prefixes, ``*`` in them is any text without a slash. Hosts of web addresses are matched strictly, see
    :class:`~mememime_proxy.urls.source.wildcard.Wildcard`.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = tuple(Wildcard(pattern, strict_host=True) for pattern in patterns)

    def check(self, url: str) -> None:
        """Return if ``url`` may be used. Raises SourceForbiddenError."""
        if self._patterns and not any(pattern.match(url) for pattern in self._patterns):
            raise SourceForbiddenError(f"not among the allowed sources: {url[:200]!r}")


class SourceRules:
    """The operator's rules for source URLs: replacements in their order, then the base URL, then the allowed sources.

    ``replacements``: as ``parse_replacements`` reads them.
    """

    def __init__(self, *, replacements: str = "", base_url: str = "", allowed: Iterable[str] = ()) -> None:
        self._replacements = parse_replacements(replacements)
        self._base_url = base_url
        self._allowed = AllowedSources(allowed) if allowed else None

    def rewrite(self, url: str) -> str:
        """Return ``url`` after all replacements, with the base URL in front unless it begins with it."""
        for replacement in self._replacements:
            url = replacement.apply(url)
        return url if url.startswith(self._base_url) else self._base_url + url

    def apply(self, url: str) -> str:
        """Return the rewritten ``url``. Raises SourceForbiddenError where it is not an allowed source."""
        return self.checked(self.rewrite(url))

    def checked(self, url: str) -> str:
        """Return ``url`` as it is. Raises SourceForbiddenError where it is not an allowed source."""
        if self._allowed is not None:
            self._allowed.check(url)
        return url
