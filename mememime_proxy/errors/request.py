"""Errors in what a client requests: its URL, its signature, its credentials."""

from __future__ import annotations

from mememime_proxy.errors.base import MememimeError


class MalformedRequestError(MememimeError):
    """The bytes that a client sent are no HTTP request: an invalid header, a line that is too long, TLS."""

    code = "request.malformed"
    status, public, kind = 400, "Bad request", "path_parsing"
    remedy = "Nothing: scanners send these. Where a client of yours does, the detail in the log names what is wrong."


class UrlError(MememimeError):
    """The URL cannot be parsed."""

    code = "url.invalid"
    status, public, kind = 404, "Invalid URL", "path_parsing"
    remedy = "`mememime explain` says what is wrong, `mememime sign` builds valid URLs; see docs/options.md."
    segment: int | None = None
    """The number of the wrong segment, from 0 behind the signature, where it is an option."""
    argument: int | None = None
    """The number of the wrong argument in it, from 0."""


class PathError(UrlError):
    """The path has no signature, nothing after it, or no endpoint."""

    code = "url.path_invalid"
    development = "Invalid path"
    remedy = "Check the path: `/signature/options/source`, after PATH_PREFIX where one is set."


class MemberError(UrlError):
    """The stream has no member of this name: no such rendition, or no such segment."""

    code = "url.member_unknown"
    development = "Unknown member of a stream"
    remedy = "Follow the playlist: the ladder of the URL decides which renditions there are. See docs/streams.md."


class OptionError(UrlError):
    """A processing option is unknown or not allowed, or an argument of it is invalid."""

    code = "url.option_invalid"
    remedy = "Read the detail in the log: it names the option, the argument and what is expected. See docs/options.md."


class PresetError(UrlError):
    """The URL names a preset that is not defined."""

    code = "url.preset_unknown"
    remedy = "Define the preset in MEMEMIME_PRESETS, or correct its name in the URL."


class SourceUrlError(UrlError):
    """The source part of the URL cannot be decoded, decrypted or parsed."""

    code = "url.source_invalid"
    remedy = "Check the Base64 or the encryption key of the source part, and the characters that must be escaped."


class ExpiredError(UrlError):
    """The time of the `expires` option has passed."""

    code = "url.expired"
    public = "Expired URL"
    remedy = "Sign a new URL. Where new URLs are expired as well, compare the clocks of the machines."


class ForbiddenError(MememimeError):
    """The request is understood and refused."""

    code = "request.forbidden"
    status, public, kind = 403, "Forbidden", "security"
    remedy = "Read the detail in the log: it names the check that failed."


class SignatureError(ForbiddenError):
    """The signature of the URL is missing, malformed, or made with another key or salt."""

    code = "url.signature_invalid"
    development = "Invalid signature"
    remedy = (
        "Check that the signing site and the service have the same key, salt and signature size."
        " `mememime explain` recognises the usual mistakes."
    )


class UnsignedError(SignatureError):
    """The first segment of the path is a processing option: the signature was most likely left out."""

    code = "url.signature_missing"
    public = "The signature looks like a processing option: is it missing from the URL?"
    development = "The signature appears to be a processing option"
    remedy = "Put the signature, or `unsafe` where unsigned URLs are allowed, before the options."


class SecurityOptionError(ForbiddenError):
    """The URL has a security option and MEMEMIME_ALLOW_SECURITY_OPTIONS is off."""

    code = "url.security_option_forbidden"
    public = "Invalid URL"
    development = "Security processing options are not allowed"
    segment: int | None = None
    """As in UrlError."""
    remedy = "Remove the option from the URL, or set MEMEMIME_ALLOW_SECURITY_OPTIONS if every signer is trusted."


class OriginalForbiddenError(ForbiddenError):
    """The URL asks for the bytes of an uploaded original, and MEMEMIME_ORIGINAL_POLICY forbids to give them out."""

    code = "url.original_forbidden"
    public = "Originals are not available"
    remedy = "Remove `raw` from the URL, or set MEMEMIME_ORIGINAL_POLICY to `strip` or `allow`."


class SecretError(ForbiddenError):
    """The Authorization header does not carry MEMEMIME_SECRET."""

    code = "request.secret_invalid"
    development = "Invalid secret"
    remedy = "Let the CDN send `Authorization: Bearer` with the value of MEMEMIME_SECRET."


class ClientDisconnectedError(MememimeError):
    """The client closed the connection before the response was ready."""

    code = "request.cancelled"
    status, public, kind = 499, "Cancelled", "timeout"
    remedy = "Nothing, if there are few. Many of them mean that clients or the CDN have a shorter timeout."
