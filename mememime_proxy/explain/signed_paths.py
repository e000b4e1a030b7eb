"""The paths that may have been signed in place of the one in a URL: what sites, proxies and people do to URLs."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from itertools import islice
from urllib.parse import quote, unquote

from mememime_proxy.explain.target import Target
from mememime_proxy.formats import ALIASES, FORMATS
from mememime_proxy.urls.config import UrlConfig
from mememime_proxy.urls.path import repair

SALT_MARK = b"\0salt\0"
"""Stands for the salt in a signed message: most sites put it in front of the path."""
_MAX_PATHS = 800
_MAX_SLASHES = 200
_SAFE = "/:@!$&'()*+,;=~-._%"
_APPENDED = " .,;:!?)]}>'\"/\\"
_ESCAPE = re.compile("%[0-9A-Fa-f]{2}")
_Variant = tuple[str, str, str]
"""A path, the id of the mistake that leads from it to the URL's, and the mistake in words."""


def signed_messages(path: str, target: Target, config: UrlConfig) -> Iterator[tuple[bytes, str, str]]:
    """Yield what may have been signed in place of ``path``; a mark stands for the salt."""
    repaired = repair(path)
    for text, cause, explained in islice(_texts(path, target, config), _MAX_PATHS):
        if cause and text == repaired:
            continue
        yield SALT_MARK + f"/{text}".encode("utf-8", "surrogateescape"), cause, explained
    encoded = repaired.encode("utf-8", "surrogateescape")
    yield SALT_MARK + encoded, "signature.slash_not_signed", "the slash in front of the path was not signed"
    yield b"/" + encoded + SALT_MARK, "signature.salt_behind", "the salt was put behind the path, not in front of it"


def _texts(path: str, target: Target, config: UrlConfig) -> Iterator[_Variant]:
    repaired = repair(path)
    yield repaired, "", ""
    if path != repaired:
        yield path, "signature.repair_signed", "the path was signed after a proxy had changed it (%3A for :, / for //)"
    yield repaired + "\n", "signature.line_end_signed", "a line end was signed with the path (echo without -n)"
    if target.query:
        explained = "the query was signed; a query is no part of the path, and ? in a source is written %3F"
        yield f"{path}?{target.query}", "source.query_unencoded", explained
        yield f"{repaired}?{target.query}", "source.query_unencoded", explained
    if "&" in target.url and html.unescape(path) != path:
        yield (
            repair(html.unescape(path)),
            "url.html_escaped",
            "the URL was escaped for HTML (&amp;) after it was signed",
        )
    if unquote(path) != path:
        yield unquote(path), "url.encoded_after_signing", "the path was percent-encoded after it was signed"
    for safe in (_SAFE, "/:"):
        if (escaped := quote(path, safe=safe, errors="surrogateescape")) != path:
            yield escaped, "url.decoded_after_signing", "the path was percent-decoded after it was signed"
    prefix = config.path_prefix.strip("/")
    if prefix:
        yield f"{prefix}/{path}", "signature.prefix_signed", "the path prefix of the service was signed with the path"
    yield re.sub("/+", "/", path), "url.slashes_doubled", "slashes were doubled after the path was signed"
    for match in islice(re.finditer("/", repaired), 200):
        doubled = repaired[: match.start()] + "/" + repaired[match.start() :]
        yield doubled, "url.slashes_joined", "two slashes became one after the path was signed, by a proxy perhaps"
    yield from _other_spellings(repaired)
    yield from _other_options(repaired, config)
    yield from _other_formats(repaired)


def _in_capitals(match: re.Match[str]) -> str:
    return match[0].upper()


def _in_small_letters(match: re.Match[str]) -> str:
    return match[0].lower()


def _other_spellings(path: str) -> Iterator[_Variant]:
    for count in range(1, 4):
        if all(letter in _APPENDED for letter in path[-count:]):
            yield path[:-count], "url.text_appended", f"{path[-count:]!r} stands behind the URL that was signed"
    yield path + "/", "url.slash_removed", "the slash at the end was removed after the path was signed"
    yield path.replace("+", "%20"), "url.space_spelled_otherwise", "a space was signed as %20 and is a + here"
    yield path.replace("%20", "+"), "url.space_spelled_otherwise", "a space was signed as + and is %20 here"
    for spell in (_in_capitals, _in_small_letters):
        yield (
            _ESCAPE.sub(spell, path),
            "url.escapes_spelled_otherwise",
            "percent escapes have other capitals than those signed",
        )
    for form in ("NFC", "NFD"):
        composed = quote(unicodedata.normalize(form, unquote(path)), safe=_SAFE.replace("%", ""))
        yield composed, "url.letters_composed_otherwise", f"the path was signed with its letters in the form {form}"


def _other_options(path: str, config: UrlConfig) -> Iterator[_Variant]:
    segments = path.split("/")
    count = next((i for i, each in enumerate(segments) if config.arguments_separator not in each), len(segments))
    for start in range(count):
        for end in range(start + 1, count + 1):
            added = "/".join(segments[start:end])
            rest = "/".join(segments[:start] + segments[end:])
            yield rest, "signature.of_another_path", f"{added!r} was put into the path after it was signed"


def _other_formats(path: str) -> Iterator[_Variant]:
    is_plain = "plain/" in path
    mark = "@" if is_plain else "."
    bare, found, extension = path.rpartition(mark)
    bases = [path] if not found or "/" in extension else [bare, path]
    for base in bases:
        for name in ("", *FORMATS, *ALIASES):
            text = f"{base}{mark}{name}" if name else base
            if text != path:
                signed = f"with the format {name}" if name else "without a format"
                yield text, "signature.of_another_path", f"the path was signed {signed}"
