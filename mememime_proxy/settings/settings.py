"""The one list of settings: name, type, range, default and meaning of each.

A field ``quality`` is the variable ``MEMEMIME_QUALITY``, or ``IMGPROXY_QUALITY`` where ours is not set. The command line,
the documentation (``docs/settings.md``) and the start-up check are made from this list.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from mememime_proxy.errors import SettingsError
from mememime_proxy.settings.environment import (
    Base64,
    Bool,
    EmptyCounts,
    Expected,
    Float,
    FormatQuality,
    Formats,
    HexKey,
    HexKeys,
    Instant,
    Int,
    Mebibytes,
    Megapixels,
    Names,
    Seconds,
    SecretText,
    Text,
    read,
    with_file,
)


def _setting(section: str, default: Any, meaning: str, **limits: Any) -> Any:
    return Field(default=default, description=meaning, json_schema_extra={"section": section}, **limits)


_QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""Where a container sees its limit on CPU time: microseconds of CPU, or ``max``, in so many microseconds."""


def _cpus() -> int:
    """CPUs that this process may keep busy: those of the machine, or what a container is limited to, rounded up."""
    cpus = len(os.sched_getaffinity(0))
    try:
        quota, period = _QUOTA.read_text().split()
        return max(1, min(cpus, math.ceil(int(quota) / int(period))))
    except (OSError, ValueError):
        return cpus


