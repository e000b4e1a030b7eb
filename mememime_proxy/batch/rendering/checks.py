"""What a batch of variants needs, checked before anything begins."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any, Final

from mememime_proxy.batch.pacing import WORKER_NICENESS
from mememime_proxy.batch.rendering.naming import FileNames
from mememime_proxy.batch.rendering.variants import RenderParameters, VariantPlanner
from mememime_proxy.errors import BatchUsageError, SourceForbiddenError, UrlError
from mememime_proxy.settings import sections
from mememime_proxy.settings.settings import Settings
from mememime_proxy.storage.registry import Storages
from mememime_proxy.urls import UrlParser

_OVERRIDES: Final[Mapping[str, Any]] = {
    # A path without signature is parsed as one with it, wherever the service is mounted.
    "allow_unsigned": True,
    "path_prefix": "",
    "only_presets": False,
    "base64_url_includes_filename": False,
    "enable_client_hints": False,
    # A result that cannot be stored is an error; so is an original that cannot be had.
    "cache_report_errors": True,
    "cache_write_policy": "all",
    "fallback_image_data": "",
    "fallback_image_path": "",
    "fallback_image_url": "",
    # Nothing is needed twice.
    "variants_cache_size": 0,
    "originals_cache_size": 0,
    # What the proxy on this machine serves, and its addresses, are its own.
    "prometheus_bind": "",
    # Others go first.
    "worker_niceness": WORKER_NICENESS,
    "nginx_cache_path": "",
}


def batch_settings(settings: Settings) -> Settings:
    """Return the settings of the proxy's parts in a batch. None of the changes has an effect on bytes or keys."""
    return settings.model_copy(update=dict(_OVERRIDES))


def planner_of(settings: Settings, parameters: RenderParameters) -> VariantPlanner:
    """Return the planner of a batch whose presets, options, formats and destination are right.

    BatchUsageError, SettingsError.
    """
    planner = VariantPlanner(settings, parameters)
    parser = UrlParser(sections.url_config(batch_settings(settings)))
    for variant in planner.common:
        try:
            with contextlib.suppress(SourceForbiddenError):
                parser.parse(variant.target("local:///picture"))
        except UrlError as error:
            raise BatchUsageError(f"--preset, --options: {variant.options!r}: {error.detail}") from error
    if not parameters.prefix:
        if parameters.template:
            raise BatchUsageError("--template: found a template, expected --to with a folder or bucket")
        if not settings.cache_use:
            raise BatchUsageError(
                "--to store: found no store of variants, expected MEMEMIME_CACHE_USE and its settings,"
                " or --to with a folder or bucket"
            )
        return planner
    FileNames(parameters.template)
    scheme, mark, rest = parameters.prefix.partition("://")
    storages = Storages(sections.storages_config(settings, writes_assets=False))
    if mark and not storages.permits(scheme, rest.partition("/")[0]):
        raise BatchUsageError(
            f"--to: no storage is configured for {parameters.prefix!r}; see MEMEMIME_USE_S3 and the like"
        )
    return planner
