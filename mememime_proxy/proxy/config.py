"""Settings, cut into what each part of the service needs to know."""

from __future__ import annotations

import re
from pathlib import Path

from mememime_proxy import __version__
from mememime_proxy.errors import SettingsError
from mememime_proxy.plan import Limits, Plan, RenderConfig
from mememime_proxy.settings import Settings
from mememime_proxy.sources.config import SourcesConfig
from mememime_proxy.urls.config import UrlConfig
from mememime_proxy.urls.rewriting import AllowedSources
from mememime_proxy.workers.config import PoolConfig

_MAX_CONNECTIONS_PER_HOST = 100


def limits(settings: Settings) -> Limits:
    """Limits that hold unless a URL may change them and does."""
    return Limits(
        max_src_resolution=settings.max_src_resolution,
        max_src_file_size=settings.max_src_file_size,
        max_animation_frames=settings.max_animation_frames,
        max_animation_frame_resolution=settings.max_animation_frame_resolution,
        max_result_dimension=settings.max_result_dimension,
    )


def base_plan(settings: Settings) -> Plan:
    """What a URL without any option asks for."""
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
    """Definitions of presets: those of the setting, then those of the file; a later one wins."""
    found = settings.presets.split(settings.presets_separator or ",")
    if settings.presets_path:
        try:
            text = Path(settings.presets_path).read_text("utf-8")
        except OSError as error:
            raise SettingsError(
                f"MEMEMIME_PRESETS_PATH: found {settings.presets_path!r}, expected a readable file ({error.strerror})"
            ) from error
        found += text.splitlines()
    return tuple(found)


def url_config(settings: Settings) -> UrlConfig:
    """What the URL parser goes by."""
    return UrlConfig(
        key_pairs=tuple(zip(settings.key, settings.salt, strict=True)),
        signature_size=settings.signature_size,
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
    """What encoders and decoders go by: every field is a setting of the same name."""
    return RenderConfig(**{name: getattr(settings, name) for name in RenderConfig.__dataclass_fields__})


def pool_config(settings: Settings) -> PoolConfig:
    """Sizes and limits of the worker pool."""
    return PoolConfig(
        size=settings.worker_count,
        queue_size=settings.queue_limit,
        max_jobs=settings.worker_max_jobs,
        max_rss=settings.worker_max_memory,
        memory_limit=settings.worker_memory_limit,
    )


def sources_config(settings: Settings) -> SourcesConfig:
    """How originals are fetched."""
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
    )


def listen_address(bind: str, network: str, variable: str = "MEMEMIME_BIND") -> tuple[str | None, int] | str:
    """Host and port of ``bind`` (host None: every address), or a UNIX socket's path."""
    if network == "unix":
        if not bind:
            raise SettingsError(f"{variable}: found nothing, expected the path of a socket")
        return bind
    match = re.fullmatch(r"(?:\[(?P<six>[0-9a-fA-F:.%]+)\]|(?P<host>[^:\[\]]*)):(?P<port>\d{1,5})", bind or ":8080")
    if match is None or int(match["port"]) > 65535:
        raise SettingsError(f"{variable}: found {bind!r}, expected host:port or :port")
    host = match["six"] or match["host"] or {"tcp4": "0.0.0.0", "tcp6": "::"}.get(network)  # noqa: S104 - the default
    return host or None, int(match["port"])
