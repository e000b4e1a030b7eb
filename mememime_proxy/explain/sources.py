"""The source of a URL: how it is written, what it names, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote

from mememime_proxy.errors import (
    MememimeError,
    OptionError,
    SourceForbiddenError,
    SourceNotFoundError,
    SourceUrlError,
    UnsupportedFormatError,
)
from mememime_proxy.explain.model import Cause, UrlPart
from mememime_proxy.explain.target import Segment, Target
from mememime_proxy.formats import ALIASES, FORMATS, by_name
from mememime_proxy.settings.settings import Settings
from mememime_proxy.urls.config import UrlConfig
from mememime_proxy.urls.options.table import BY_NAME
from mememime_proxy.urls.source.source import decode_source

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://", re.ASCII)
_SWITCHES = {
    "local": "MEMEMIME_LOCAL_FILESYSTEM_ROOT",
    "s3": "MEMEMIME_USE_S3",
    "gs": "MEMEMIME_USE_GCS",
    "abs": "MEMEMIME_USE_ABS",
    "alias": "MEMEMIME_RESOURCES_URL",
    "asset": "MEMEMIME_RESOURCES_URL",
}
"""The setting that enables a scheme."""
_KINDS = {
    "local": "a file below MEMEMIME_LOCAL_FILESYSTEM_ROOT",
    "http": "on the web",
    "https": "on the web",
    "s3": "an object in S3",
    "gs": "an object in Google Cloud Storage",
    "abs": "an object in Azure Blob Storage",
    "alias": "an alias of the resource service",
    "asset": "an asset of the resource service, by its digest",
}
_FORMS = {"plain": "as plain text", "enc": "encrypted (AES-CBC)", "enc2": "encrypted (AES-GCM-SIV)"}


def source_parts(source: Sequence[str], segments: Sequence[Segment], config: UrlConfig) -> tuple[UrlPart, ...]:
    """Return the parts for the source and its extension. Raises SourceUrlError."""
    url, extension = decode_source(
        source, drop_filename=config.base64_url_includes_filename, key=config.source_url_encryption_key
    )
    start, end = segments[0].start, segments[-1].end
    form = _FORMS.get(source[0] if len(source) > 1 else "", "in base64")
    kind = _KINDS.get(url.partition("://")[0].lower(), "")
    meaning = f"{url}, written {form}" + (f", {kind}" if kind else "")
    length = len(extension) + 1 if extension else 0
    text = "/".join(source)
    parts = [UrlPart(kind="source", text=text[: len(text) - length], meaning=meaning, start=start, end=end - length)]
    if extension:
        meaning = "the format of the result" if by_name(extension) else "no format"
        parts.append(UrlPart(kind="format", text=extension, meaning=meaning, start=end - length + 1, end=end))
    return tuple(parts)


def source_cause(
    error: MememimeError,
    source: Sequence[str],
    segments: Sequence[Segment],
    target: Target,
    url: str,
    settings: Settings,
) -> Cause:
    """Return the cause of an error about the source. ``url``: the decoded source, where it could be decoded."""
    name, text, remedy = _describe(error, source, target, url, settings)
    return Cause(id=name, text=text, remedy=remedy, start=segments[0].start, end=segments[-1].end)


def _describe(
    error: MememimeError, source: Sequence[str], target: Target, url: str, settings: Settings
) -> tuple[str, str, str]:
    written = "/".join(source)
    is_plain = written.startswith("plain/")
    if isinstance(error, OptionError):
        return _wrong_format(written, target, is_plain=is_plain)
    if isinstance(error, UnsupportedFormatError):
        return _unavailable_format(error)
    if option := _misplaced_option(source):
        return (
            "option.after_source",
            f"the option {option!r} stands behind the beginning of the source, where it is a part of the source",
            "Write all options in front of the source: /signature/options/plain/source.",
        )
    if isinstance(error, SourceUrlError) and not url:
        return _undecodable(error, written, target, settings, is_plain=is_plain)
    return _refused(error, url, target, settings)


def _misplaced_option(source: Sequence[str]) -> str:
    """Return a segment of the source that is an option; '' if there is none."""
    return next((each for each in source[1:] if ":" in each and each.partition(":")[0] in BY_NAME), "")


def _wrong_format(written: str, target: Target, *, is_plain: bool) -> tuple[str, str, str]:
    mark = "@" if is_plain else "."
    extension = written.rpartition(mark)[2]
    if is_plain and ("." in extension or "/" in extension):
        return (
            "source.at_unencoded",
            f"what follows the @ is read as a format: {extension[:60]!r}",
            "Write an @ that belongs to the source as %40.",
        )
    lower = extension.lower()
    hint = f"Write it in lower case: {lower}. " if by_name(lower) else ""
    names = ", ".join((*FORMATS, *ALIASES))
    return "format.unknown", f"there is no format {extension[:60]!r}", f"{hint}Formats: {names}."


def _unavailable_format(error: MememimeError) -> tuple[str, str, str]:
    words = error.detail.lower().split()
    name = next((each for each in FORMATS if each in words), "")
    format_ = FORMATS.get(name)
    if format_ is not None and format_.saved and not format_.writable:
        return (
            "format.unavailable",
            f"this installation cannot write {name}: the extra {format_.extra!r} is not installed",
            f"{error.detail} Or name another format.",
        )
    return "format.not_written", f"{name or 'this format'} is read, and never written", "Name another format."


def _undecodable(
    error: MememimeError, written: str, target: Target, settings: Settings, *, is_plain: bool
) -> tuple[str, str, str]:
    if is_plain and "several '@'" in error.detail:
        return "source.at_unencoded", error.detail, "Write an @ that belongs to the source as %40."
    if is_plain and "percent sign" in error.detail:
        return "source.percent_unencoded", error.detail, "Write a percent sign that belongs to the source as %25."
    if written.startswith(("enc/", "enc2/")):
        if not settings.source_url_encryption_key:
            return "source.encryption_key_missing", error.detail, "Set the key with which the site encrypts."
        return (
            "source.encryption_key_wrong",
            f"{error.detail}: it was encrypted with another key, or was changed",
            "Compare MEMEMIME_SOURCE_URL_ENCRYPTION_KEY with the key of the site (mememime keys show).",
        )
    if not is_plain:
        return _not_base64(error, written)
    return "source.invalid", error.detail, "Correct the source."


def _not_base64(error: MememimeError, written: str) -> tuple[str, str, str]:
    if re.search(r"%0[AaDd]|\s", written):
        return (
            "source.base64_line_breaks",
            "the base64 of the source has line breaks in it",
            "Encode without line breaks: base64 -w0.",
        )
    if "+" in written or "%2B" in written.upper():
        return (
            "source.base64_standard",
            "the base64 of the source has a + in it: it is the standard alphabet",
            "Use the URL-safe alphabet: - for + and _ for /.",
        )
    if _SCHEME.search(written) or written.startswith(("http:", "https:", "local:")):
        return "source.plain_missing", error.detail, "Write plain/ in front of a source that is not in base64."
    if "." in written:
        return (
            "source.plain_missing",
            f"a source without plain/ is read as base64, and {written[:80]!r} is none",
            "Write plain/ in front of a source that is not in base64.",
        )
    return (
        "source.base64_invalid",
        error.detail,
        "Encode the source's URL in URL-safe base64, or write plain/ and the URL.",
    )


def _refused(error: MememimeError, url: str, target: Target, settings: Settings) -> tuple[str, str, str]:
    return (
        _not_a_source(error, url, settings)
        or _not_permitted(error, url, settings)
        or _not_available(error, url, target, settings)
    )


def _not_a_source(error: MememimeError, url: str, settings: Settings) -> tuple[str, str, str] | None:
    scheme, mark, _ = url.partition("://")
    decoded = unquote(url)
    if decoded != url and ((not mark and "://" in unquote(decoded)) or isinstance(error, SourceNotFoundError)):
        return (
            "source.encoded_twice",
            f"the source is still percent-encoded after decoding: {url[:120]!r}",
            "Percent-encode the source once.",
        )
    if not mark:
        example = f"local:///{url.lstrip('/')}" if settings.local_filesystem_root else f"https://example.com/{url}"
        return (
            "source.scheme_missing",
            f"the source {url[:120]!r} has no scheme",
            f"Write {example}, or set MEMEMIME_BASE_URL, which is put in front of every source.",
        )
    if "there is no source for" in error.detail:
        switch = _SWITCHES.get(scheme.lower())
        if switch:
            return "source.scheme_disabled", f"sources of {scheme}:// are off", f"Set {switch}."
        return "source.scheme_unknown", f"there are no sources of {scheme}://", f"Schemes: {', '.join(_KINDS)}."
    return None


def _not_permitted(error: MememimeError, url: str, settings: Settings) -> tuple[str, str, str] | None:
    scheme = url.partition("://")[0].lower()
    if settings.allowed_sources and "allowed sources" in error.detail:
        allowed = ", ".join(settings.allowed_sources)
        return "source.not_allowed", error.detail, f"MEMEMIME_ALLOWED_SOURCES allows {allowed}."
    if scheme in {"http", "https"} and "address" in error.detail:
        return (
            "source.address_private",
            error.detail,
            "MEMEMIME_ALLOW_LOOPBACK_SOURCE_ADDRESSES, …_LINK_LOCAL_… and …_PRIVATE_… allow such addresses.",
        )
    if scheme == "local" and isinstance(error, SourceForbiddenError):
        return (
            "source.outside_root",
            f"{error.detail}: only regular files below MEMEMIME_LOCAL_FILESYSTEM_ROOT are served, no links",
            "Name the file below the root, without .. and links.",
        )
    return None


def _not_available(error: MememimeError, url: str, target: Target, settings: Settings) -> tuple[str, str, str]:
    if isinstance(error, SourceNotFoundError):
        root = f" below {settings.local_filesystem_root}" if url.startswith("local:") else ""
        if url.endswith(tuple(f"@{name}" for name in (*FORMATS, *ALIASES))):
            return (
                "source.at_encoded",
                "the @ in front of the format is percent-encoded (%40), so that it is a part of the source",
                "Write the @ in front of the format as it is.",
            )
        if target.query:
            return (
                "source.query_unencoded",
                f"{error.detail}{root}: the source ends at the ? of the URL",
                "Write a ? that belongs to the source as %3F.",
            )
        return "source.not_found", f"{error.detail}{root}", "Correct the name, or put the original there."
    return "source.refused", error.detail, error.remedy