class Settings(BaseModel):
    """All settings, checked. Frozen: what a process started with holds until it ends."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=False)

    # fmt: off
    # --- signature
    key: HexKeys = _setting("Signature", (), "Signing keys in hexadecimal; several by commas, any of them may have signed.")
    salt: HexKeys = _setting("Signature", (), "Salts in hexadecimal, one for each key.")
    signature_size: Int = _setting("Signature", 32, "Bytes of the HMAC that a signature carries.", ge=1, le=32)
    trusted_signatures: Names = _setting("Signature", (), "Texts that are accepted as a signature without being checked.")
    allow_unsigned: Bool = _setting("Signature", False, "Serve URLs without a signature. Without this setting and without keys the service does not start; with keys, only the signatures `unsafe`, `insecure` and `_` pass unchecked.")

    # --- server
    bind: Text = _setting("Server", "", "Address to listen on: `host:port`, `:port`, or a socket's path with NETWORK `unix`. Default `:8080`, or the port in `PORT`.")
    network: Literal["tcp", "tcp4", "tcp6", "unix"] = _setting("Server", "tcp", "Kind of the listening socket.")
    path_prefix: Text = _setting("Server", "", "Prefix of every path, for a service that is not at the root of its host.")
    timeout: Seconds = _setting("Server", 10, "Time for one request, waiting included. A render that takes longer is killed.", gt=0)
    read_request_timeout: Seconds = _setting("Server", 10, "Time for a client to send its request head.", gt=0)
    keep_alive_timeout: Seconds = _setting("Server", 10, "Time that an idle client connection stays open; 0 closes after each answer.", ge=0)
    client_keep_alive_timeout: Seconds = _setting("Server", 90, "Time that an idle connection to a source stays open; 0 closes after each answer.", ge=0)
    graceful_stop_timeout: Seconds = _setting("Server", 20, "Time for requests in flight to finish after SIGTERM.", ge=0)
    download_timeout: Seconds = _setting("Server", 5, "Time to fetch an original.", gt=0)
    max_clients: Int = _setting("Server", 2048, "Requests in the process at once, further ones get 503; 0 = no limit.", ge=0)
    workers: Int = _setting("Server", 0, "Processes that render; 0 = one for each CPU.", ge=0)
    requests_queue_size: Int = _setting("Server", 512, "Renders that may wait for a worker, further ones get 429; 0 = as many as MAX_CLIENTS.", ge=0)
    max_redirects: Int = _setting("Server", 10, "Redirects that are followed to an original.", ge=0)
    ttl: Seconds = _setting("Server", 31536000, "Seconds that clients and caches may keep a picture.", ge=0)
    cache_control_passthrough: Bool = _setting("Server", False, "Use the source's Cache-Control or Expires in place of TTL.")
    set_canonical_header: Bool = _setting("Server", False, "Send `Link: <source>; rel=\"canonical\"` for sources on the web.")
    so_reuseport: Bool = _setting("Server", False, "Let several processes listen on the same address.")
    user_agent: Text = _setting("Server", "mememime/%current_version", "User-Agent towards sources.")
    secret: SecretText = _setting("Server", "", "If set, requests need `Authorization: Bearer SECRET`.")
    allow_origin: Text = _setting("Server", "", "If set, the origin that CORS headers allow.")
    health_check_path: Text = _setting("Server", "", "A further path that answers like `/health`.")
    enable_debug_headers: Bool = _setting("Server", False, "Send X-Origin-… and X-Result-… headers with sizes.")
    development_errors_mode: Bool = _setting("Server", False, "Tell the client an error's details. Not for production.")
    use_etag: Bool = _setting("Server", True, "Send ETag and answer If-None-Match.")
    etag_buster: Text = _setting("Server", "", "Change it, and every ETag changes.")
    use_last_modified: Bool = _setting("Server", True, "Send Last-Modified and answer If-Modified-Since.")
    last_modified_buster: Instant = _setting("Server", None, "No Last-Modified is older than this time.")

    # --- workers
    worker_max_jobs: Int = _setting("Workers", 2000, "Renders after which a worker process is replaced; 0 = never.", ge=0)
    worker_max_memory: Mebibytes = _setting("Workers", 512 << 20, "Resident memory (MiB) after which a worker process is replaced; 0 = never.", ge=0)
    worker_memory_limit: Mebibytes = _setting("Workers", 4096 << 20, "Address space (MiB) of a worker; a render that needs more ends with an error. 0 = no limit.", ge=0)

    # --- security
    max_src_resolution: Megapixels = _setting("Security", 50_000_000, "Megapixels of an original, all frames together.", gt=0)
    max_src_file_size: Int = _setting("Security", 64 << 20, "Bytes of an original; 0 = no limit.", ge=0)
    max_animation_frames: Int = _setting("Security", 1, "Frames of an animation that are used.", gt=0)
    max_animation_frame_resolution: Megapixels = _setting("Security", 0, "Megapixels of one frame; replaces the limit on all frames together. 0 = off.", ge=0)
    max_result_dimension: Int = _setting("Security", 0, "Longest side of a result in pixels; larger ones are scaled down. 0 = no limit.", ge=0)
    allowed_sources: Names = _setting("Security", (), "Prefixes of sources that may be used, `*` for anything but `/`; empty = all.")
    allowed_processing_options: Names = _setting("Security", (), "Options that URLs may use, each spelling for itself; empty = all.")
    allow_security_options: Bool = _setting("Security", False, "Let URLs change the security limits.")
    allow_loopback_source_addresses: Bool = _setting("Security", False, "Fetch from loopback addresses.")
    allow_link_local_source_addresses: Bool = _setting("Security", False, "Fetch from link-local and multicast addresses.")
    allow_private_source_addresses: Bool = _setting("Security", False, "Fetch from private networks (imgproxy allows this by default).")
    sanitize_svg: Bool = _setting("Security", True, "Remove scripts and references from SVGs that are passed on.")
    png_unlimited: Bool = _setting("Security", False, "Lift the decoder's own limits for PNG.")
    svg_unlimited: Bool = _setting("Security", False, "Lift the decoder's own limits for SVG.")
    tiff_unlimited: Bool = _setting("Security", False, "Lift the decoder's own limits for TIFF.")
    ignore_ssl_verification: Bool = _setting("Security", False, "Accept any certificate from sources.")
    source_url_encryption_key: HexKey = _setting("Security", b"", "AES key for encrypted source URLs: 16, 24 or 32 bytes in hexadecimal.")
    cookie_passthrough: Bool = _setting("Security", False, "Send the client's cookies to sources on COOKIE_BASE_URL's host.")
    cookie_passthrough_all: Bool = _setting("Security", False, "With COOKIE_PASSTHROUGH, send them to every source.")
    cookie_base_url: Text = _setting("Security", "", "The URL whose host gets the cookies; empty = the host the client asked.")

    # --- compression
    quality: Int = _setting("Compression", 80, "Quality where nothing else says one.", ge=1, le=100)
    format_quality: FormatQuality = _setting("Compression", {"webp": 79, "avif": 63, "jxl": 77}, "Quality for single formats.")
    jpeg_progressive: Bool = _setting("Compression", False, "Progressive JPEG.")
    png_interlaced: Bool = _setting("Compression", False, "Interlaced PNG.")
    png_quantize: Bool = _setting("Compression", False, "PNG with a palette.")
    png_quantization_colors: Int = _setting("Compression", 256, "Colours of that palette.", ge=2, le=256)
    webp_effort: Int = _setting("Compression", 4, "WebP: 1 fast to 6 small.", ge=1, le=6)
    webp_preset: Literal["default", "photo", "picture", "drawing", "icon", "text"] = _setting("Compression", "default", "WebP: the kind of picture.")
    avif_speed: Int = _setting("Compression", 8, "AVIF: 0 small to 9 fast. Below 7 an encode takes many times longer for few bytes.", ge=0, le=9)
    jxl_effort: Int = _setting("Compression", 4, "JPEG XL: 1 fast to 9 small.", ge=1, le=9)

    # --- formats
    auto_webp: Bool = _setting("Formats", False, "WebP for clients that accept it, unless the URL names a format.")
    auto_avif: Bool = _setting("Formats", False, "AVIF for clients that accept it, unless the URL names a format.")
    auto_jxl: Bool = _setting("Formats", False, "JPEG XL for clients that accept it, unless the URL names a format.")
    enforce_webp: Bool = _setting("Formats", False, "WebP for clients that accept it, whatever the URL says.")
    enforce_avif: Bool = _setting("Formats", False, "AVIF for clients that accept it, whatever the URL says.")
    enforce_jxl: Bool = _setting("Formats", False, "JPEG XL for clients that accept it, whatever the URL says.")
    preferred_formats: Formats = _setting("Formats", ("jpeg", "png", "gif"), "Formats to choose from where nothing else decides, best first.", min_length=1)
    skip_processing_formats: Formats = _setting("Formats", (), "Originals of these formats are passed on unchanged when the result would have the same format.")
    enable_client_hints: Bool = _setting("Formats", False, "Use the DPR and Width client hints as defaults.")
    always_rasterize_svg: Bool = _setting("Formats", False, "Render SVG even where it could be passed on.")
    preserve_hdr: Bool = _setting("Formats", False, "Keep 16 bit and gain maps where the format can hold them.")
    use_linear_colorspace: Bool = _setting("Formats", False, "Resize in linear light: slower, more exact.")
    disable_shrink_on_load: Bool = _setting("Formats", False, "Decode at full size before resizing: slower, more exact.")
    strip_metadata: Bool = _setting("Formats", True, "Drop EXIF, XMP and IPTC.")
    keep_copyright: Bool = _setting("Formats", True, "Keep author and copyright when metadata is dropped.")
    strip_color_profile: Bool = _setting("Formats", True, "Convert to sRGB and drop the profile.")
    auto_rotate: Bool = _setting("Formats", True, "Turn pictures upright as their EXIF orientation says.")
    enforce_thumbnail: Bool = _setting("Formats", False, "Use the thumbnail embedded in HEIC and AVIF as the source.")
    return_attachment: Bool = _setting("Formats", False, "Send `Content-Disposition: attachment`.")

    # --- watermark, fallback
    watermark_data: Base64 = _setting("Watermark and fallback", b"", "The watermark, in base64.")
    watermark_path: Text = _setting("Watermark and fallback", "", "The watermark's file.")
    watermark_url: Text = _setting("Watermark and fallback", "", "The watermark's URL; fetched at start.")
    watermark_opacity: Float = _setting("Watermark and fallback", 1.0, "Opacity that each URL's own is multiplied with.", ge=0, le=1)
    fallback_image_data: Base64 = _setting("Watermark and fallback", b"", "Picture in place of originals that cannot be had, in base64.")
    fallback_image_path: Text = _setting("Watermark and fallback", "", "Its file.")
    fallback_image_url: Text = _setting("Watermark and fallback", "", "Its URL; fetched at start.")
    fallback_image_http_code: Annotated[int, Expected("0, or a status from 100 to 599")] = _setting("Watermark and fallback", 200, "Status that it is sent with; 0 = the error's own.", ge=0, le=599)
    fallback_image_ttl: Seconds = _setting("Watermark and fallback", 0, "Seconds that caches may keep it; 0 = TTL.", ge=0)

    # --- URLs, presets
    arguments_separator: Annotated[str, Expected("text that is not empty")] = _setting("URLs and presets", ":", "What stands between an option's arguments.", min_length=1)
    base_url: Text = _setting("URLs and presets", "", "Prefix of every source URL that does not start with it.")
    url_replacements: Text = _setting("URLs and presets", "", "Rewrites of source URLs: `pattern=replacement;…`, `*` matches anything but `/`, `${1}` repeats it.")
    base64_url_includes_filename: Bool = _setting("URLs and presets", False, "The last part of an encoded source is a file name to be ignored.")
    source_url_query_separator: Annotated[str, Expected("text"), EmptyCounts()] = _setting("URLs and presets", "?", "What stands before the version in an object storage URL; empty = nothing does.")
    presets: Text = _setting("URLs and presets", "", "Presets: `name=option:arg/option:arg`, several by PRESETS_SEPARATOR.")
    presets_separator: Text = _setting("URLs and presets", ",", "What stands between presets.")
    presets_path: Text = _setting("URLs and presets", "", "A file with one preset a line.")
    only_presets: Bool = _setting("URLs and presets", False, "URLs name presets and nothing else.")

    # --- storage
    local_filesystem_root: Text = _setting("Storage", "", "Folder that `local:///` URLs are read from; empty = off.")
    use_s3: Bool = _setting("Storage", False, "Read `s3://bucket/key?version` with the usual AWS credentials.")
    s3_region: Text = _setting("Storage", "", "Region; empty = the AWS configuration's own, else us-west-1.")
    s3_endpoint: Text = _setting("Storage", "", "URL of another server that speaks S3.")
    s3_endpoint_use_path_style: Bool = _setting("Storage", True, "With S3_ENDPOINT, the bucket stands in the path, not in the host name.")
    s3_assume_role_arn: Text = _setting("Storage", "", "Role to assume.")
    s3_assume_role_external_id: Text = _setting("Storage", "", "External id for that role.")
    s3_allowed_buckets: Names = _setting("Storage", (), "Buckets that may be read, `*` for anything; empty = all.")
    s3_denied_buckets: Names = _setting("Storage", (), "Buckets that may not be read, whatever else allows them.")
    s3_accounts: Text = _setting("Storage", "", "A TOML file of further accounts: endpoint, region, credentials and the buckets each one answers for. `s3://name@bucket/key` names one.")
    use_gcs: Bool = _setting("Storage", False, "Read `gs://bucket/key?generation` (extra `cloud`).")
    gcs_key: SecretText = _setting("Storage", "", "Service account key, as JSON; empty = the usual Google credentials.")
    gcs_endpoint: Text = _setting("Storage", "", "URL of another server that speaks Google's API.")
    gcs_allowed_buckets: Names = _setting("Storage", (), "Buckets that may be read, `*` for anything; empty = all.")
    gcs_denied_buckets: Names = _setting("Storage", (), "Buckets that may not be read, whatever else allows them.")
    use_abs: Bool = _setting("Storage", False, "Read `abs://container/key?version` (extra `cloud`).")
    abs_name: Text = _setting("Storage", "", "Azure account.")
    abs_key: SecretText = _setting("Storage", "", "Its key; empty = the usual Azure credentials.")
    abs_endpoint: Text = _setting("Storage", "", "URL of another server that speaks Azure's API.")
    abs_allowed_buckets: Names = _setting("Storage", (), "Containers that may be read, `*` for anything; empty = all.")
    abs_denied_buckets: Names = _setting("Storage", (), "Containers that may not be read, whatever else allows them.")

    # --- caches
    originals_cache_size: Mebibytes = _setting("Caches", 64 << 20, "MiB of originals that are kept in memory; 0 = none. Those of a srcset are fetched once then.", ge=0)
    variants_cache_size: Mebibytes = _setting("Caches", 64 << 20, "MiB of results that are kept in memory; 0 = none.", ge=0)
    source_freshness: Seconds = _setting("Caches", 5, "Seconds for which a source is not asked again whether it changed. Local files are always looked at.", ge=0)
    cache_use: Literal["", "fs", "s3", "gcs", "abs"] = _setting("Caches", "", "Where results are kept for longer and for other processes; empty = nowhere.")
    cache_fs_root: Text = _setting("Caches", "", "Folder of the kept results, for `fs`.")
    cache_fs_max_size: Mebibytes = _setting("Caches", 10240 << 20, "MiB of that folder's results; above it, those that were written longest ago are removed.", ge=1)
    cache_bucket: Text = _setting("Caches", "", "Bucket of the kept results, for `s3`, `gcs` and `abs`.")
    cache_path_prefix: Text = _setting("Caches", "", "Prefix of their keys.")
    cache_s3_region: Text = _setting("Caches", "", "Like S3_REGION, for kept results.")
    cache_s3_endpoint: Text = _setting("Caches", "", "Like S3_ENDPOINT, for kept results.")
    cache_s3_endpoint_use_path_style: Bool = _setting("Caches", True, "Like S3_ENDPOINT_USE_PATH_STYLE, for kept results.")
    cache_s3_assume_role_arn: Text = _setting("Caches", "", "Like S3_ASSUME_ROLE_ARN, for kept results.")
    cache_s3_assume_role_external_id: Text = _setting("Caches", "", "Like S3_ASSUME_ROLE_EXTERNAL_ID, for kept results.")
    cache_gcs_key: SecretText = _setting("Caches", "", "Like GCS_KEY, for kept results.")
    cache_gcs_endpoint: Text = _setting("Caches", "", "Like GCS_ENDPOINT, for kept results.")
    cache_abs_name: Text = _setting("Caches", "", "Like ABS_NAME, for kept results.")
    cache_abs_key: SecretText = _setting("Caches", "", "Like ABS_KEY, for kept results.")
    cache_abs_endpoint: Text = _setting("Caches", "", "Like ABS_ENDPOINT, for kept results.")
    cache_report_errors: Bool = _setting("Caches", False, "A request fails where its kept result cannot be read or written, in place of a warning in the log.")
    cache_tags_format: Literal["all", "cloudfront", "cloudflare", "none"] = _setting("Caches", "all", "Headers that name the source for a CDN's purge by tag: `Surrogate-Key` and `Cache-Tag` (`all`), `Cache-Tag` (`cloudflare`, `cloudfront`) or none.")
    purge_key: HexKey = _setting("Caches", b"", "Key of purge tokens in hexadecimal; empty = nothing can be purged over HTTP.")
    nginx_cache_path: Text = _setting("Caches", "", "Folder of an NGINX cache that this process may write to: a purge removes its files as well.")

    # --- resources
    resources_url: Text = _setting("Resources", "", "Where the proxy finds the resource service, as `http://host:port`: switches on `alias://` and `asset://`. Needs ASSETS_STORAGE, too.")
    resources_api_key: SecretText = _setting("Resources", "", "The proxy's API key at the resource service; its role need only be `read`.")
    alias_freshness: Seconds = _setting("Resources", 0.5, "Time for which the proxy takes what it knows of an alias or asset for true.", ge=0)
    alias_stale: Seconds = _setting("Resources", 86400, "Time for which the proxy serves what it knows of an alias or asset while the resource service is down.", ge=0)
    alias_ttl: Seconds = _setting("Resources", 60, "Time that browsers may keep a picture of an alias, if TTL is not shorter: nobody can tell them that it moved. With NGINX_CACHE_PATH, shared caches may keep it for TTL, as purges reach them.", ge=0)
    assets_storage: Text = _setting("Resources", "", "Where originals of assets are kept: a folder, or `s3://bucket/prefix`, `gs://bucket/prefix`, `abs://container/prefix` with the accounts of the storage settings.")
    resources_bind: Text = _setting("Resources", ":8081", "Address that the resource service listens on, as BIND has it.")
    resources_public_url: Text = _setting("Resources", "", "How clients reach the resource service, for the addresses that it gives out; empty = as each request says.")
    database_url: SecretText = _setting("Resources", "", "`sqlite:////path/to/file.db` or `postgresql://user:password@host/name` (extra `postgres`).")
    token_key: HexKeys = _setting("Resources", (), "Keys in hexadecimal that sign upload tokens; several by commas: the last one signs, each is accepted.")
    admin_api_key: SecretText = _setting("Resources", "", "An API key with the role `admin` that is always good, to make the first ones with; at least 32 characters.")
    anonymous_reading: Bool = _setting("Resources", False, "Whether everybody may read facts of assets and aliases without a key.")
    spool_path: Text = _setting("Resources", "", "Folder for uploads while they are verified, as large as the largest ones at work at once; empty = the system's for temporary files.")
    upload_max_size: Mebibytes = _setting("Resources", 1 << 30, "Largest upload, in MiB.", gt=0)
    upload_piece_size: Mebibytes = _setting("Resources", 4 << 20, "Bytes of a resumable upload that are made durable at a time, in MiB: up to three times so much memory for each upload under way.", gt=0)
    upload_expiry: Seconds = _setting("Resources", 86400, "Time after which a resumable upload that nobody goes on with is dropped.", gt=0)
    upload_min_rate: Int = _setting("Resources", 1024, "Bytes a second, over any 30 seconds, below which the service hangs up on an upload; 0 = any.", ge=0)
    uploads_at_once: Int = _setting("Resources", 64, "Uploads whose bytes this process takes in at the same time; more get 503 and Retry-After.", gt=0)
    upload_origins: Names = _setting("Resources", (), "Origins of web pages that may upload (CORS), as `https://host`; `*` for all.")
    repack_assets: Bool = _setting("Resources", False, "Store JPEG and PNG packed again without loss, where that is smaller (extra `repack`).")
    delete_grace: Seconds = _setting("Resources", 7 * 86400, "Time for which a deleted asset can be had back.", ge=0)
    tombstone_time: Seconds = _setting("Resources", 30 * 86400, "Time for which nobody but its owner may use a deleted alias's name.", ge=0)
    orphan_grace: Seconds = _setting("Resources", 3600, "Time after which an object in the storage that no row knows, or a row without its object, is put right.", ge=0)
    janitor_interval: Seconds = _setting("Resources", 60, "Time between two rounds of the resource service's janitor; 0 = none.", ge=0)
    scrub_cycle: Seconds = _setting("Resources", 30 * 86400, "Time in which each stored original is read and hashed again, at up to 16 MiB a second; 0 = never.", ge=0)
    purge_urls: Names = _setting("Resources", (), "Proxies that are told when an alias moved, as `http://host:port`; needs PURGE_KEY.")
    # --- monitoring, log
    prometheus_bind: Text = _setting("Monitoring", "", "Address that serves metrics to Prometheus; empty = off.")
    prometheus_namespace: Text = _setting("Monitoring", "", "Prefix of the metrics' names.")
    open_telemetry_enable: Bool = _setting("Monitoring", False, "Send traces as the `OTEL_…` variables say (extra `otel`).")
    open_telemetry_propagate_external: Bool = _setting("Monitoring", False, "Continue traces of clients and pass them on to sources.")
    log_format: Literal["", "pretty", "structured", "json", "gcp"] = _setting("Monitoring", "", "`pretty`, `structured`, `json` or `gcp`; empty = pretty on a terminal, else structured.")
    log_level: Literal["debug", "info", "warning", "warn", "error"] = _setting("Monitoring", "info", "Least level that is logged.")
    # fmt: on

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len(self.key) != len(self.salt):
            raise ValueError(
                f"MEMEMIME_KEY, MEMEMIME_SALT: found {len(self.key)} keys and {len(self.salt)} salts,"
                " expected as many of each"
            )
        if self.source_url_encryption_key and len(self.source_url_encryption_key) not in {16, 24, 32}:
            raise ValueError(
                "MEMEMIME_SOURCE_URL_ENCRYPTION_KEY: found "
                f"{len(self.source_url_encryption_key)} bytes, expected 16, 24 or 32"
            )
        if self.nginx_cache_path and self.cache_tags_format == "none":
            raise ValueError(
                "MEMEMIME_CACHE_TAGS_FORMAT: found `none`, expected tags, by which MEMEMIME_NGINX_CACHE_PATH is purged"
            )
        if 0 < self.fallback_image_http_code < 100:
            raise ValueError(
                f"MEMEMIME_FALLBACK_IMAGE_HTTP_CODE: found {self.fallback_image_http_code}, expected 0, or 100 to 599"
            )
        return self

    @property
    def worker_count(self) -> int:
        """Worker processes, with the default filled in."""
        return self.workers or _cpus()

    @property
    def queue_limit(self) -> int:
        """Renders that may wait, always bounded."""
        return self.requests_queue_size or self.max_clients or 1 << 16


def load(
    environ: Mapping[str, str] | None = None, env_file: str | None = None, *, keys_needed: bool = True
) -> Settings:
    """Settings of this process's environment, or of ``environ``, on top of a dotenv file.

    Raises SettingsError that names each wrong variable, what was found and what is expected. ``keys_needed``: it is
    wrong, too, that nothing says who may have pictures; for all who serve them.
    """
    variables = with_file(os.environ if environ is None else environ, env_file)
    settings = read(Settings, variables)
    if keys_needed and not settings.key and not settings.allow_unsigned:
        raise SettingsError(
            "MEMEMIME_KEY, MEMEMIME_SALT: found nothing, expected a hexadecimal key and salt"
            " (openssl rand -hex 32 makes one), or MEMEMIME_ALLOW_UNSIGNED=true to serve unsigned URLs to everybody"
        )
    if not settings.bind and variables.get("PORT"):
        return settings.model_copy(update={"bind": f":{variables['PORT']}"})
    return settings
