"""From the target of ``/info/…`` to a plan whose result is a description of the original."""

from __future__ import annotations

from dataclasses import replace

from mememime_proxy.errors import PathError
from mememime_proxy.formats.info_fields import InfoFields
from mememime_proxy.formats.output_rules import OriginalPolicy
from mememime_proxy.proxy.http.request_parser import ParsedRequest
from mememime_proxy.proxy.variants.keys import VariantKeys
from mememime_proxy.proxy.variants.source_plan import apply_original_policy
from mememime_proxy.settings import sections as config
from mememime_proxy.settings.settings import Settings
from mememime_proxy.urls.options.info.table import INFO_BY_NAME
from mememime_proxy.urls.parser import UrlParser


class InfoParser:
    """Parses request targets. A signature covers what follows it, as that of a picture does, and not ``/info``."""

    def __init__(self, settings: Settings, keys: VariantKeys) -> None:
        urls = replace(
            config.url_config(settings),
            presets=config.presets(settings, "info_"),
            only_presets=settings.info_only_presets,
            allowed_options=frozenset(settings.allowed_info_options),
            max_chained_pipelines=1,
            path_prefix="",
        )
        self._parser = UrlParser(urls, INFO_BY_NAME)
        self._base_plan = replace(config.base_plan(settings), info=InfoFields(), skip_processing=())
        self._original_policy = OriginalPolicy(settings.original_policy)
        self._keys = keys

    def parse(self, target: str) -> ParsedRequest:
        """Return what a target asks for, from behind ``/info`` on. Raises as ``UrlParser.parse``.

        PathError where it names a format.
        """
        plan, options, signing_key = self._parser.parse_with_options(target, initial=self._base_plan)
        if plan.format:
            raise PathError(f"found the extension {plan.format!r}, and a description has none")
        plan = apply_original_policy(plan, self._original_policy)
        return ParsedRequest.of(plan, self._keys.key(plan), "", options, signing_key)
