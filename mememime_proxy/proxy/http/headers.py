"""Headers of answers: caching, naming, security. Pure: values in, a dict of headers out."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from pathlib import PurePosixPath
from urllib.parse import quote, unquote

from mememime_proxy.formats import FORMATS
from mememime_proxy.plan import Plan
from mememime_proxy.settings.settings import Settings
from mememime_proxy.urls.source.source import SourceUrl

SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
    "X-Content-Type-Options": "nosniff",
}
"""On every answer: an SVG that is passed on must not become a page, and bytes keep the type that we gave them."""

_MAX_STEM = 200
"""Bytes of a file name before its extension; most file systems end at 255."""


def max_age(ttl: int, expires: int, now: float) -> int:
    """Seconds that an answer may be kept: ``ttl``, but never past the URL's own end."""
    return ttl if not expires else max(0, min(ttl, int(expires - now)))


def cache_control(
    settings: Settings,
    plan: Plan,
    *,
    now: float,
    source_cache_control: str = "",
    source_expires: str = "",
    ttl: int = 0,
) -> str:
    """Cache-Control of a picture. ``ttl`` is set for a fallback picture and then wins over what the source says."""
    if plan.expires or ttl:
        seconds = max_age(ttl or settings.ttl, plan.expires, now)
    elif settings.cache_control_passthrough and source_cache_control:
        return source_cache_control
    elif settings.cache_control_passthrough and (at := _http_date(source_expires)):
        seconds = max(0, int(at.timestamp() - now))
    else:
        seconds = settings.ttl
        if plan.source.startswith("alias://") and settings.alias_ttl < seconds:
            if settings.nginx_cache_path:
                return f"max-age={settings.alias_ttl}, s-maxage={seconds}, public"
            seconds = settings.alias_ttl
    return f"max-age={seconds}, public" if seconds else "no-cache"


@lru_cache(maxsize=1024)
def _http_date(value: str) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def last_modified(settings: Settings, value: str) -> str:
    """The source's Last-Modified, raised to the buster; '' where it has none or the setting is off."""
    return _raised(value, settings.last_modified_buster) if settings.use_last_modified else ""


@lru_cache(maxsize=1024)
def _raised(value: str, floor: datetime | None) -> str:
    at = _http_date(value)
    if at is None:
        return ""
    return format_datetime((max(at, floor) if floor else at).astimezone(UTC), usegmt=True)


def unmodified(value: str, if_modified_since: str) -> bool:
    """Whether what was last modified at ``value`` has not changed since the date that the client knows."""
    at, known = _http_date(value), _http_date(if_modified_since)
    return at is not None and known is not None and at <= known


def busted(settings: Settings, if_modified_since: str) -> bool:
    """Whether the client's date is older than the buster, so that it says nothing."""
    floor, known = settings.last_modified_buster, _http_date(if_modified_since)
    return floor is not None and (known is None or known <= floor)


def _source_name(text: str) -> PurePosixPath:
    source = SourceUrl.parse(text)
    return PurePosixPath(unquote(source.path) if source.scheme in {"http", "https"} else source.path)


@lru_cache(maxsize=1024)
def _stem(filename: str, source: str) -> str:
    name = filename or (_source_name(source).stem if source else "")
    # Categories C*: control characters, bidirectional overrides, lone surrogates. They have no place in a file name.
    clean = "".join("_" if c in "/\\" else c for c in name if unicodedata.category(c)[0] != "C").strip(" .")
    while len(clean.encode()) > _MAX_STEM:
        clean = clean[: min(len(clean) - 1, _MAX_STEM)]
    return clean or "image"


def content_disposition(plan: Plan, extension: str) -> str:
    """Content-Disposition with the name that a saved file gets (RFC 6266): ASCII, and UTF-8 where that differs."""
    return _disposition(_stem(plan.filename, plan.source) + extension, attachment=plan.return_attachment)


def _disposition(name: str, *, attachment: bool) -> str:
    kind = "attachment" if attachment else "inline"
    plain = name.encode("ascii", "replace").decode().replace("?", "_").replace('"', "%22")
    extended = "" if name.isascii() else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'{kind}; filename="{plain}"{extended}'


def raw_disposition(plan: Plan) -> str:
    """Content-Disposition of an original that is passed on: it keeps its own extension."""
    return content_disposition(plan, _source_name(plan.source).suffix)


def canonical_link(settings: Settings, plan: Plan) -> str:
    """The Link header's value, or '' where there is none to send."""
    if settings.set_canonical_header and plan.source.startswith(("http://", "https://")):
        return f'<{quote(plan.source, safe=":/?#[]@!$&()*+,;=%~-._")}>; rel="canonical"'
    return ""


def picture_headers(settings: Settings, plan: Plan, format_name: str) -> dict[str, str]:
    """What says which file an answer is: type, name, canonical address."""
    format_ = FORMATS[format_name]
    headers = {
        "Content-Type": format_.mime,
        "Content-Disposition": content_disposition(plan, format_.extension),
    }
    if link := canonical_link(settings, plan):
        headers["Link"] = link
    return headers


def caching_headers(
    settings: Settings,
    plan: Plan,
    *,
    vary: str,
    etag: str = "",
    modified: str = "",
    source: Mapping[str, str] | None = None,
    ttl: int = 0,
) -> dict[str, str]:
    """What caches go by, the same on 200 and on 304. ``source`` holds the original's Cache-Control and Expires."""
    said = source or {}
    headers = {
        "Cache-Control": cache_control(
            settings,
            plan,
            now=time.time(),
            source_cache_control=said.get("Cache-Control", ""),
            source_expires=said.get("Expires", ""),
            ttl=ttl,
        )
    }
    if plan.expires and headers["Cache-Control"] != "no-cache":
        # The moment itself: a cache that hands an answer on later need not count back.
        until = min(plan.expires, int(time.time()) + (ttl or settings.ttl))
        headers["Expires"] = format_datetime(datetime.fromtimestamp(until, UTC), usegmt=True)
        # NGINX counts max-age from when it has the answer, and keeps it through the second that it is told.
        headers["X-Accel-Expires"] = f"@{until - 1}"
    if vary:
        headers["Vary"] = vary
    if etag and settings.use_etag:
        headers["ETag"] = etag
    if date := last_modified(settings, modified):
        headers["Last-Modified"] = date
    return headers


def tags(settings: Settings, tag: str) -> dict[str, str]:
    """Headers by which a CDN finds every answer that was made of one source."""
    match settings.cache_tags_format:
        case "none":
            return {}
        case "all":
            return {"Cache-Tag": tag, "Surrogate-Key": tag}
        case _:
            return {"Cache-Tag": tag}


def server_timing(spans: Iterable[tuple[str, float]], total: float) -> str:
    """The line of a Server-Timing header: what went into an answer, in milliseconds."""
    parts = [f"{name};dur={1000 * seconds:.1f}" for name, seconds in (*spans, ("total", total))]
    return f"Server-Timing: {', '.join(parts)}\r\n"
