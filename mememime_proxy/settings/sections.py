"""Configurations of the parts of the service, made from the settings."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mememime_proxy import __version__
from mememime_proxy.errors import SettingsError
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
from mememime_proxy.urls.source.rewriting import AllowedSources
from mememime_proxy.workers.config import PoolConfig

_MAX_CONNECTIONS_PER_HOST = 100
_MAX_PORT = 65535


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
        return_attachment=settings.return_attachment,
        limits=limits(settings),
    )


def presets(settings: Settings) -> tuple[str, ...]:
    """Return the definitions of presets: those of the setting, then those of the file. A later one wins."""
    definitions = settings.presets.split(settings.presets_separator or ",")
    if settings.presets_path:
        try:
            text = Path(settings.presets_path).read_text("utf-8")
        except OSError as error:
            raise SettingsError(
                f"{settings.variable('presets_path')}: found {settings.presets_path!r},"
                f" expected a readable file ({error.strerror})"
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
        presets=presets(settings),
        only_presets=settings.only_presets,
        base_url=settings.base_url,
        url_replacements=settings.url_replacements,
        base64_url_includes_filename=settings.base64_url_includes_filename,
        source_url_query_separator=settings.source_url_query_separator,
        source_url_encryption_key=settings.source_url_encryption_key,
        allowed_sources=settings.allowed_sources,
        base_plan=base_plan(settings),
    )


def render_config(settings: Settings) -> RenderConfig:
    """Return the configuration of encoders and decoders: every field is a setting of the same name."""
    return RenderConfig(**{name: getattr(settings, name) for name in RenderConfig.__dataclass_fields__})


def pool_config(settings: Settings) -> PoolConfig:
    """Return the configuration of the worker pool."""
    return PoolConfig(
        size=settings.worker_count,
        queue_size=settings.queue_limit,
        max_jobs=settings.worker_max_jobs,
        max_rss=settings.worker_max_memory,
        memory_limit=settings.worker_memory_limit,
    )


def sources_config(settings: Settings) -> SourcesConfig:
    """Return the configuration of the sources."""
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
        connections_per_host=_MAX_CONNECTIONS_PER_HOST,
        resources=_resources(settings),
    )


def _resources(settings: Settings) -> ResourcesConfig | None:
    """Return the configuration of alias and asset sources, or None."""
    if not settings.resources_url:
        return None
    if not settings.assets_storage:
        raise SettingsError(f"MEMEMIME_ASSETS_STORAGE: found nothing, which {settings.variable('resources_url')} needs")
    return ResourcesConfig(
        url=_url(settings, "resources_url").rstrip("/"),
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
        endpoint=_url(settings, f"{prefix}s3_endpoint"),
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
    return GoogleAccount(key=key, endpoint=_url(settings, f"{prefix}gcs_endpoint"))


def _azure(settings: Settings, prefix: str) -> AzureAccount:
    name = getattr(settings, f"{prefix}abs_name")
    if not name:
        raise SettingsError(
            f"{settings.variable(f'{prefix}abs_name')}: found nothing, expected the name of an Azure account"
        )
    return AzureAccount(
        name=name, key=getattr(settings, f"{prefix}abs_key"), endpoint=_url(settings, f"{prefix}abs_endpoint")
    )


def _url(settings: Settings, name: str) -> str:
    url: str = getattr(settings, name)
    if url and not url.startswith(("http://", "https://")):
        raise SettingsError(f"{settings.variable(name)}: found {url!r}, expected a URL with http:// or https://")
    return url


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


def listen_address(bind: str, network: str, variable: str = "MEMEMIME_BIND") -> tuple[str | None, int] | str:
    """Return host and port of ``bind`` (host None: every address), or the path of a UNIX socket."""
    if network == "unix":
        if not bind:
            raise SettingsError(f"{variable}: found nothing, expected the path of a socket")
        return bind
    match = re.fullmatch(r"(?:\[(?P<six>[0-9a-fA-F:.%]+)\]|(?P<host>[^:\[\]]*)):(?P<port>\d{1,9})", bind or ":8080")
    if match is None:
        raise SettingsError(f"{variable}: found {bind!r}, expected host:port or :port ({_wrong_address(bind)})")
    if int(match["port"]) > _MAX_PORT:
        raise SettingsError(f"{variable}: found {bind!r}, expected host:port or :port (a port is at most {_MAX_PORT})")
    host = match["six"] or match["host"] or {"tcp4": "0.0.0.0", "tcp6": "::"}.get(network)  # noqa: S104 - the default
    return host or None, int(match["port"])


def syslog_address(settings: Settings) -> tuple[str, int] | str:
    """Return host and port of the syslog server, or the path of a socket; '' for this machine's own."""
    if not settings.syslog_network:
        return settings.syslog_address
    address = listen_address(settings.syslog_address or ":0", "tcp", settings.variable("syslog_address"))
    if isinstance(address, str) or not address[0] or not address[1]:
        raise SettingsError(
            f"{settings.variable('syslog_address')}: found {settings.syslog_address!r}, expected host:port,"
            f" which {settings.variable('syslog_network')} needs"
        )
    return address[0], address[1]


def _wrong_address(bind: str) -> str:
    """Return what is wrong with an address that has not the form host:port."""
    if bind.isdecimal():
        return f"for the port alone, write :{bind}"
    if "://" in bind:
        return "an address is no URL"
    if bind.count(":") > 1 and "[" not in bind:
        return "an IPv6 address stands in brackets"
    if "/" in bind:
        return "for the path of a socket, set MEMEMIME_NETWORK=unix"
    return "the port is missing or no number"
