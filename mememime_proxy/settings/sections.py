"""Configurations of the parts of the service, made from the settings."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from mememime_proxy import __version__
from mememime_proxy.color.profile_files import BUILT_IN, read_profiles
from mememime_proxy.errors import OptionError, SettingsError
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.formats.film_still import VideoMoment
from mememime_proxy.plan import ImageLimits, Plan, RenderConfig
from mememime_proxy.settings.settings import Settings
from mememime_proxy.sources.config import ResourcesConfig, SourcesConfig
from mememime_proxy.storage.config import (
    AssetsConfig,
    AzureAccount,
    AzureConfig,
    BucketRule,
    CacheConfig,
    GoogleAccount,
    GoogleConfig,
    S3Config,
    StoragesConfig,
)
from mememime_proxy.storage.s3.accounts import DEFAULT, S3Account, load_accounts
from mememime_proxy.urls.config import UrlConfig
from mememime_proxy.urls.options.media_arguments import parse_ladder
from mememime_proxy.urls.source.rewriting import AllowedSources
from mememime_proxy.workers.config import PoolConfig


def limits(settings: Settings) -> ImageLimits:
    """Return the limits of images, which security options of a URL may change."""
    return ImageLimits(
        max_src_resolution=settings.max_src_resolution,
        max_src_file_size=settings.max_src_file_size,
        max_animation_frames=settings.max_animation_frames,
        max_animation_frame_resolution=settings.max_animation_frame_resolution,
        max_result_dimension=settings.max_result_dimension,
    )


def base_plan(settings: Settings) -> Plan:
    """Return the plan of a URL without options."""
    return Plan(
        auto_rotate=settings.auto_rotate,
        strip_metadata=settings.strip_metadata,
        keep_copyright=settings.keep_copyright,
        strip_color_profile=settings.strip_color_profile,
        preserve_hdr=settings.preserve_hdr,
        enforce_thumbnail=settings.enforce_thumbnail,
        skip_processing=settings.skip_processing_formats,
        best=settings.best_format_by_default,
        return_attachment=settings.return_attachment,
        video_moment=VideoMoment(value=settings.video_thumbnail_second),
        video_key_frames=settings.video_thumbnail_keyframes,
        limits=limits(settings),
    )


def presets(settings: Settings, prefix: Literal["", "info_"] = "") -> tuple[str, ...]:
    """Return the definitions of presets: those of the setting, then those of the file. A later one wins.

    ``prefix``: of the settings' names.
    """
    name, path = f"{prefix}presets_path", getattr(settings, f"{prefix}presets_path")
    definitions: list[str] = getattr(settings, f"{prefix}presets").split(settings.presets_separator or ",")
    if path:
        try:
            text = Path(path).read_text("utf-8")
        except OSError as error:
            raise SettingsError(
                f"{settings.variable(name)}: found {path!r}, expected a readable file ({error.strerror})"
            ) from error
        definitions += text.splitlines()
    return tuple(definitions)


def url_config(settings: Settings) -> UrlConfig:
    """Return the configuration of the URL parser."""
    return UrlConfig(
        key_pairs=tuple(zip(settings.key, settings.salt, strict=True)),
        signature_size=settings.signature_size,
        path_prefix=settings.path_prefix,
        trusted_signatures=frozenset(settings.trusted_signatures),
        allow_unsigned=settings.allow_unsigned,
        arguments_separator=settings.arguments_separator,
        allowed_options=frozenset(settings.allowed_processing_options),
        allow_security_options=settings.allow_security_options,
        max_chained_pipelines=settings.max_chained_pipelines,
        permissions=frozenset({"ALLOW_BYPASS_CACHE"} if settings.allow_bypass_cache else ()),
        presets=presets(settings),
        only_presets=settings.only_presets,
        base_url=settings.base_url,
        url_replacements=settings.url_replacements,
        color_profiles=BUILT_IN.union(read_profiles(settings.color_profiles_dir)),
        watermark_preprocess_url=settings.watermark_preprocess_url,
        fallback_image_preprocess_url=settings.fallback_image_preprocess_url,
        base64_url_includes_filename=settings.base64_url_includes_filename,
        source_url_query_separator=settings.source_url_query_separator,
        source_url_encryption_key=settings.source_url_encryption_key,
        allowed_sources=settings.allowed_sources,
        base_plan=base_plan(settings),
    )


def render_config(settings: Settings) -> RenderConfig:
    """Return the configuration of encoders and decoders: every field is a setting of the same name.

    Formats of results that are disabled are not preferred, and a drawing is rendered where SVG is one of them.
    """
    disabled = settings.disabled_result_formats
    values = settings.nets()
    values |= {name: getattr(settings, name) for name in RenderConfig.__dataclass_fields__ if name not in values}
    values["preferred_formats"] = tuple(name for name in settings.preferred_formats if name not in disabled)
    values["always_rasterize_svg"] = settings.always_rasterize_svg or "svg" in disabled
    return RenderConfig(**values)


def pool_config(settings: Settings) -> PoolConfig:
    """Return the configuration of the worker pool."""
    return PoolConfig(
        size=settings.worker_count,
        queue_size=settings.queue_limit,
        max_jobs=settings.worker_max_jobs,
        max_rss=settings.worker_max_memory,
        memory_limit=settings.worker_memory_limit,
        niceness=settings.worker_niceness,
        fonts_dir=settings.fonts_dir,
        require_sandbox=settings.require_sandbox,
    )


def film_pool_config(settings: Settings) -> PoolConfig:
    """Return the configuration of the pool of workers that read films."""
    film = FilmConfig(
        max_pixels=settings.av_max_resolution,
        max_read=settings.av_max_read,
        max_streams=settings.av_max_streams,
        max_duration=settings.av_max_duration,
        max_fps=settings.av_max_fps,
        max_frames=settings.av_max_frames,
        max_result=settings.av_max_result,
        timeout=settings.av_timeout,
        speed=settings.av_speed,
        watermark_opacity=settings.watermark_opacity,
        codecs=settings.av_codecs,
        probe_size=settings.video_thumbnail_probe_size,
        max_analyze_duration=settings.video_thumbnail_max_analyze_duration * 1000,
    )
    return replace(pool_config(settings), size=settings.film_worker_count, film=film)


def ladder(settings: Settings) -> tuple[str, ...]:
    """Return the renditions of streams whose URLs name none. Raises SettingsError."""
    try:
        return parse_ladder(settings.av_ladder.split(":"))
    except OptionError as error:
        raise SettingsError(f"{settings.variable('av_ladder')}: {error.detail}") from error


def media_configuration(settings: Settings) -> tuple[object, ...]:
    """Return the settings that change the bytes of results of films and sound, as plain data."""
    return (settings.av_max_fps, settings.av_codecs)


def request_timeout(plan: Plan, settings: Settings) -> float:
    """Return the seconds that a request for a plan's result may take."""
    is_long = plan.output_kind is not None or plan.video_tile is not None
    return max(settings.timeout, settings.av_timeout) if is_long else settings.timeout


