"""The settings of signatures, the server, workers and security: the first part of the list."""

from __future__ import annotations

from typing import Literal

from mememime_proxy.settings.derived import DerivedSettings
from mememime_proxy.settings.fields import reloadable as _reloadable
from mememime_proxy.settings.fields import setting as _setting
from mememime_proxy.settings.values import (
    Bool,
    HexKey,
    HexKeys,
    Instant,
    Int,
    Mebibytes,
    Megapixels,
    Names,
    Seconds,
    SecretLine,
    SecretText,
    Text,
)


class ServiceSettings(DerivedSettings):
    """Settings that are about the service, and not about its results."""

    # fmt: off
    # --- signature
    key: HexKeys = _reloadable("Signature", (), "Signing keys in hexadecimal, separated by commas. The first one signs, all are accepted.")
    salt: HexKeys = _reloadable("Signature", (), "Salts in hexadecimal, one for each key, in the same order.")
    signature_size: Int = _reloadable("Signature", 32, "Bytes of the HMAC that a signature carries.", ge=1, le=32)
    trusted_signatures: Names = _reloadable("Signature", (), "Signatures that are accepted without a check.")
    allow_unsigned: Bool = _reloadable("Signature", False, "Serve URLs without a signature. Without this setting and without keys the service does not start; with keys, only the signatures `unsafe`, `insecure` and `_` pass unchecked.")

    # --- server
    bind: Text = _setting("Server", "", "Address to listen on: `host:port`, `:port`, or the path of a socket with NETWORK `unix`. Default `:8080`, or the port in `PORT`.")
    network: Literal["tcp", "tcp4", "tcp6", "unix"] = _setting("Server", "tcp", "Kind of the listening socket.")
    path_prefix: Text = _setting("Server", "", "Prefix of every path, where the service is not at the root of its host.")
    public_url: Text = _setting("Server", "", "URL of the proxy for clients, with its prefix: commands print signed URLs with it.")
    timeout: Seconds = _reloadable("Server", 10, "Timeout of a request, waiting for a worker included. A render that takes longer is killed.", gt=0)
    read_request_timeout: Seconds = _setting("Server", 10, "Timeout for the head of a request.", gt=0)
    write_response_timeout: Seconds = _setting("Server", 60, "Time for which a client may take nothing of a response before its connection is closed; 0 = for ever. In imgproxy it is the time for the whole response, 10 s.", ge=0)
    keep_alive_timeout: Seconds = _setting("Server", 10, "Time that an idle client connection stays open; 0 = closed after each response.", ge=0)
    client_keep_alive_timeout: Seconds = _setting("Server", 90, "Time that an idle connection to a source stays open; 0 = closed after each response.", ge=0)
    graceful_stop_timeout: Seconds = _setting("Server", 20, "Time for requests in progress to finish after SIGTERM.", ge=0)
    download_timeout: Seconds = _setting("Server", 5, "Timeout for downloading an original.", gt=0)
    max_clients: Int = _reloadable("Server", 2048, "Concurrent requests; more are answered 503. Those that wait for the render of another one do not count; four times as many may, half of them for one render. 0 = no limit.", ge=0)
    workers: Int = _setting("Server", 0, "Worker processes; 0 = one for each CPU, and no more than MEMORY_BUDGET has room for.", ge=0)
    requests_queue_size: Int = _setting("Server", 512, "Renders that may wait for a worker; more are answered 429. 0 = as many as MAX_CLIENTS.", ge=0)
    max_redirects: Int = _setting("Server", 10, "Redirects of a source that are followed.", ge=0)
    ttl: Seconds = _reloadable("Server", 31536000, "Time that clients and caches may store a variant (`max-age`).", ge=0)
    cache_control_passthrough: Bool = _reloadable("Server", False, "Use the source's Cache-Control or Expires in place of TTL.")
    set_canonical_header: Bool = _reloadable("Server", False, "Send `Link: <source>; rel=\"canonical\"` for sources on the web.")
    so_reuseport: Bool = _setting("Server", False, "Let several processes listen on the same address.")
    user_agent: Text = _setting("Server", "mememime/%current_version", "User-Agent towards sources.")
    secret: SecretLine = _reloadable("Server", "", "Requests need `Authorization: Bearer` and this value; empty = they do not.")
    allow_origin: Text = _reloadable("Server", "", "Origin that CORS headers allow; empty = no CORS headers.")
    health_check_path: Text = _setting("Server", "", "One more path that answers like `/health`.")
    player_page: Bool = _reloadable("Server", False, "Serve `/player?src=…`, a page that plays a stream of this service.")
    enable_debug_headers: Bool = _reloadable("Server", False, "Send X-Origin-… and X-Result-… headers with sizes.")
    development_errors_mode: Bool = _reloadable("Server", False, "Send the detail of an error to the client. Not for production.")
    use_etag: Bool = _reloadable("Server", True, "Send ETag and answer If-None-Match.")
    etag_buster: Text = _reloadable("Server", "", "Part of every ETag: a new value makes all ETags new.")
    use_last_modified: Bool = _reloadable("Server", True, "Send Last-Modified and answer If-Modified-Since.")
    last_modified_buster: Instant = _reloadable("Server", None, "Earliest value of Last-Modified.")

    license_key: SecretText = _setting("Server", "", "imgproxy Pro's licence. Has no effect.")
    license_development_mode: Bool = _setting("Server", False, "Of imgproxy Pro. Has no effect.")

    # --- workers
    memory_budget: Mebibytes = _setting("Workers", 0, "Memory (MiB) that a service has with its workers, the originals and results in it included; work that does not fit waits, or is answered 503. 0 = nine tenths of the container's limit, or half of the machine's memory.", ge=0)
    worker_max_jobs: Int = _setting("Workers", 2000, "Renders after which a worker process is replaced; 0 = never.", ge=0)
    worker_max_memory: Mebibytes = _setting("Workers", 512 << 20, "Resident memory (MiB) after which a worker process is replaced; 0 = never.", ge=0)
    worker_memory_limit: Mebibytes = _setting("Workers", 4096 << 20, "Address space (MiB) of a worker; a render that needs more ends in an error. 0 = no limit.", ge=0)
    worker_niceness: Int = _setting("Workers", 0, "Niceness of worker processes, 0 to 19; those of batches have 19.", ge=0, le=19)
    require_sandbox: Bool = _setting("Workers", False, "Refuse to start, and use no worker, without every layer of the sandbox (limits, privileges, Landlock, seccomp).")

    # --- security
    max_src_resolution: Megapixels = _reloadable("Security", 50_000_000, "Largest original in megapixels, all frames together.", gt=0)
    max_src_file_size: Int = _reloadable("Security", 64 << 20, "Largest original in bytes; 0 = no limit.", ge=0)
    max_animation_frames: Int = _reloadable("Security", 1, "Frames of an animation that are used.", gt=0)
    max_animation_frame_resolution: Megapixels = _reloadable("Security", 0, "Largest frame of an animation in megapixels, in place of MAX_SRC_RESOLUTION for all its frames together; 0 = off.", ge=0)
    max_result_dimension: Int = _reloadable("Security", 0, "Longest side of a result in pixels; larger ones are scaled down. 0 = no limit.", ge=0)
    allowed_sources: Names = _reloadable("Security", (), "Prefixes of allowed sources, `*` for anything but `/`; empty = all.")
    allowed_processing_options: Names = _reloadable("Security", (), "Processing options that URLs may use, each name and abbreviation by itself; empty = all.")
    allow_security_options: Bool = _reloadable("Security", False, "Allow the security options in URLs, which change these limits.")
    allow_bypass_cache: Bool = _reloadable("Security", False, "Allow the option `bypass_cache` in URLs, which costs a render each time.")
    allow_loopback_source_addresses: Bool = _setting("Security", False, "Allow sources at loopback addresses.")
    allow_link_local_source_addresses: Bool = _setting("Security", False, "Allow sources at link-local and multicast addresses.")
    allow_private_source_addresses: Bool = _setting("Security", False, "Allow sources in private networks (imgproxy allows them by default).")
    fail_on: Literal["none", "truncated", "error", "warning"] = _reloadable("Security", "none", "Damage of an original at which its render fails: `none` shows what can be decoded, `truncated` refuses files that are cut, `error` those that a decoder cannot read to the end, too, `warning` all that a decoder only warns of. Uploads are always verified strictly.")
    sanitize_svg: Bool = _reloadable("Security", True, "Remove scripts and references from SVG that is not rendered.")
    png_unlimited: Bool = _reloadable("Security", False, "Lift the decoder's own limits for PNG.")
    max_svg_size: Int = _reloadable("Security", 32 << 20, "Largest SVG in bytes, once it is inflated and its entities are replaced.", gt=0)
    svg_unlimited: Bool = _reloadable("Security", False, "Lift the decoder's own limits for SVG, and those on elements and cost.")
    tiff_unlimited: Bool = _reloadable("Security", False, "Lift the decoder's own limits for TIFF.")
    ignore_ssl_verification: Bool = _setting("Security", False, "Accept any TLS certificate of a source.")
    source_url_encryption_key: HexKey = _reloadable("Security", b"", "AES key for encrypted source URLs: 16, 24 or 32 bytes in hexadecimal.")
    cookie_passthrough: Bool = _reloadable("Security", False, "Send the client's cookies to sources on COOKIE_BASE_URL's host.")
    cookie_passthrough_all: Bool = _reloadable("Security", False, "With COOKIE_PASSTHROUGH, send them to every source.")
    cookie_base_url: Text = _reloadable("Security", "", "URL whose host gets the cookies; empty = the host of the request.")
