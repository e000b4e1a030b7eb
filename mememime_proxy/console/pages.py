"""The one HTML page of the console, and the headers that browsers protect it by."""

from __future__ import annotations

from typing import Final

from mememime_proxy.console.static_files import manifest

PREFIX: Final = "/console"
API_PREFIX: Final = "/console/api"
_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Mememime</title>
<link rel="icon" href="/console/static/{icon}" type="image/svg+xml">
<link rel="stylesheet" href="/console/static/{style}">
<script type="module" src="/console/static/{script}"></script>
</head>
<body><div id="app"></div><noscript>The console needs JavaScript.</noscript></body>
</html>
"""


def page_html() -> str:
    """Return the page, which is the same for all paths below PREFIX."""
    files = manifest()
    return _PAGE.format(icon=files["icon.svg"], style=files["main.css"], script=files["main.js"])


def page_headers(proxy_origin: str) -> dict[str, str]:
    """Return the headers of the page. ``proxy_origin``: where pictures come from, '' = the page's own origin.

    No other origin is ever asked for anything.
    """
    proxy = f" {proxy_origin}" if proxy_origin else ""
    policy = (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'{proxy} data: blob:;"
        f" media-src 'self'{proxy} blob:; connect-src 'self'{proxy}; font-src 'self'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'; worker-src 'self'; manifest-src 'self';"
        " require-trusted-types-for 'script'; trusted-types console"
    )
    return {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "X-Frame-Options": "DENY",
        "Cache-Control": "no-cache",
    }
