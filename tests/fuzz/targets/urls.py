"""The URL language: request targets, signatures, presets, encodings of the source, the builder, explanations."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from pathlib import Path

from mememime_proxy.errors import MememimeError, SettingsError
from mememime_proxy.explain.explanation import explain
from mememime_proxy.proxy.http.headers import content_disposition, raw_disposition
from mememime_proxy.proxy.http.negotiation import Negotiation
from mememime_proxy.settings.settings import load
from mememime_proxy.sources.http import url as web
from mememime_proxy.urls import SourceUrl, UrlBuilder, UrlConfig, UrlParser
from mememime_proxy.urls.presets import parse_presets
from mememime_proxy.urls.source import base64url
from mememime_proxy.urls.source.encryption import decrypt
from tests.fuzz.target import Target, attempt
from tests.support.url_strategies import ENCRYPTION_KEY, KEY, KEY_PAIRS, NOW, PRESETS, SALT, unsigned
from tests.urls.building.test_builder import test_builder_url_is_parsed_to_the_same_plan as round_trip

_KEY = bytes.fromhex(ENCRYPTION_KEY)
_WORDS = (
    b"/unsafe/",
    b"plain/",
    b"http://",
    b"https://",
    b"local:///",
    b"s3://",
    b"alias://",
    b"asset://",
    b"enc/",
    b"enc2/",
    b"@webp",
    b".png",
    b"%3A",
    b"%2F",
    b"%00",
    b"rs:fill:300:200:1:1",
    b"size:1:2:1",
    b"g:fp:0.5:0.5",
    b"g:sm",
    b"c:0.5:10:noea:1:2",
    b"t:10:ff0000:1:1",
    b"pd:1:2:3:4",
    b"ar:1",
    b"rot:90",
    b"fl:1:1",
    b"bg:255:0:10",
    b"bl:2",
    b"sh:1",
    b"pix:5",
    b"wm:0.5:re",
    b"q:50",
    b"fq:jpeg:70:avif:50",
    b"mb:1000",
    b"f:webp",
    b"sk:png:jpg",
    b"raw:1",
    b"cb:x",
    b"exp:1700000001",
    b"fn:YWI:1",
    b"att:1",
    b"pr:small:nested",
    b"msr:1",
    b"msfs:10",
    b"maf:3",
    b"mafr:1",
    b"mrd:100",
    b"z:2:3",
    b"dpr:2",
    b"el:1",
    b"ex:1:so",
    b"exar:1",
    b"mw:1",
    b"mh:1",
    b"sm:1",
    b"kcr:1",
    b"scp:1",
    b"ph:1",
    b"eth:1",
    b"nan",
    b"inf",
    b"1e308",
    b"-0",
    b"::",
    b"//",
)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


_PARSER = unsigned(
    presets=PRESETS,
    allow_security_options=True,
    source_url_encryption_key=_KEY,
)
_PRESETS_ONLY = unsigned(presets=PRESETS, only_presets=True)


def _target(data: bytes) -> None:
    """A request target: whatever is accepted has a source that can be encoded, and headers without line ends."""
    text = _text(data)
    for parser in (_PRESETS_ONLY, _PARSER):
        plan = attempt(functools.partial(parser.parse, now=NOW), text)
        if plan is None:
            continue
        assert plan == parser.parse(text, now=NOW)
        plan.source.encode()
        for header in (content_disposition(plan, ".webp"), raw_disposition(plan) if "://" in plan.source else ""):
            assert not set(header) & set("\r\n\0"), header
            assert len(header) < 1200, len(header)


def _target_seeds() -> Iterable[bytes]:
    for word in _WORDS:
        if b":" in word and b"/" not in word:
            yield b"/unsafe/" + word + b"/plain/local:///a.jpg@png"
    source = urlsafe_b64encode(b"http://example.com/a.jpg")
    yield b"/unsafe/rs:fit:1:2/" + source + b".webp"
    yield b"/_/" + source[:10] + b"/" + source[10:]
    yield UrlBuilder("", KEY, SALT, encryption_key=ENCRYPTION_KEY).resize("fit", 9).build("local:///a.jpg").encode()
    yield b"/unsafe/raw:1/plain/http://example.com/a.%250d%250aX-A:b"
    yield b"/unsafe/small:nested/plain/http://example.com/a%20b.jpg?x=1@jpg"


_SIGNED = UrlParser(UrlConfig(key_pairs=KEY_PAIRS, presets=PRESETS))


def _signature(data: bytes) -> None:
    """A path that is accepted has the one signature that HMAC says."""
    path = _SIGNED.split(_text(data))
    signed = _SIGNED.verify(path)
    ((key, salt),) = KEY_PAIRS
    message = salt + b"/" + signed.path.encode("utf-8", "surrogateescape")
    digest = hmac.digest(key, message, hashlib.sha256)
    assert signed.verified
    assert signed.signature.encode() == urlsafe_b64encode(digest).rstrip(b"=")
    assert path.startswith("/" + signed.signature + "/")


def _signature_seeds() -> Iterable[bytes]:
    builder = UrlBuilder("", KEY, SALT)
    for source in ("local:///a.jpg", "http://example.com/a/b:c.jpg"):
        yield builder.resize("fill", 300, 200).build(source, "webp").encode()
        yield builder.resize("fill", 300, 200).build(source, "webp").replace(":", "%3A").encode()


def _presets(data: bytes) -> None:
    lines = _text(data).split("\n")
    try:
        options = parse_presets(lines)
    except SettingsError:
        return
    written_again = [f"{name}={'/'.join(':'.join((o.name, *o.arguments)) for o in of)}" for name, of in options.items()]
    assert parse_presets(written_again) == options
    UrlParser(UrlConfig(allow_unsigned=True, presets=tuple(lines)))


def _presets_seeds() -> Iterable[bytes]:
    yield "\n".join(PRESETS).encode()
    yield b"default=q:70\n# a comment\n\na=pr:b/w:1\nb=g:sm"


def _source(data: bytes) -> None:
    """Encodings of sources, and the strict parser of web addresses."""
    encoded = base64url.encode(data)
    assert base64url.decode(encoded) == data
    text = _text(data)
    with contextlib.suppress(ValueError):
        assert base64url.decode(base64url.encode(base64url.decode(text))) == base64url.decode(text)
    for cipher in ("enc", "enc2"):
        with contextlib.suppress(MememimeError):
            decrypt(data, _KEY, cipher)
    for separator in ("?", "@", ""):
        try:
            parts = SourceUrl.parse(text, separator)
        except MememimeError:
            continue
        assert parts.text == text
        assert parts.scheme == parts.scheme.lower()
    url = web.parse(text)
    assert url.scheme in {"http", "https"}
    assert url.host
    assert str(web.parse(str(url))) == str(url), "an address is written otherwise a second time"
    assert web.follow(url, text).scheme in {"http", "https"}


def _source_seeds() -> Iterable[bytes]:
    for text in (
        "http://example.com/a.jpg?x=1#y",
        "https://xn--bcher-kva.example:8443/%7Ea/b;c",
        "http://[2001:db8::1]/",
        "http://127.0.0.1:8080/../x",
        "s3://bucket/key?v1",
        "local:///a/b",
        "//example.com/x",
        "../x",
    ):
        yield text.encode()


def _built(data: bytes) -> None:
    """What the builder writes is parsed as what it stands for: bytes choose the builder's calls."""
    round_trip.hypothesis.fuzz_one_input(data)


