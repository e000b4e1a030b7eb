"""Wrong URLs of many kinds, each with the settings that refuse it, the response, and the cause that is to be named."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from mememime_proxy.settings.settings import Settings, load
from mememime_proxy.urls import UrlBuilder

SAMPLES = Path(__file__).parents[2] / "config" / "samples"
KEY, SALT, ENCRYPTION_KEY = "6b" * 32, "73" * 32, "65" * 16
OTHER_KEY, OTHER_SALT = "7c" * 32, "84" * 32
URL = "plain/local:///coffee.jpg"


@dataclass(frozen=True)
class WrongUrl:
    """One wrong URL: its path, its settings beside ``settings_of``'s own, and what is expected."""

    name: str
    path: str
    status: int
    code: str
    cause: str
    settings: dict[str, str] = field(default_factory=dict)


def settings_of(**settings: str) -> Settings:
    """Return the settings of a service on the sample photographs."""
    base = {"key": KEY, "salt": SALT, "local_filesystem_root": str(SAMPLES)} | settings
    return load({f"MEMEMIME_{name.upper()}": value for name, value in base.items()})


def signed(rest: str, key: str = KEY, salt: str = SALT, size: int = 32) -> str:
    """Return the path ``rest`` with its signature."""
    return UrlBuilder("", key, salt, signature_size=size).sign(rest)


def with_mac(rest: str, key: bytes, message: bytes, encode: Callable[[bytes], str] | None = None) -> str:
    """Return ``rest`` behind the HMAC of ``message``, encoded as a signing site could do."""
    mac = hmac.digest(key, message, hashlib.sha256)
    return f"/{encode(mac) if encode else _urlsafe(mac)}/{rest}"


def _resigned(rest: str, of: str) -> str:
    """Return ``rest`` with the signature of another path."""
    return f"{signed(of)[: signed(of).index('/', 1)]}/{rest}"


def _standard(rest: str) -> str:
    """Return ``rest``, lengthened until its MAC in standard base64 has a slash, with that signature."""
    for width in range(1, 2000):
        path = f"w:{width}/{rest}"
        url = with_mac(path, K, S + b"/" + path.encode(), lambda mac: base64.b64encode(mac).decode().rstrip("="))
        if "/" in url[1:43] and "+" in url[1:43]:
            return url
    raise AssertionError("no width gives such a signature")


