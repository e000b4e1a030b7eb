"""Headers of responses: caching, file name, security. Pure functions."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from pathlib import PurePosixPath
from urllib.parse import quote, unquote

from mememime_proxy.formats import FORMATS, Format
from mememime_proxy.formats.outputs import OUTPUTS, Output
from mememime_proxy.plan import Plan
from mememime_proxy.settings.settings import Settings
from mememime_proxy.sources.model import SourceState
from mememime_proxy.urls.source.source import SourceUrl

SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
    "X-Content-Type-Options": "nosniff",
}
"""On every response: an SVG that is passed through must not act as a page, and the media type must not be guessed."""

STREAM_HEADERS = {"Access-Control-Allow-Origin": "*"}
"""Of streams, unless ALLOW_ORIGIN names another origin: players read them by scripts, of whatever site they are on."""

DAMAGED_TTL = 3600
"""Seconds for which a variant of a damaged original may be cached at most, unless its source sets another time."""

_MAX_STEM = 200
"""Bytes of a file name before its extension; most file systems allow 255 altogether."""
_MAX_SUFFIX = 50
"""Bytes of an original's extension; a longer one is no extension."""


def max_age(ttl: int, expires: int, now: float) -> int:
    """Return the seconds that a response may be cached: ``ttl``, but not longer than the URL is valid."""
    return ttl if not expires else max(0, min(ttl, int(expires - now)))


def cache_control(
    settings: Settings,
    plan: Plan,
    *,
    now: float,
    source_cache_control: str = "",
    source_expires: str = "",
    ttl: int = 0,
    damaged: bool = False,
) -> str:
    """Return the Cache-Control of a variant. ``ttl``: of a fallback or stale one; the source's headers do not count.

    ``damaged``: of a damaged original, which may be replaced soon.
    """
    own_ttl = _own_ttl(settings, damaged=damaged)
    if plan.expires or ttl:
        seconds = max_age(ttl or own_ttl, plan.expires, now)
    elif settings.cache_control_passthrough and source_cache_control:
        return source_cache_control
    elif settings.cache_control_passthrough and (at := _http_date(source_expires)):
        seconds = max(0, int(at.timestamp() - now))
    else:
        seconds = own_ttl
        if plan.source.startswith("alias://") and settings.alias_ttl < seconds:
            if settings.nginx_cache_path:
                return f"max-age={settings.alias_ttl}, s-maxage={seconds}, public"
            seconds = settings.alias_ttl
    return f"max-age={seconds}, public" if seconds else "no-cache"


def _own_ttl(settings: Settings, *, damaged: bool) -> int:
    return min(settings.ttl, DAMAGED_TTL) if damaged else settings.ttl


@lru_cache(maxsize=1024)
def _http_date(value: str) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def last_modified(settings: Settings, value: str) -> str:
    """Return the source's Last-Modified, at least LAST_MODIFIED_BUSTER; '' where it has none or the setting is off."""
    return _at_least(value, settings.last_modified_buster) if settings.use_last_modified else ""


@lru_cache(maxsize=1024)
def _at_least(value: str, floor: datetime | None) -> str:
    at = _http_date(value)
    if at is None:
        return ""
    return format_datetime((max(at, floor) if floor else at).astimezone(UTC), usegmt=True)


def _source_name(text: str) -> PurePosixPath:
    source = SourceUrl.parse(text)
    return PurePosixPath(unquote(source.path) if source.scheme in {"http", "https"} else source.path)


@lru_cache(maxsize=1024)
def _stem(filename: str, source: str) -> str:
    clean = _clean(filename or (_source_name(source).stem if source else "")).strip(" .")
    while len(clean.encode()) > _MAX_STEM:
        clean = clean[: min(len(clean) - 1, _MAX_STEM)]
    return clean or "image"


def _clean(name: str) -> str:
    """Return a part of a file name without separators of folders, and without characters of the categories C*.

    Those are control characters, bidirectional overrides and lone surrogates: they have no place in a file name.
    """
    return "".join("_" if c in "/\\" else c for c in name if unicodedata.category(c)[0] != "C")


@lru_cache(maxsize=1024)
def _suffix(source: str) -> str:
    suffix = _clean(_source_name(source).suffix).rstrip(" .")
    return suffix if len(suffix.encode()) <= _MAX_SUFFIX else ""


def content_disposition(plan: Plan, extension: str) -> str:
    """Return Content-Disposition with the name of a saved file (RFC 6266): ASCII, and UTF-8 where that differs."""
    return _disposition(_stem(plan.filename, plan.source) + extension, attachment=plan.return_attachment)


