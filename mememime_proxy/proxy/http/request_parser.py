"""From a request target and headers to a plan. Parsed URLs are cached, so that a signature is verified once."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from cachetools import LRUCache

from mememime_proxy.errors import MememimeError
from mememime_proxy.formats import check_result_enabled
from mememime_proxy.formats.output_rules import OriginalPolicy
from mememime_proxy.formats.outputs import OUTPUTS, OutputKind
from mememime_proxy.formats.stream_members import parse_member
from mememime_proxy.plan import Plan
from mememime_proxy.proxy.http.negotiation import Negotiation
from mememime_proxy.proxy.model import SourceKey
from mememime_proxy.proxy.variants.keys import VariantKeys
from mememime_proxy.proxy.variants.source_plan import apply_original_policy
from mememime_proxy.settings import sections as config
from mememime_proxy.settings.settings import Settings
from mememime_proxy.urls.parser import UrlParser
from mememime_proxy.workers.scheduling.flow import NO_FLOW, Flow

_MAX_URLS = 4096
_MAX_LENGTH = 2048
"""Characters of a path, and of a header that takes part in the negotiation, up to which a parsed URL is cached."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class ParsedRequest:
    """The parsed form of requests with one URL and equal negotiated headers."""

    plan: Plan
    key: bytes
    """Of the variant."""
    vary: str
    """Value of the Vary header of responses; '' for none."""
    source: SourceKey
    options: str = ""
    """As they are written in the URL; for the log."""
    flow: Flow = NO_FLOW
    by_presets: bool = False
    """Whether the options of the URL that change pixels are presets."""

    @classmethod
    def of(
        cls,
        plan: Plan,
        key: bytes,
        vary: str,
        options: str = "",
        signing_key: int = -1,
        *,
        by_presets: bool = False,
    ) -> ParsedRequest:
        """Return the parsed URL of a plan whose original depends on no request headers."""
        return cls(plan, key, vary, SourceKey.of(plan.source), options, Flow.of(signing_key, plan.source), by_presets)


class RequestParser:
    """Parses request targets. Only verified URLs are cached, and only until they expire."""

    def __init__(self, settings: Settings, parser: UrlParser, negotiation: Negotiation, keys: VariantKeys) -> None:
        self._base_plan = config.base_plan(settings)
        self._original_policy = OriginalPolicy(settings.original_policy)
        self._disabled_formats = settings.disabled_result_formats
        self._parser = parser
        self._negotiation = negotiation
        self._keys = keys
        self._header_names = tuple(name.strip() for name in negotiation.vary.split(",") if name.strip())
        self._ladder = config.ladder(settings)
        self._urls: LRUCache[tuple[str, ...], ParsedRequest] = LRUCache(_MAX_URLS)

    def parse(self, target: str, headers: Mapping[str, str]) -> ParsedRequest:
        """Return what a raw request target asks for, from a client with these headers. Raises as ``UrlParser.parse``.

        FormatDisabledError where it names a format of results that is disabled. The query is ignored.
        """
        cache_key = (target.partition("?")[0], *[headers.get(name, "") for name in self._header_names])
        parsed = self._urls.get(cache_key)
        if parsed is not None and (not parsed.plan.expires or parsed.plan.expires >= int(time.time())):
            return parsed
        plan, negotiation = self._base_plan, self._negotiation
        if self._header_names:
            plan, options, signing_key = self._parser.parse_with_options(
                target, initial=negotiation.apply(plan, headers)
            )
            plan = negotiation.normalize(plan)
        else:
            plan, options, signing_key = self._parser.parse_with_options(target, initial=plan)
        check_result_enabled(plan.format, self._disabled_formats)
        plan = self._with_ladder(plan)
        if self._original_policy is not OriginalPolicy.ALLOW:
            plan = apply_original_policy(plan, self._original_policy)
        vary = negotiation.vary_of(plan) if self._header_names else ""
        by_presets = self._parser.has_only_presets(options)
        parsed = ParsedRequest.of(plan, self._keys.key(plan), vary, options, signing_key, by_presets=by_presets)
        if max(map(len, cache_key)) <= _MAX_LENGTH:
            self._urls[cache_key] = parsed
        return parsed

    def stream_link(self, target: str) -> str:
        """Return the value of a Link header with the stream that shows what a request target does; '' for none."""
        try:
            stream = self._parser.stream_target(target)
            return stream and f'<{stream}>; rel="alternate"; type="{OUTPUTS["m3u8"].mime}"'
        except MememimeError:
            return ""

    def _with_ladder(self, plan: Plan) -> Plan:
        """Return the plan of a stream with the operator's ladder, where it names none. Raises MemberError."""
        if plan.output_kind is not OutputKind.STREAM or plan.media.ladder:
            return plan
        if plan.media.member:
            parse_member(plan.media.member, self._ladder)
        return replace(plan, media=replace(plan.media, ladder=self._ladder))