def _urlsafe(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


K, S = bytes.fromhex(KEY), bytes.fromhex(SALT)
_SIGNATURE = (403, "url.signature_invalid")
_OPTION = (404, "url.option_invalid")
_SOURCE = (404, "url.source_invalid")
_FORBIDDEN = (404, "source.forbidden")
_B64 = base64.urlsafe_b64encode(b"local:///coffee.jpg").decode().rstrip("=")
_MESSAGE = S + b"/" + URL.encode()

WRONG_URLS = (
    # --- signatures
    WrongUrl("wrong key", signed(URL, key=OTHER_KEY), *_SIGNATURE, "signature.other_key"),
    WrongUrl("wrong salt", signed(URL, salt=OTHER_SALT), *_SIGNATURE, "signature.other_key"),
    WrongUrl(
        "salt of another key", signed(URL, salt=OTHER_SALT), *_SIGNATURE, "signature.wrong_salt",
        {"key": f"{KEY},{OTHER_KEY}", "salt": f"{SALT},{OTHER_SALT}"},
    ),
    WrongUrl("key and salt exchanged", signed(URL, SALT, KEY), *_SIGNATURE, "signature.key_and_salt_swapped"),
    WrongUrl("salt left out", with_mac(URL, K, b"/" + URL.encode()), *_SIGNATURE, "signature.salt_missing"),
    WrongUrl(
        "key not decoded", with_mac(URL, KEY.encode(), SALT.encode() + b"/" + URL.encode()), *_SIGNATURE,
        "signature.key_not_decoded",
    ),
    WrongUrl("salt behind the path", with_mac(URL, K, b"/" + URL.encode() + S), *_SIGNATURE, "signature.salt_behind"),
    WrongUrl("slash not signed", with_mac(URL, K, S + URL.encode()), *_SIGNATURE, "signature.slash_not_signed"),
    WrongUrl("line end signed", with_mac(URL, K, _MESSAGE + b"\n"), *_SIGNATURE, "signature.line_end_signed"),
    WrongUrl("option added", _resigned(f"w:9/{URL}", URL), *_SIGNATURE, "signature.of_another_path"),
    WrongUrl("format changed", _resigned(f"{URL}@png", f"{URL}@webp"), *_SIGNATURE, "signature.of_another_path"),
    WrongUrl("truncated signature", f"/{signed(URL)[1:30]}/{URL}", *_SIGNATURE, "signature.truncated"),
    WrongUrl("long signature", signed(URL), *_SIGNATURE, "signature.too_long", {"signature_size": "16"}),
    WrongUrl("missing signature", f"/rs:fit:300/{URL}", *_SIGNATURE, "signature.missing"),
    WrongUrl("missing signature before plain", f"/{URL}", *_SIGNATURE, "signature.missing"),
    WrongUrl(
        "signature with padding", with_mac(URL, K, _MESSAGE, lambda mac: base64.urlsafe_b64encode(mac).decode()),
        *_SIGNATURE, "signature.padded",
    ),
    WrongUrl("signature in the standard alphabet", _standard(URL), *_SIGNATURE, "signature.standard_base64"),
    WrongUrl("signature in hexadecimal", with_mac(URL, K, _MESSAGE, bytes.hex), *_SIGNATURE, "signature.hexadecimal"),
    WrongUrl("unsafe is not allowed", f"/unsafe/{URL}", *_SIGNATURE, "signature.unsafe_not_allowed"),
    WrongUrl(
        "no signature at a service without keys", f"/rs:fit:300/{URL}", 403, "url.signature_missing",
        "signature.missing", {"key": "", "salt": "", "allow_unsigned": "1"},
    ),
    WrongUrl(
        "base64 of a hexadecimal signature",
        with_mac(URL, K, _MESSAGE, lambda mac: base64.urlsafe_b64encode(mac.hex().encode()).decode().rstrip("=")),
        *_SIGNATURE, "signature.hexadecimal",
    ),
    WrongUrl(
        "key decoded as base64",
        with_mac(URL, base64.b64decode(KEY), base64.b64decode(SALT) + b"/" + URL.encode()), *_SIGNATURE,
        "signature.key_not_decoded",
    ),
    WrongUrl(
        "HMAC-SHA1", with_mac(URL, K, _MESSAGE, lambda _: _urlsafe(hmac.digest(K, _MESSAGE, "sha1"))), *_SIGNATURE,
        "signature.other_hash",
    ),
    WrongUrl(
        "hash without a key", with_mac(URL, K, _MESSAGE, lambda _: _urlsafe(hashlib.sha256(K + _MESSAGE).digest())),
        *_SIGNATURE, "signature.other_hash",
    ),
    # --- what happens to a URL on its way
    WrongUrl("text behind the URL", f"{signed(URL)}).", *_SIGNATURE, "url.text_appended"),
    WrongUrl("slash behind the URL", f"{signed(URL)}/", *_SIGNATURE, "url.text_appended"),
    WrongUrl("slash at the end removed", signed(f"{URL}/")[:-1], *_SIGNATURE, "url.slash_removed"),
    WrongUrl(
        "space as +", signed("plain/local:///a%20b.jpg").replace("%20", "+"), *_SIGNATURE,
        "url.space_spelled_otherwise",
    ),
    WrongUrl(
        "escapes in small letters", signed("plain/local:///caf%C3%A9.jpg").replace("%C3%A9", "%c3%a9"), *_SIGNATURE,
        "url.escapes_spelled_otherwise",
    ),
    WrongUrl(
        "letters decomposed", _resigned("plain/local:///cafe%CC%81.jpg", "plain/local:///caf%C3%A9.jpg"), *_SIGNATURE,
        "url.letters_composed_otherwise",
    ),
    WrongUrl("URL in small letters", signed(URL).lower(), *_SIGNATURE, "url.case_changed"),
    WrongUrl(
        "HTML escapes", _resigned("plain/local:///a&amp;b.jpg", "plain/local:///a&b.jpg"), *_SIGNATURE,
        "url.html_escaped",
    ),
    WrongUrl(
        "encoded after signing", _resigned("plain/local:///caf%C3%A9.jpg", "plain/local:///café.jpg"), *_SIGNATURE,
        "url.encoded_after_signing",
    ),
    WrongUrl(
        "decoded after signing", _resigned("plain/local:///a!b.jpg", "plain/local:///a%21b.jpg"), *_SIGNATURE,
        "url.decoded_after_signing",
    ),
    WrongUrl(
        "// collapsed by a proxy", _resigned("plain/https://example.com/a/b.jpg", "plain/https://example.com/a//b.jpg"),
        *_SIGNATURE, "url.slashes_joined",
    ),
    WrongUrl("slashes doubled", signed(URL).replace("/plain", "//plain"), *_SIGNATURE, "url.slashes_doubled"),
    WrongUrl(
        "query signed", f"{_resigned('plain/local:///a.jpg', 'plain/local:///a.jpg?v=1')}?v=1", *_SIGNATURE,
        "source.query_unencoded",
    ),
    WrongUrl(
        "path prefix missing", signed(URL), 404, "url.path_invalid", "path.prefix_missing", {"path_prefix": "/img"}
    ),
    WrongUrl(
        "path prefix signed", "/img" + _resigned(URL, f"img/{URL}"), *_SIGNATURE, "signature.prefix_signed",
        {"path_prefix": "/img"},
    ),
    WrongUrl("too long", signed(URL) + "x" * 17000, 404, "url.path_invalid", "path.too_long"),
    WrongUrl("basic format", signed("fill/300/200/ce/0/bG9jYWw"), 404, "url.path_invalid", "path.basic_format"),
    WrongUrl(
        "unknown member of a stream", signed("ld:360/plain/local:///film.mp4@m3u8") + "/~/720/v.m3u8", 404,
        "url.member_unknown", "member.unknown",
    ),
    WrongUrl("no source", signed("rs:fit:300/w:3"), 404, "url.path_invalid", "source.missing"),
    # --- options
    WrongUrl("unknown option", signed(f"resise:fit:300/{URL}"), *_OPTION, "option.unknown"),
    WrongUrl("wrong argument", signed(f"rs:cover:300/{URL}"), *_OPTION, "option.argument_invalid"),
    WrongUrl("unit in an argument", signed(f"w:300px/{URL}"), *_OPTION, "option.argument_invalid"),
    WrongUrl("number of arguments", signed(f"q:80:70/{URL}"), *_OPTION, "option.too_many_arguments"),
    WrongUrl("out of range", signed(f"q:101/{URL}"), *_OPTION, "option.out_of_range"),
    WrongUrl(
        "option switched off", signed(f"blur:3/{URL}"), *_OPTION, "option.switched_off",
        {"allowed_processing_options": "rs,w"},
    ),
    WrongUrl("security option", signed(f"msr:90/{URL}"), 403, "url.security_option_forbidden", "option.security"),
    WrongUrl("expired", signed(f"exp:1700000000/{URL}"), 404, "url.expired", "url.expired"),
    WrongUrl("option behind plain", signed("plain/rs:fit:300/local:///coffee.jpg"), *_SOURCE, "option.after_source"),
    WrongUrl(
        "option behind the source", signed(f"{URL}/rs:fit:300"), 404, "source.not_found", "option.after_source"
    ),
    WrongUrl("option behind base64", signed(f"{_B64}/rs:fit:300"), *_SOURCE, "option.after_source"),
    WrongUrl("too many pipelines", signed(f"w:9{'/-/w:9' * 8}/{URL}"), *_OPTION, "chain.too_long"),
    # --- presets
    WrongUrl(
        "unknown preset", signed(f"pr:crd/{URL}"), 404, "url.preset_unknown", "preset.unknown",
        {"presets": "card=rs:fill:300:200"},
    ),
    WrongUrl(
        "presets alone", signed(f"rs:fit:300/{URL}"), 404, "url.preset_unknown", "preset.only_presets",
        {"presets": "card=rs:fill:300:200", "only_presets": "1"},
    ),
    # --- formats
    WrongUrl("unknown format", signed(f"{URL}@docx"), *_OPTION, "format.unknown"),
    WrongUrl("format in capitals", signed(f"{URL}@WEBP"), *_OPTION, "format.unknown"),
    WrongUrl("format that is never written", signed(f"{URL}@heic"), 422, "image.format_unsupported",
             "format.not_written"),
    WrongUrl("unencoded @", signed("plain/local:///me@home.jpg"), *_OPTION, "source.at_unencoded"),
    WrongUrl("two unencoded @", signed("plain/local:///me@home.jpg@webp"), *_SOURCE, "source.at_unencoded"),
    WrongUrl(
        "encoded @ of the format", signed(f"{URL}%40webp"), 404, "source.not_found", "source.at_encoded"
    ),
    # --- sources
    WrongUrl("unencoded %", signed("plain/local:///50%off.jpg"), *_SOURCE, "source.percent_unencoded"),
    WrongUrl(
        "unencoded ?", signed("plain/local:///what") + "?.jpg", 404, "source.not_found", "source.query_unencoded"
    ),
    WrongUrl("encoded twice", signed("plain/local%253A%252F%252F%252Fcoffee.jpg"), *_SOURCE, "source.encoded_twice"),
    WrongUrl("name encoded twice", signed("plain/local:///caf%25C3%25A9.jpg"), 404, "source.not_found",
             "source.encoded_twice"),
    WrongUrl("base64 with line breaks", signed(f"{_B64[:9]}%0A{_B64[9:]}"), *_SOURCE, "source.base64_line_breaks"),
    WrongUrl(
        "base64 of the standard alphabet",
        signed(base64.b64encode("local:///ä>>>.jpg".encode()).decode().rstrip("=").replace("/", "%2F")), *_SOURCE,
        "source.base64_standard",
    ),
    WrongUrl("plain/ left out", signed("rs:fit:300/https://example.com/a.jpg"), *_OPTION, "source.plain_missing"),
    WrongUrl("plain/ left out of a name", signed("photos/coffee.jpg"), *_SOURCE, "source.plain_missing"),
    WrongUrl("source without scheme", signed("plain/coffee.jpg"), *_SOURCE, "source.scheme_missing"),
    WrongUrl("unknown scheme", signed("plain/ftp://example.com/a.jpg"), 404, "source.unreachable",
             "source.scheme_unknown"),
    WrongUrl("scheme disabled", signed("plain/s3://bucket/a.jpg"), 404, "source.unreachable", "source.scheme_disabled"),
    WrongUrl("alias disabled", signed("plain/alias://cup"), 404, "source.unreachable", "source.scheme_disabled"),
    WrongUrl(
        "source not allowed", signed("plain/https://example.com/a.jpg"), *_FORBIDDEN, "source.not_allowed",
        {"allowed_sources": "local://,https://images.example.com/"},
    ),
    WrongUrl("private address", signed("plain/http://192.168.1.1/a.jpg"), *_FORBIDDEN, "source.address_private"),
    WrongUrl("loopback address", signed("plain/http://localhost:8000/a.jpg"), *_FORBIDDEN, "source.address_private"),
    WrongUrl("outside of the root", signed("plain/local:///../etc/passwd"), *_FORBIDDEN, "source.outside_root"),
    WrongUrl("file is missing", signed("plain/local:///cofee.jpg"), 404, "source.not_found", "source.not_found"),
    WrongUrl(
        "wrong encryption key",
        UrlBuilder("", KEY, SALT, encryption_key="66" * 16).encrypted().build("local:///coffee.jpg"), *_SOURCE,
        "source.encryption_key_wrong", {"source_url_encryption_key": ENCRYPTION_KEY},
    ),
    WrongUrl(
        "encryption key not set",
        UrlBuilder("", KEY, SALT, encryption_key=ENCRYPTION_KEY).encrypted().build("local:///coffee.jpg"), *_SOURCE,
        "source.encryption_key_missing",
    ),
)  # fmt: skip