def _disposition(name: str, *, attachment: bool) -> str:
    kind = "attachment" if attachment else "inline"
    plain = name.encode("ascii", "replace").decode().replace("?", "_").replace('"', "%22")
    extended = "" if name.isascii() else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'{kind}; filename="{plain}"{extended}'


def raw_disposition(plan: Plan) -> str:
    """Return Content-Disposition of an original that is passed through: it keeps its own extension."""
    return content_disposition(plan, _suffix(plan.source))


def canonical_link(settings: Settings, plan: Plan) -> str:
    """Return the value of the Link header; '' for none."""
    if settings.set_canonical_header and plan.source.startswith(("http://", "https://")):
        return f'<{quote(plan.source, safe=":/?#[]@!$&()*+,;=%~-._")}>; rel="canonical"'
    return ""


def file_headers(settings: Settings, plan: Plan, format_name: str) -> dict[str, str]:
    """Return the headers that describe the file: media type, name, canonical URL."""
    if plan.info is not None:
        return {"Content-Type": "application/json"}
    format_: Format | Output = FORMATS[format_name] if format_name in FORMATS else OUTPUTS[format_name]
    headers = {
        "Content-Type": format_.mime,
        "Content-Disposition": content_disposition(plan, format_.extension),
    }
    if format_name in OUTPUTS:
        headers["Accept-Ranges"] = "bytes"
    if link := canonical_link(settings, plan):
        headers["Link"] = link
    return headers


def caching_headers(
    settings: Settings,
    plan: Plan,
    *,
    vary: str,
    etag: str = "",
    state: SourceState = SourceState(),  # noqa: B008 - frozen
    ttl: int = 0,
    damaged: bool = False,
) -> dict[str, str]:
    """Return the headers that caches evaluate, the same on 200 and on 304. ``state``: of the source.

    A ``damaged`` variant has no Last-Modified: by that date it could not be told from a whole one.
    """
    headers = {
        "Cache-Control": cache_control(
            settings,
            plan,
            now=time.time(),
            source_cache_control=state.cache_headers.get("Cache-Control", ""),
            source_expires=state.cache_headers.get("Expires", ""),
            ttl=ttl,
            damaged=damaged,
        )
    }
    if plan.expires and headers["Cache-Control"] != "no-cache":
        # The time itself: a cache that sends the response on later need not subtract its age.
        until = min(plan.expires, int(time.time()) + (ttl or _own_ttl(settings, damaged=damaged)))
        headers["Expires"] = format_datetime(datetime.fromtimestamp(until, UTC), usegmt=True)
        # NGINX counts max-age from when it has the response, and holds that until the end of the second named here.
        headers["X-Accel-Expires"] = f"@{until - 1}"
    if vary:
        headers["Vary"] = vary
    if etag and settings.use_etag:
        headers["ETag"] = etag
    if not damaged and (date := last_modified(settings, state.last_modified)):
        headers["Last-Modified"] = date
    return headers


def without_unknown_lifetime(
    settings: Settings, plan: Plan, headers: dict[str, str], state: SourceState
) -> dict[str, str]:
    """Return the headers of a 304 whose source decides how long it is fresh, and has not said so with its own 304.

    Without Cache-Control the one holds that the client has stored; RFC 9111 3.2.
    """
    if not settings.cache_control_passthrough or plan.expires or state.cache_headers:
        return headers
    return {name: value for name, value in headers.items() if name != "Cache-Control"}


_CLOUDFRONT_TAGS = "x-amz-meta-cache-tag"


def cache_tags(settings: Settings, *tags: str) -> dict[str, str]:
    """Return the headers by which a CDN finds every response with a tag, of which the source's is the first."""
    listed = ",".join(tags)
    match settings.cache_tags_format:
        case "none":
            return {}
        case "cloudflare":
            return {"Cache-Tag": listed}
        case "cloudfront":
            return {_CLOUDFRONT_TAGS: listed}
        case _:
            return {"Cache-Tag": listed, _CLOUDFRONT_TAGS: listed, "Surrogate-Key": " ".join(tags)}


def server_timing(spans: Iterable[tuple[str, float]], total: float) -> str:
    """Return the line of a Server-Timing header, in milliseconds."""
    parts = [f"{name};dur={1000 * seconds:.1f}" for name, seconds in (*spans, ("total", total))]
    return f"Server-Timing: {', '.join(parts)}\r\n"
