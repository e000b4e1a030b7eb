"""List of all settings: name, type, range, default and meaning of each.

A field ``quality`` is the variable ``MEMEMIME_QUALITY``, or ``IMGPROXY_QUALITY`` where ours is not set. The command
``mememime settings``, docs/settings.md and the check at start are made from this list.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import ConfigDict

from mememime_proxy.errors import SettingsError
from mememime_proxy.settings.contradictions import find_contradictions
from mememime_proxy.settings.environment import read, with_file
from mememime_proxy.settings.fields import reloadable as _reloadable
from mememime_proxy.settings.fields import setting as _setting
from mememime_proxy.settings.groups.autoquality import AutoqualitySettings
from mememime_proxy.settings.values import (
    QUALITIES,
    Base64,
    Bool,
    EmptyCounts,
    Expected,
    Float,
    FormatQuality,
    Formats,
    HexKeys,
    Int,
    Mebibytes,
    Megapixels,
    Names,
    Seconds,
    SecretLine,
    SecretText,
    Separator,
    Text,
)


class Settings(AutoqualitySettings):
    """All settings, validated and immutable."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=False)

    # fmt: off
    # --- compression
    quality: Int = _reloadable("Compression", 80, "Quality, unless the URL or FORMAT_QUALITY sets one.", ge=1, le=100)
    format_quality: FormatQuality = _reloadable("Compression", QUALITIES, "Quality by format. Formats that it does not name keep the default's quality; 0 = QUALITY.")
    jpeg_progressive: Bool = _reloadable("Compression", False, "Progressive JPEG.")
    jpeg_no_subsample: Bool = _reloadable("Compression", False, "JPEG with colours at full resolution. Off: they are halved below quality 90.")
    jpeg_trellis_quant: Bool = _reloadable("Compression", False, "JPEG: trellis quantisation, smaller and slower.")
    jpeg_overshoot_deringing: Bool = _reloadable("Compression", False, "JPEG: fewer rings around black letters on white.")
    jpeg_optimize_scans: Bool = _reloadable("Compression", False, "JPEG: search for the smallest progressive scans; only with JPEG_PROGRESSIVE.")
    jpeg_quant_table: Int = _reloadable("Compression", 0, "JPEG: quantisation table of mozjpeg, 0 to 8.", ge=0, le=8)
    jpeg_encoder: Literal["libvips", "jpegli"] = _reloadable("Compression", "libvips", "JPEG: encoder of all results, `libvips` (its mozjpeg) or `jpegli` (extra `jpegli`), whose files are smaller for an equal look. With `jpegli`, JPEG_PROGRESSIVE and JPEG_NO_SUBSAMPLE count, the other choices for JPEG do not. Where the extra is installed, format `best` uses it in any case.")
    png_interlaced: Bool = _reloadable("Compression", False, "Interlaced PNG.")
    png_quantize: Bool = _reloadable("Compression", False, "PNG with a palette.")
    png_quantization_colors: Int = _reloadable("Compression", 256, "Colors of that palette.", ge=2, le=256)
    palette_effort: Int = _reloadable("Compression", 7, "GIF and PNG with a palette: 1 fast to 10 small. A photograph takes 3.5 s a megapixel with 7, 0.5 s with 3, for a tenth more bytes.", ge=1, le=10)
    webp_effort: Int = _reloadable("Compression", 4, "WebP: 1 fast to 6 small.", ge=1, le=6)
    webp_compression: Literal["lossy", "near_lossless", "lossless"] = _reloadable("Compression", "lossy", "WebP: kind of compression. Of `near_lossless`, QUALITY says how near.")
    webp_smart_subsample: Bool = _reloadable("Compression", False, "WebP: colours are halved with sharper edges, and more time.")
    webp_preset: Literal["default", "photo", "picture", "drawing", "icon", "text"] = _reloadable("Compression", "default", "WebP: kind of image.")
    avif_speed: Int = _reloadable("Compression", 8, "AVIF: 0 small to 9 fast. Below 7 an encode takes many times longer for few bytes; 9 takes a quarter of the time of 8, for 4 % more bytes of equal quality.", ge=0, le=9)
    avif_subsample: Literal["auto", "on", "off"] = _reloadable("Compression", "auto", "AVIF: whether colours are halved; `auto` is below quality 90.")
    avif_animation: Bool = _reloadable("Compression", False, "AVIF holds animations: they are read, and written where the original has several frames. Off: its first picture, as in imgproxy.")
    jxl_effort: Int = _reloadable("Compression", 4, "JPEG XL: 1 fast to 9 small.", ge=1, le=9)

    strip_metadata_dpi: Float = _reloadable("Compression", 72, "Resolution in dots per inch that results claim whose metadata is dropped, unless `dpi` says another.", gt=0, le=65535)
    color_profiles_dir: Text = _reloadable("Compression", "/usr/share/color/icc", "Folder of the colour profiles that `color_profile` names, `NAME.icc` or `NAME.icm`; up to 256 of 4 MiB each are read once.")
    unsharp_masking_mode: Literal["none", "auto", "always"] = _reloadable("Compression", "none", "Sharpen results by an unsharp mask: `auto` those that were scaled down and have no `sharpen`. imgproxy Pro's default is `auto`.")
    unsharp_masking_weight: Float = _reloadable("Compression", 1, "Weight of the mask.", gt=0)
    unsharp_masking_divider: Float = _reloadable("Compression", 24, "Divider of the mask; a larger one sharpens less.", gt=0)
    return_smaller_original: Bool = _reloadable("Compression", False, "Return the original in place of a result that has the same format and size and is nothing but encoded again, where the original has fewer bytes and no metadata to drop.")

    c2pa: Literal["off", "keep", "always"] = _reloadable("Content Credentials", "off", "C2PA manifests of results (extra `c2pa`): `off` (dropped, as other metadata), `keep` (results of an original that has one get one) or `always`.")
    c2pa_certificate: Text = _reloadable("Content Credentials", "", "PEM file with the certificate that signs them, and the ones that issued it.")
    c2pa_private_key: Text = _reloadable("Content Credentials", "", "PEM file with its key, without a password. The key stays in the service, no worker has it.")
    c2pa_algorithm: Literal["es256", "es384", "es512", "ed25519"] = _reloadable("Content Credentials", "es256", "Algorithm of the signatures, that of the key.")

    # --- formats
    auto_webp: Bool = _reloadable("Formats", False, "WebP for clients that accept it, unless the URL names a format.")
    auto_avif: Bool = _reloadable("Formats", False, "AVIF for clients that accept it, unless the URL names a format.")
    auto_jxl: Bool = _reloadable("Formats", False, "JPEG XL for clients that accept it, unless the URL names a format.")
    enforce_webp: Bool = _reloadable("Formats", False, "WebP for clients that accept it, also where the URL names a format.")
    enforce_avif: Bool = _reloadable("Formats", False, "AVIF for clients that accept it, also where the URL names a format.")
    enforce_jxl: Bool = _reloadable("Formats", False, "JPEG XL for clients that accept it, also where the URL names a format.")
    preferred_formats: Formats = _reloadable("Formats", ("jpeg", "png", "gif"), "Formats for results, in order of preference, where neither the URL nor the client names one.", min_length=1)
    best_format_complexity_threshold: Float = _reloadable("Formats", 5.5, "Format `best`: bits of entropy in a picture's luminance below which formats without loss are tried for it; photographs have 6 and more. 0 = never.", ge=0, le=8)
    best_format_max_resolution: Megapixels = _reloadable("Formats", 0, "Format `best`: largest result, in megapixels, for which formats are tried; of a larger one the first that fits is taken. 0 = any.", ge=0)
    best_format_by_default: Bool = _reloadable("Formats", False, "Format `best` where the URL names none.")
    best_format_allow_skips: Bool = _reloadable("Formats", False, "Format `best`: SVG, and originals of SKIP_PROCESSING_FORMATS, are sent as they are.")
    disabled_source_formats: Formats = _reloadable("Formats", (), "Originals in these formats are refused, by new and by waiting requests, before anything but their first bytes is read: a switch for the day on which a decoder is found unsafe. An icon is refused with PNG and BMP, a TIFF with JPEG and WebP, which it may hold.")
    disabled_result_formats: Formats = _reloadable("Formats", (), "Results in these formats are not made: a URL that names one is refused, a client that prefers one gets another.")
    skip_processing_formats: Formats = _reloadable("Formats", (), "Originals of these formats are sent as they are, where the result would have the same format.")
    enable_client_hints: Bool = _reloadable("Formats", False, "Use the DPR and Width client hints as defaults.")
    pdf_no_background: Bool = _reloadable("Formats", False, "PDF: pages are transparent where nothing is printed, not white.")
    always_rasterize_svg: Bool = _reloadable("Formats", False, "Render SVG even where it could be sent as it is.")
    preserve_hdr: Bool = _reloadable("Formats", False, "Keep 16 bits and gain maps where the format has them.")
    use_linear_colorspace: Bool = _reloadable("Formats", False, "Resize in linear light: slower, more exact.")
    disable_shrink_on_load: Bool = _reloadable("Formats", False, "Decode at full size before resizing: slower, more exact.")
    strip_metadata: Bool = _reloadable("Formats", True, "Drop EXIF, XMP and IPTC.")
    keep_copyright: Bool = _reloadable("Formats", True, "Keep author and copyright when metadata is dropped.")
    strip_color_profile: Bool = _reloadable("Formats", True, "Convert to sRGB and drop the profile.")
    auto_rotate: Bool = _reloadable("Formats", True, "Rotate by the EXIF orientation.")
    enforce_thumbnail: Bool = _reloadable("Formats", False, "Use the thumbnail embedded in HEIC and AVIF as the source.")
    return_attachment: Bool = _reloadable("Formats", False, "Send `Content-Disposition: attachment`.")

    # --- films
    enable_video_thumbnails: Bool = _setting("Films", True, "Show films by one of their frames, where the extra `av` is installed.")
    video_thumbnail_second: Float = _reloadable("Films", 1, "Second of a film that is shown, unless the URL names a moment.", ge=0)
    video_thumbnail_keyframes: Bool = _reloadable("Films", False, "Show the last key frame at that second or before it, in place of the frame on screen: less is read and decoded.")
    video_thumbnail_probe_size: Int = _setting("Films", 5_000_000, "Bytes of a film that are read at most to find out about its streams.", ge=32)
    video_thumbnail_max_analyze_duration: Int = _setting("Films", 0, "Milliseconds of a film that are read at most for that; 0 = FFmpeg's choice.", ge=0)
    av_workers: Int = _setting("Films", 0, "Worker processes for films and sound, beside those for pictures; 0 = half of the CPUs, at least one.", ge=0)
    av_max_resolution: Megapixels = _setting("Films", 9_000_000, "Largest frame of a film in megapixels.", gt=0)
    av_max_read: Mebibytes = _setting("Films", 256 << 20, "Megabytes (MiB) of a film that one request may read; 0 = no limit.", ge=0)
    av_block_cache: Mebibytes = _setting("Films", 256 << 20, "Memory for the parts of films that were read from object storage and the web: their indexes are read by each request. 0 = none.", ge=0)
    av_max_duration: Seconds = _setting("Films", 14400, "Longest film or sound that is encoded; of a clip, its own time counts.", gt=0)
    av_max_fps: Int = _setting("Films", 60, "Most frames a second of a result; a film that has more is halved until it fits.", gt=0, le=240)
    av_max_frames: Int = _setting("Films", 100_000, "Most frames of one result.", gt=0)
    av_max_streams: Int = _setting("Films", 32, "Most streams of a film.", gt=0)
    av_max_result: Mebibytes = _setting("Films", 64 << 20, "Megabytes (MiB) of a result that is made on request.", gt=0)
    av_timeout: Seconds = _setting("Films", 30, "Timeout, in place of TIMEOUT, of a request for a clip, an animation, sound, a waveform, a sprite or a stream.", gt=0)
    av_codecs: Names = _setting("Films", (), "Codecs that results may have, of `h264`, `hevc`, `vp9`, `av1`, `aac`, `opus`, `mp3`, `flac` and `pcm`; where a URL names none, a film has the first of its format that is one of them. Empty = all that are installed.")
    av_speed: Float = _setting("Films", 1, "CPU speed of this machine by that of the reference machine, by which the time of an encode is estimated before it starts.", gt=0, le=100)
    av_ahead: Int = _reloadable("Films", 1, "Segments of a stream that are made in advance, after the one that a player asks for, while a worker for films is idle.", ge=0, le=10)
    av_on_upload: Names = _setting("Films", (), "What a job makes of each uploaded film, as options of a stream and a format: `ld:720@mp4` is a file, `ld:720:360@m3u8` are the segments of a stream in advance, and `loudness` measures its sound and that of uploaded sound; empty = nothing.")
    av_ladder: Text = _reloadable("Films", "1080:720:480:360", "Renditions of a stream whose URL names none, in the form of the option `ladder`.")

    # --- watermark, fallback
    watermark_data: Base64 = _reloadable("Watermark and fallback", b"", "Watermark image, in Base64.")
    watermark_path: Text = _reloadable("Watermark and fallback", "", "File of the watermark.")
    watermark_url: Text = _reloadable("Watermark and fallback", "", "URL of the watermark, downloaded at start.")
    watermark_opacity: Float = _reloadable("Watermark and fallback", 1.0, "Opacity; the one in a URL is multiplied with it.", ge=0, le=1)
    watermark_preprocess_url: Bool = _reloadable("Watermark and fallback", False, "Apply BASE_URL and URL_REPLACEMENTS to the URLs of `watermark_url` and `mask`, too.")
    fallback_image_preprocess_url: Bool = _reloadable("Watermark and fallback", False, "Apply BASE_URL and URL_REPLACEMENTS to the URLs of `fallback_image_url`, too.")
    watermarks_cache_size: Int = _setting("Watermark and fallback", 256, "Pictures of `watermark_url`, `mask` and `fallback_image_url` that are held in memory, up to 64 MiB together; 0 = none.", ge=0)
    fonts_dir: Text = _setting("Watermark and fallback", "", "Folder with fonts for `watermark_text`, beside those of the machine.")
    fallback_image_data: Base64 = _reloadable("Watermark and fallback", b"", "Fallback image, in Base64: used where an original cannot be downloaded.")
    fallback_image_path: Text = _reloadable("Watermark and fallback", "", "File of the fallback image.")
    fallback_image_url: Text = _reloadable("Watermark and fallback", "", "URL of the fallback image, downloaded at start.")
    fallback_image_http_code: Annotated[int, Expected("0, or a status from 100 to 599")] = _reloadable("Watermark and fallback", 200, "Status of a response with the fallback image; 0 = the status of the error.", ge=0, le=599)
    fallback_image_ttl: Seconds = _reloadable("Watermark and fallback", 0, "Time that clients and caches may store the fallback image; 0 = TTL.", ge=0)

    # --- URLs, presets
    arguments_separator: Annotated[Separator, Expected("text that is not empty")] = _reloadable("URLs and presets", ":", "Separator of an option's arguments.", min_length=1)
    base_url: Text = _reloadable("URLs and presets", "", "Prefix of every source URL that does not start with it.")
    url_replacements: Text = _reloadable("URLs and presets", "", "Rewrites of source URLs: `pattern=replacement;…`, `*` matches anything but `/`, `${1}` repeats it.")
    base64_url_includes_filename: Bool = _reloadable("URLs and presets", False, "Ignore the last part of an encoded source: it is a file name.")
    source_url_query_separator: Annotated[Separator, EmptyCounts()] = _setting("URLs and presets", "?", "Separator before the version in a URL of object storage; empty = no versions.")
    presets: Text = _reloadable("URLs and presets", "", "Presets: `name=option:arg/option:arg`, several by PRESETS_SEPARATOR.")
    presets_separator: Separator = _reloadable("URLs and presets", ",", "Separator of presets.")
    presets_path: Text = _reloadable("URLs and presets", "", "File of presets, one a line.")
    max_chained_pipelines: Int = _reloadable("URLs and presets", 8, "Pipelines that a URL may chain with `-`, those of presets aside; 0 = no limit but the 32 of all together.", ge=0)
    only_presets: Bool = _reloadable("URLs and presets", False, "URLs have names of presets in place of options.")
    allowed_info_options: Names = _reloadable("URLs and presets", (), "Like ALLOWED_PROCESSING_OPTIONS, for descriptions (`/info`).")
    info_presets: Text = _reloadable("URLs and presets", "", "Presets of descriptions, in the form of PRESETS.")
    info_presets_path: Text = _reloadable("URLs and presets", "", "File of presets of descriptions, one a line.")
    info_only_presets: Bool = _reloadable("URLs and presets", False, "URLs of descriptions have names of presets in place of options.")

    # --- storage
    local_filesystem_root: Text = _setting("Storage", "", "Root folder of `local:///` sources; empty = off.")
    use_s3: Bool = _setting("Storage", False, "Read `s3://bucket/key?version` with the usual AWS credentials.")
    s3_region: Text = _setting("Storage", "", "Region; empty = the AWS configuration's own, else us-west-1.")
    s3_endpoint: Text = _setting("Storage", "", "URL of another server with the S3 API.")
    s3_endpoint_use_path_style: Bool = _setting("Storage", True, "With S3_ENDPOINT, put the bucket into the path, not into the host name.")
    s3_assume_role_arn: Text = _setting("Storage", "", "ARN of a role to assume.")
    s3_assume_role_external_id: Text = _setting("Storage", "", "External id for that role.")
    s3_allowed_buckets: Names = _setting("Storage", (), "Allowed buckets, `*` for anything; empty = all.")
    s3_denied_buckets: Names = _setting("Storage", (), "Denied buckets, also where they are allowed.")
    s3_accounts: Text = _setting("Storage", "", "TOML file of more accounts: endpoint, region, credentials and buckets of each. `s3://name@bucket/key` names one.")
    use_gcs: Bool = _setting("Storage", False, "Read `gs://bucket/key?generation` (extra `cloud`).")
    gcs_key: SecretText = _setting("Storage", "", "Service account key, as JSON; empty = the usual Google credentials.")
    gcs_endpoint: Text = _setting("Storage", "", "URL of another server with the API of Google Cloud Storage.")
    gcs_allowed_buckets: Names = _setting("Storage", (), "Allowed buckets, `*` for anything; empty = all.")
    gcs_denied_buckets: Names = _setting("Storage", (), "Denied buckets, also where they are allowed.")
    use_abs: Bool = _setting("Storage", False, "Read `abs://container/key?version` (extra `cloud`).")
    abs_name: Text = _setting("Storage", "", "Name of the Azure account.")
    abs_key: SecretText = _setting("Storage", "", "Key of the account; empty = the usual Azure credentials.")
    abs_endpoint: Text = _setting("Storage", "", "URL of another server with the API of Azure Blob Storage.")
    abs_allowed_buckets: Names = _setting("Storage", (), "Allowed containers, `*` for anything; empty = all.")
    abs_denied_buckets: Names = _setting("Storage", (), "Denied containers, also where they are allowed.")

    # --- caches
    originals_cache_size: Mebibytes = _setting("Caches", 64 << 20, "Memory for originals, so that those of a srcset are downloaded once; 0 = none.", ge=0)
    pixels_cache_size: Mebibytes = _setting("Caches", 128 << 20, "Memory for decoded pixels, so that those of a srcset are decoded once; 0 = none.", ge=0)
    variants_cache_size: Mebibytes = _setting("Caches", 64 << 20, "Memory for variants; 0 = none.", ge=0)
    source_freshness: Seconds = _setting("Caches", 5, "Time until a source is revalidated. Local files are revalidated on each request.", ge=0)
    cache_use: Literal["", "fs", "s3", "gcs", "abs"] = _setting("Caches", "", "Variant store, which lasts and is shared by processes: `fs`, `s3`, `gcs` or `abs`; empty = none.")
    cache_fs_root: Text = _setting("Caches", "", "Folder of the variant store, for `fs`.")
    cache_fs_max_size: Mebibytes = _setting("Caches", 10240 << 20, "Size of that folder; above it, the oldest variants are removed.", ge=1)
    cache_bucket: Text = _setting("Caches", "", "Bucket of the variant store, for `s3`, `gcs` and `abs`.")
    cache_path_prefix: Text = _setting("Caches", "", "Prefix of keys in the variant store.")
    cache_s3_region: Text = _setting("Caches", "", "Like S3_REGION, for the variant store.")
    cache_s3_endpoint: Text = _setting("Caches", "", "Like S3_ENDPOINT, for the variant store.")
    cache_s3_endpoint_use_path_style: Bool = _setting("Caches", True, "Like S3_ENDPOINT_USE_PATH_STYLE, for the variant store.")
    cache_s3_assume_role_arn: Text = _setting("Caches", "", "Like S3_ASSUME_ROLE_ARN, for the variant store.")
    cache_s3_assume_role_external_id: Text = _setting("Caches", "", "Like S3_ASSUME_ROLE_EXTERNAL_ID, for the variant store.")
    cache_gcs_key: SecretText = _setting("Caches", "", "Like GCS_KEY, for the variant store.")
    cache_gcs_endpoint: Text = _setting("Caches", "", "Like GCS_ENDPOINT, for the variant store.")
    cache_abs_name: Text = _setting("Caches", "", "Like ABS_NAME, for the variant store.")
    cache_abs_key: SecretText = _setting("Caches", "", "Like ABS_KEY, for the variant store.")
    cache_abs_endpoint: Text = _setting("Caches", "", "Like ABS_ENDPOINT, for the variant store.")
    cache_write_policy: Literal["all", "presets", "second", "none"] = _setting("Caches", "all", "Which variants are written to the variant store: `all`, those that `presets` alone made, those that are requested a `second` time within an hour or two, or `none`.")
    cache_report_errors: Bool = _setting("Caches", False, "Fail a request when the variant store fails, in place of a warning in the log.")
    cache_tags_format: Literal["all", "cloudfront", "cloudflare", "none"] = _reloadable("Caches", "all", "Cache tags, headers by which a CDN purges a source: `Cache-Tag` (`cloudflare`), `x-amz-meta-cache-tag` (`cloudfront`), both and `Surrogate-Key` (`all`), or `none`.")
    purge_key: HexKeys = _reloadable("Caches", (), "Keys of purge tokens in hexadecimal, separated by commas. The first one signs, all are accepted; empty = no purges over HTTP.")
    nginx_cache_path: Text = _setting("Caches", "", "Folder of an NGINX cache on this machine: a purge removes its files, too.")

    # --- resources
    resources_url: Text = _setting("Resources", "", "URL of the resource service for the proxy, `http://host:port`; it enables `alias://` and `asset://` sources and needs ASSETS_STORAGE.")
    resources_api_key: SecretLine = _reloadable("Resources", "", "API key of the proxy at the resource service; the role `read` is enough.")
    alias_freshness: Seconds = _setting("Resources", 0.5, "Time until the proxy revalidates an alias or asset.", ge=0)
    alias_stale: Seconds = _setting("Resources", 86400, "Time for which the proxy uses a stale alias or asset while the resource service is unavailable.", ge=0)
    alias_ttl: Seconds = _reloadable("Resources", 60, "Time that clients may store a variant of an alias, where TTL is not shorter: purges do not reach clients. With NGINX_CACHE_PATH, shared caches may store it for TTL: purges reach them.", ge=0)
    original_policy: Literal["allow", "strip", "forbid"] = _reloadable("Resources", "allow", "Whether `raw` and skipped formats give out the bytes of uploaded originals: `allow`, `strip` (without locations and serial numbers) or `forbid`. With the last two, no variant that keeps metadata has them either.")
    assets_storage: Text = _setting("Resources", "", "Storage of assets: a folder, or `s3://bucket/prefix`, `gs://bucket/prefix`, `abs://container/prefix` with the accounts of the storage settings.")
    resources_bind: Text = _setting("Resources", ":8081", "Address that the resource service listens on, in the form of BIND.")
    resources_public_url: Text = _reloadable("Resources", "", "URL of the resource service for clients, used in its responses; empty = the one of the request.")
    database_url: SecretLine = _setting("Resources", "", "`sqlite:////path/to/file.db` or `postgresql://user:password@host/name` (extra `postgres`).")
    token_key: HexKeys = _reloadable("Resources", (), "Keys of upload tokens in hexadecimal, separated by commas. The first one signs, all are accepted.")
    admin_api_key: SecretLine = _reloadable("Resources", "", "API key with the role `admin`, to create the first keys; at least 32 characters.")
    anonymous_reading: Bool = _reloadable("Resources", False, "Allow reading the facts of assets and aliases without a key.")
    spool_path: Text = _setting("Resources", "", "Folder for temporary files of uploads that are verified: it needs room for the largest concurrent ones. Empty = the system's folder.")
    upload_max_size: Mebibytes = _reloadable("Resources", 1 << 30, "Largest upload, in MiB.", gt=0)
    upload_piece_size: Mebibytes = _setting("Resources", 4 << 20, "Size of a chunk of a resumable upload, in MiB. Each upload in progress needs up to three times as much memory.", gt=0)
    upload_expiry: Seconds = _setting("Resources", 86400, "Time after which a resumable upload without progress expires.", gt=0)
    upload_min_rate: Int = _reloadable("Resources", 1024, "Least bytes a second of an upload, over any 30 seconds; slower ones are closed. 0 = any.", ge=0)
    uploads_at_once: Int = _reloadable("Resources", 64, "Concurrent requests that send bytes of an upload; more are answered 503 with Retry-After.", gt=0)
    upload_origins: Names = _reloadable("Resources", (), "Origins of web pages that may upload (CORS), `https://host`; `*` for all.")
    console: Bool = _reloadable("Resources", False, "Serve the console, web pages for people, at `/console/` of the resource service. It needs TOKEN_KEY, and for previews PURGE_KEY and PURGE_URLS.")
    repack_assets: Bool = _setting("Resources", False, "Recompress JPEG and PNG without loss before they are stored (extra `repack`).")
    delete_grace: Seconds = _setting("Resources", 7 * 86400, "Time for which a deleted asset can be restored.", ge=0)
    tombstone_time: Seconds = _setting("Resources", 30 * 86400, "Time for which the name of a deleted alias is reserved for its tenant (tombstone).", ge=0)
    orphan_grace: Seconds = _setting("Resources", 3600, "Age from which an object without a row, or a row without its object, is repaired.", ge=0)
    janitor_interval: Seconds = _setting("Resources", 60, "Time between two cleanups of the resource service; 0 = none.", ge=0)
    scrub_cycle: Seconds = _setting("Resources", 30 * 86400, "Time in which each stored original is read and its digest verified, at up to 16 MiB a second; 0 = never.", ge=0)
    read_only: Bool = _setting("Resources", False, "Run the resource service on a read replica of the database: changes are answered 405, and nothing works in the background.")
    writer_url: Text = _reloadable("Resources", "", "With READ_ONLY, URL of the resource service that takes changes; 405 names it in `Link`.")
    purge_urls: Names = _setting("Resources", (), "Proxies that are sent a purge when an alias changes: `http://host:port`, or `dns+http://name:port` for all addresses of a name, looked up each time; needs PURGE_KEY.")

    purge_feed: Bool = _setting("Resources", False, "Let each proxy read the purges of the resource service (RESOURCES_URL), which then need not be sent to it.")
    purge_readers: Int = _reloadable("Resources", 1000, "Concurrent readers that wait for purges (`GET /purges`); more are answered 503.", ge=0)

    # --- jobs
    job_concurrency: Int = _setting("Jobs", 0, "Chunks of jobs that one worker (`mememime work`) runs at a time; 0 = one for each CPU.", ge=0, le=1000)
    job_retention: Seconds = _reloadable("Jobs", 7 * 86400, "Time for which a job is listed after its end.", ge=0)
    job_listeners: Int = _reloadable("Jobs", 64, "Concurrent streams of progress (`/jobs/{id}/events`); more are answered 503.", ge=0)
    batch_yields_to: Text = _setting("Jobs", "", "URL of the metrics of a proxy on this machine, like `http://127.0.0.1:9090/`: while renders wait there, batches begin none. Empty = they do not look.")
    prerender: Names = _setting("Jobs", (), "Presets whose variants are made right after an upload, by a worker of jobs and into the variant store; empty = none.")
    webhook_key: HexKeys = _setting("Jobs", (), "Keys of webhooks in hexadecimal, separated by commas; each one signs. Empty = jobs have no webhooks.")

    # --- monitoring, log
    prometheus_bind: Text = _setting("Monitoring", "", "Address of the metrics for Prometheus; empty = off.")
    prometheus_namespace: Text = _setting("Monitoring", "", "Prefix of the metrics' names.")
    open_telemetry_enable: Bool = _setting("Monitoring", False, "Send traces, configured by the `OTEL_…` variables (extra `otel`).")
    open_telemetry_propagate_external: Bool = _setting("Monitoring", False, "Continue the traces of clients, and send them to sources.")
    log_format: Literal["", "pretty", "structured", "json", "gcp"] = _setting("Monitoring", "", "`pretty`, `structured`, `json` or `gcp`; empty = pretty on a terminal, else structured.")
    log_level: Literal["debug", "info", "warning", "warn", "error"] = _reloadable("Monitoring", "info", "Lowest level that is logged.")
    syslog_enable: Bool = _setting("Monitoring", False, "Send the log to syslog as well.")
    syslog_level: Literal["debug", "info", "warning", "warn", "error"] = _setting("Monitoring", "info", "Lowest level that is sent to syslog, where LOG_LEVEL is not higher.")
    syslog_network: Literal["", "udp", "tcp"] = _setting("Monitoring", "", "`udp` or `tcp`; empty = this machine's own syslog.")
    syslog_address: Text = _setting("Monitoring", "", "Address of the syslog server, `host:port`; without SYSLOG_NETWORK the path of a socket, empty = `/dev/log`.")
    syslog_tag: Text = _setting("Monitoring", "mememime", "Name of the program in syslog.")
    # fmt: on


def load(
    environ: Mapping[str, str] | None = None, env_file: str | None = None, *, keys_needed: bool = True
) -> Settings:
    """Return the settings of this process's environment, or of ``environ``, on top of a dotenv file.

    Raises SettingsError that names each invalid variable, what was found and what is expected. ``keys_needed``: a
    signing key, or ALLOW_UNSIGNED, is required; for everything that serves variants.
    """
    settings = read(Settings, variables := with_file(os.environ if environ is None else environ, env_file))
    if contradictions := "\n".join(find_contradictions(settings)):
        raise SettingsError(contradictions)
    if keys_needed and not settings.key and not settings.allow_unsigned:
        raise SettingsError(
            "MEMEMIME_KEY, MEMEMIME_SALT: found nothing, expected a hexadecimal key and salt"
            " (openssl rand -hex 32 makes one), or MEMEMIME_ALLOW_UNSIGNED=true to accept unsigned URLs"
        )
    if not settings.bind and variables.get("PORT"):
        return settings.model_copy(update={"bind": f":{variables['PORT']}"})
    return settings