_SETTINGS = load(
    {
        "MEMEMIME_KEY": KEY,
        "MEMEMIME_SALT": SALT,
        "MEMEMIME_LOCAL_FILESYSTEM_ROOT": str(Path(__file__).parent),
        "MEMEMIME_AUTO_WEBP": "1",
        "MEMEMIME_ENABLE_CLIENT_HINTS": "1",
    }
)
_NEGOTIATION = Negotiation(_SETTINGS)


def _explained(data: bytes) -> None:
    """Whatever somebody takes for a URL is explained, and so is what the service makes of any headers."""
    text, _, headers = _text(data).partition("\n")
    accept, _, hint = headers.partition("\n")
    explanation = explain(text, _SETTINGS, headers={"Accept": accept, "DPR": hint, "Width": hint}, now=NOW)
    assert all(part.end <= len(explanation.url) for part in explanation.parts)
    assert explanation.refusal is None or 400 <= explanation.refusal.status < 500
    _NEGOTIATION.preference(accept)


def _explained_seeds() -> Iterable[bytes]:
    from tests.support.wrong_urls import WRONG_URLS

    for wrong in WRONG_URLS:
        yield f"http://localhost:8080{wrong.path[:2000]}".encode("utf-8", "surrogateescape")
    yield from (seed + b"\nimage/avif;q=0.5,*/*\n2.5" for seed in _signature_seeds())


TARGETS = (
    Target(name="urls.target", run=_target, seeds=_target_seeds, words=_WORDS, steps_per_byte=200),
    Target(
        name="urls.signature", run=_signature, seeds=_signature_seeds, words=(b"%3A", b"plain/", b"/", b"=", b"unsafe")
    ),
    Target(name="urls.presets", run=_presets, seeds=_presets_seeds, words=_WORDS, steps_per_byte=200),
    Target(
        name="urls.source",
        run=_source,
        seeds=_source_seeds,
        words=(b"http://", b"https://", b"%2e%2e", b"@", b"[::1]", b":80"),
    ),
    Target(
        name="urls.builder",
        run=_built,
        seeds=lambda: (bytes(range(256)), bytes(64), b"\xff" * 64),
        allowed=(),
        base_steps=2_000_000,
        steps_per_byte=5000,
    ),
    Target(
        name="urls.explanation",
        run=_explained,
        seeds=_explained_seeds,
        allowed=(),
        words=_WORDS,
        base_steps=400_000,
        steps_per_byte=5000,
        max_length=2048,
    ),
)