def sources_config(settings: Settings, *, film_ranges: bool = False) -> SourcesConfig:
    """Return the configuration of the sources. ``film_ranges``: see there."""
    return SourcesConfig(
        local_root=settings.local_filesystem_root,
        allow_loopback=settings.allow_loopback_source_addresses,
        allow_link_local=settings.allow_link_local_source_addresses,
        allow_private=settings.allow_private_source_addresses,
        query_separator=settings.source_url_query_separator,
        check_redirect=AllowedSources(settings.allowed_sources).check if settings.allowed_sources else None,
        verify_tls=not settings.ignore_ssl_verification,
        max_redirects=settings.max_redirects,
        user_agent=settings.user_agent.replace("%current_version", __version__),
        keepalive_timeout=settings.client_keep_alive_timeout,
        connections_per_host=100,
        film_ranges=film_ranges,
        film_blocks=settings.av_block_cache,
        resources=_resources(settings),
    )


def _resources(settings: Settings) -> ResourcesConfig | None:
    """Return the configuration of alias and asset sources, or None."""
    if not settings.resources_url:
        return None
    if not settings.assets_storage:
        raise SettingsError(f"MEMEMIME_ASSETS_STORAGE: found nothing, which {settings.variable('resources_url')} needs")
    return ResourcesConfig(
        url=url(settings, "resources_url").rstrip("/"),
        api_key=settings.resources_api_key,
        freshness=settings.alias_freshness,
        stale=settings.alias_stale,
    )


def storages_config(settings: Settings, *, writes_assets: bool = True) -> StoragesConfig:
    """Return the storages and their permissions. SettingsError, a line for each fault, where settings are wrong."""
    parts: dict[str, Callable[[], Any]] = {
        "s3": lambda: _s3(settings),
        "google": lambda: (
            GoogleConfig(account=_google(settings, ""), rule=_rule(settings, "gcs")) if settings.use_gcs else None
        ),
        "azure": lambda: (
            AzureConfig(account=_azure(settings, ""), rule=_rule(settings, "abs")) if settings.use_abs else None
        ),
        "cache": lambda: _cache(settings),
        "assets": lambda: _assets(settings, writes=writes_assets),
    }
    made: dict[str, Any] = {}
    faults: dict[str, None] = {}
    for name, make in parts.items():
        try:
            made[name] = make()
        except SettingsError as error:
            faults[error.detail] = None
    if faults:
        raise SettingsError("\n".join(faults))
    return StoragesConfig(**made)


