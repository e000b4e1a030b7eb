"""Contradictions between settings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mememime_proxy.errors import missing_extra_text
from mememime_proxy.formats import has_c2pa, has_jpegli, has_metrics


def find_contradictions(settings: Any) -> Iterator[str]:
    """Yield a sentence for each contradiction in ``Settings``; it names the variables as they were set."""
    name = settings.variable
    if len(settings.key) != len(settings.salt):
        yield (
            f"{name('key')}, {name('salt')}: found {len(settings.key)} keys and {len(settings.salt)} salts,"
            " expected as many of each"
        )
    cipher_key = settings.source_url_encryption_key
    if cipher_key and len(cipher_key) not in {16, 24, 32}:
        yield f"{name('source_url_encryption_key')}: found {len(cipher_key)} bytes, expected 16, 24 or 32"
    if settings.nginx_cache_path and settings.cache_tags_format == "none":
        yield (
            f"{name('cache_tags_format')}: found `none`, expected tags, by which {name('nginx_cache_path')} is purged"
        )
    if settings.purge_feed and not (settings.resources_url or settings.database_url):
        yield f"{name('resources_url')}: found nothing, which {name('purge_feed')} needs"
    yield from _find_missing_extras(settings)
    if settings.c2pa != "off":
        if not has_c2pa():
            yield f"{name('c2pa')}: {missing_extra_text('c2pa', 'c2pa')}"
        for each in ("c2pa_certificate", "c2pa_private_key"):
            if not getattr(settings, each):
                yield f"{name(each)}: found nothing, which {name('c2pa')}={settings.c2pa} needs"
    if settings.console and not settings.token_key:
        yield f"{name('token_key')}: found nothing, which {name('console')} needs for its sessions"
    if set(settings.preferred_formats) <= set(settings.disabled_result_formats):
        yield (
            f"{name('disabled_result_formats')}: found {', '.join(settings.disabled_result_formats)},"
            f" expected to leave one of {name('preferred_formats')}"
        )
    if 0 < settings.fallback_image_http_code < 100:
        yield (
            f"{name('fallback_image_http_code')}: found {settings.fallback_image_http_code}, expected 0, or 100 to 599"
        )


def _find_missing_extras(settings: Any) -> Iterator[str]:
    if settings.autoquality_method != "none" and not has_metrics():
        yield f"{settings.variable('autoquality_method')}: {missing_extra_text('autoquality', 'autoquality')}"
    if settings.jpeg_encoder == "jpegli" and not has_jpegli():
        yield f"{settings.variable('jpeg_encoder')}: {missing_extra_text('jpegli', 'jpegli')}"