def _s3(settings: Settings) -> S3Config | None:
    if not settings.use_s3:
        if settings.s3_accounts:
            raise SettingsError(
                f"{settings.variable('s3_accounts')}: found {settings.s3_accounts!r},"
                " expected MEMEMIME_USE_S3=true with it"
            )
        return None
    try:
        named = load_accounts(settings.s3_accounts, os.environ) if settings.s3_accounts else ()
    except SettingsError as error:
        raise SettingsError(f"{settings.variable('s3_accounts')}: {error.detail}") from error
    return S3Config(default=_s3_account(settings, ""), named=named, rule=_rule(settings, "s3"))


def _s3_account(settings: Settings, prefix: str) -> S3Account:
    return S3Account(
        name=prefix.strip("_") or DEFAULT,
        endpoint=url(settings, f"{prefix}s3_endpoint"),
        region=getattr(settings, f"{prefix}s3_region"),
        path_style=getattr(settings, f"{prefix}s3_endpoint_use_path_style"),
        role_arn=getattr(settings, f"{prefix}s3_assume_role_arn"),
        external_id=getattr(settings, f"{prefix}s3_assume_role_external_id"),
    )


def _google(settings: Settings, prefix: str) -> GoogleAccount:
    key = getattr(settings, f"{prefix}gcs_key")
    if key:
        try:
            valid = "private_key" in json.loads(key)
        except (ValueError, TypeError):
            valid = False
        if not valid:
            # Whatever was found, it is a secret.
            raise SettingsError(
                f"{settings.variable(f'{prefix}gcs_key')}: expected the JSON of a service account's key"
            )
    return GoogleAccount(key=key, endpoint=url(settings, f"{prefix}gcs_endpoint"))


def _azure(settings: Settings, prefix: str) -> AzureAccount:
    name = getattr(settings, f"{prefix}abs_name")
    if not name:
        raise SettingsError(
            f"{settings.variable(f'{prefix}abs_name')}: found nothing, expected the name of an Azure account"
        )
    return AzureAccount(
        name=name, key=getattr(settings, f"{prefix}abs_key"), endpoint=url(settings, f"{prefix}abs_endpoint")
    )


def url(settings: Settings, name: str) -> str:
    """Return the URL in a setting, '' for none. SettingsError for another scheme."""
    value: str = getattr(settings, name)
    if value and not value.startswith(("http://", "https://")):
        raise SettingsError(f"{settings.variable(name)}: found {value!r}, expected a URL with http:// or https://")
    return value


def _rule(settings: Settings, storage: str) -> BucketRule:
    allowed, denied = f"{storage}_allowed_buckets", f"{storage}_denied_buckets"
    try:
        return BucketRule(getattr(settings, allowed), getattr(settings, denied))
    except SettingsError as error:
        raise SettingsError(f"{settings.variable(allowed)}, {settings.variable(denied)}: {error.detail}") from error


def _cache(settings: Settings) -> CacheConfig | None:
    """Return the configuration of the variant store, or None."""
    match settings.cache_use:
        case "":
            return None
        case "fs":
            return CacheConfig(place=_place(settings, "cache_fs_root"))
        case "s3":
            return CacheConfig(place=_place(settings, "cache_bucket"), account=_s3_account(settings, "cache_"))
        case "gcs":
            return CacheConfig(place=_place(settings, "cache_bucket"), account=_google(settings, "cache_"))
        case "abs":
            return CacheConfig(place=_place(settings, "cache_bucket"), account=_azure(settings, "cache_"))


def _assets(settings: Settings, *, writes: bool) -> AssetsConfig | None:
    """Return the configuration of the storage of assets, or None."""
    scheme, mark, rest = settings.assets_storage.partition("://")
    if not settings.assets_storage:
        return None
    if not mark:
        return AssetsConfig(place=settings.assets_storage, writes=writes)
    bucket, _, prefix = rest.partition("/")
    prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
    match scheme:
        case "s3" if bucket:
            return AssetsConfig(place=bucket, prefix=prefix, account=_s3_account(settings, ""))
        case "gs" if bucket:
            return AssetsConfig(place=bucket, prefix=prefix, account=_google(settings, ""))
        case "abs" if bucket:
            return AssetsConfig(place=bucket, prefix=prefix, account=_azure(settings, ""))
    raise SettingsError(
        f"{settings.variable('assets_storage')}: found {settings.assets_storage!r}, expected a folder, or"
        " s3://bucket/prefix, gs://bucket/prefix or abs://container/prefix"
    )


def _place(settings: Settings, name: str) -> str:
    place: str = getattr(settings, name)
    if not place:
        raise SettingsError(
            f"{settings.variable(name)}: found nothing,"
            f" which {settings.variable('cache_use')}={settings.cache_use} needs"
        )
    return place
