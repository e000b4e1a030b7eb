"""The cause of a signature that does not fit: usual mistakes are made on purpose, until one gives the same bytes."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from mememime_proxy.explain.model import Cause
from mememime_proxy.explain.signed_paths import SALT_MARK, signed_messages
from mememime_proxy.explain.target import Target
from mememime_proxy.urls.config import UrlConfig
from mememime_proxy.urls.options.table import BY_NAME
from mememime_proxy.urls.parser import UNSIGNED
from mememime_proxy.urls.path import repair
from mememime_proxy.urls.signature import KeyPair, Signer
from mememime_proxy.urls.source.base64url import decode

_HASHES = ("sha1", "sha224", "sha384", "sha512", "md5")
_MIN_BYTES = 4
"""Bytes of a signature below which a match says little."""
_SIGN_AGAIN = "Sign the URL again: mememime sign --path '/{path}'"


@dataclass(frozen=True, slots=True)
class _Signed:
    """A way in which the text of the signature and the signed path may be found in a URL."""

    value: bytes
    path: str
    id: str = ""
    text: str = ""


def fitting_key(path: str, signature: str, config: UrlConfig) -> str:
    """Return which key verifies ``signature``; '' where none does."""
    for number, pair in enumerate(config.key_pairs, 1):
        if _sign(pair, path, config) == signature:
            return f"key {number} of {len(config.key_pairs)}"
    return "a text of MEMEMIME_TRUSTED_SIGNATURES" if signature in config.trusted_signatures else ""


def diagnose(path: str, target: Target, config: UrlConfig, signer: tuple[KeyPair, ...] = ()) -> Cause:
    """Return why the signature of ``path`` does not fit. ``signer``: the keys of the signing site, where known."""
    signature, _, rest = path.removeprefix("/").partition("/")
    if cause := _missing(signature, rest, config):
        return cause
    repaired = repair(rest)
    again = _SIGN_AGAIN.format(path=repaired)
    for form in _forms(signature, rest):
        for pair, pair_id, pair_text in _pairs(config.key_pairs, signer):
            for candidate, path_id, path_text in signed_messages(form.path, target, config):
                if not _equal(_mac(pair, candidate), form.value):
                    continue
                size_id, size_text = _size(len(form.value), config.signature_size)
                ids = [each for each in (pair_id, path_id, form.id, size_id) if each]
                texts = [each for each in (form.text, size_text, pair_text, path_text) if each]
                if ids:
                    return Cause(id=ids[0], text="; ".join(texts), remedy=again)
        if hash_name := _other_hash(form, config):
            return Cause(id="signature.other_hash", text=f"the signature is made with {hash_name}", remedy=again)
    if any(_sign(pair, repaired, config).lower() == signature.lower() for pair in config.key_pairs):
        return Cause(id="url.case_changed", text="the signature has other capitals than the right one", remedy=again)
    return _unknown(signature, config, signer, again)


def _sign(pair: KeyPair, path: str, config: UrlConfig) -> str:
    return Signer([pair], config.signature_size).sign(path)


def _other_hash(form: _Signed, config: UrlConfig) -> str:
    """Return how a signature was made that is not HMAC-SHA256; '' if that is not found out."""
    path = b"/" + repair(form.path).encode("utf-8", "surrogateescape")
    for key, salt in config.key_pairs:
        for name in _HASHES:
            if _equal(hmac.digest(key, salt + path, name), form.value):
                return f"HMAC-{name.upper()}, expected HMAC-SHA256"
        for message in (key + salt + path, salt + path, salt + path + key, salt + key + path):
            if _equal(hashlib.sha256(message).digest(), form.value):
                return "SHA-256 alone, expected HMAC-SHA256 with the key"
    return ""


def _missing(signature: str, rest: str, config: UrlConfig) -> Cause | None:
    separator = config.arguments_separator
    if signature in UNSIGNED:
        return Cause(
            id="signature.unsafe_not_allowed",
            text=f"{signature!r} stands in place of a signature, and this service serves signed URLs alone",
            remedy="Sign the URL (mememime sign), or set MEMEMIME_ALLOW_UNSIGNED=true if anybody may request renders.",
        )
    first = signature.partition(separator)[0]
    looks_like_option = separator in signature and first in BY_NAME
    if not signature or not rest or looks_like_option or signature in {"plain", "enc", "enc2"} or _is_source(signature):
        return Cause(
            id="signature.missing",
            text=f"the path begins with {signature[:40]!r}, where the signature is expected",
            remedy="Put the signature in front: mememime sign --path makes it.",
        )
    return None


def _is_source(text: str) -> bool:
    """Return whether a segment is the base64 of a URL."""
    try:
        return b"://" in decode(text.partition(".")[0])
    except ValueError:
        return False


def _forms(signature: str, rest: str) -> Iterator[_Signed]:
    """Yield the bytes that a signature may stand for, with the path behind it."""
    if value := _decoded(signature):
        yield _Signed(value, rest)
    bare = unquote(signature).rstrip("=")
    if bare != signature and (value := _decoded(bare)):
        yield _Signed(
            value, rest, "signature.padded", "the signature has padding (=), which URL-safe base64 here has not"
        )
    # The standard alphabet has a slash in it, which splits the signature into segments.
    pieces = f"{signature}/{rest}".split("/")
    for count in range(1, min(6, len(pieces))):
        text = unquote("/".join(pieces[:count])).rstrip("=").translate(str.maketrans("+/", "-_"))
        if (count > 1 or text != bare) and (value := _decoded(text)):
            explained = "the signature is written in the standard alphabet of base64 (+ and /), not in the URL-safe one"
            yield _Signed(value, "/".join(pieces[count:]), "signature.standard_base64", explained)
    with contextlib.suppress(ValueError):
        text = _decoded(bare).decode("ascii")
        explained = "the signature is the base64 of hexadecimal digits, expected that of the bytes"
        yield _Signed(bytes.fromhex(text), rest, "signature.hexadecimal", explained)
    try:
        yield _Signed(
            bytes.fromhex(signature), rest, "signature.hexadecimal", "the signature is written in hexadecimal"
        )
    except ValueError:
        return


def _decoded(text: str) -> bytes:
    """Return the bytes of a signature, of one that is cut off, too; b"" for another text."""
    try:
        value = decode(text[:-1] if len(text) % 4 == 1 else text)
    except (ValueError, binascii.Error):
        return b""
    return value if len(value) >= _MIN_BYTES else b""


def _equal(full: bytes, given: bytes) -> bool:
    return len(given) <= len(full) and hmac.compare_digest(full[: len(given)], given)


def _mac(pair: KeyPair, message: bytes) -> bytes:
    return hmac.digest(pair[0], message.replace(SALT_MARK, pair[1], 1), hashlib.sha256)


def _size(given: int, expected: int) -> tuple[str, str]:
    if given < expected:
        return "signature.truncated", f"the signature has {given} bytes, expected {expected}: its end is missing"
    if given > expected:
        return "signature.too_long", f"the signature has {given} bytes, MEMEMIME_SIGNATURE_SIZE is {expected}"
    return "", ""


def _pairs(own: tuple[KeyPair, ...], signer: tuple[KeyPair, ...]) -> Iterator[tuple[KeyPair, str, str]]:
    """Yield keys and salts as sites use them, the right ones first."""
    for pair in own:
        yield pair, "", ""
    for key, salt in own:
        yield (salt, key), "signature.key_and_salt_swapped", "key and salt are exchanged"
        yield (key, b""), "signature.salt_missing", "the salt was left out"
        for spell in (bytes.hex, lambda data: data.hex().upper()):
            texts = spell(key).encode(), spell(salt).encode()
            explained = "key and salt were used as texts; they are hexadecimal numbers to decode"
            yield texts, "signature.key_not_decoded", explained
            yield (texts[0], salt), "signature.key_not_decoded", "the key was used as a text, not decoded"
            yield (key, texts[1]), "signature.salt_not_decoded", "the salt was used as a text, not decoded"
        with contextlib.suppress(binascii.Error):
            pair = base64.b64decode(key.hex()), base64.b64decode(salt.hex())
            yield pair, "signature.key_not_decoded", "key and salt were decoded as base64; they are hexadecimal"
        for _, other in own:
            if other != salt:
                yield (key, other), "signature.wrong_salt", "the salt belongs to another key of this service"
    for key, salt in signer:
        if any(key == each for each, _ in own):
            yield (key, salt), "signature.wrong_salt", "the signing site has this service's key and another salt"
        elif any(salt == each for _, each in own):
            yield (key, salt), "signature.wrong_key", "the signing site has this service's salt and another key"
        else:
            yield (key, salt), "signature.wrong_key", "the signing site has another key and another salt"


def _unknown(signature: str, config: UrlConfig, signer: tuple[KeyPair, ...], again: str) -> Cause:
    if signer and all(pair in config.key_pairs for pair in signer):
        return Cause(
            id="signature.of_another_path",
            text="the signing site has the right key and salt: this is the signature of another path",
            remedy=f"Compare what the site signs with the path here, byte by byte. {again}",
        )
    length = len(signature)
    expected = len(Signer(config.key_pairs, config.signature_size).sign("x"))
    size = f" (it has {length} characters, expected {expected})" if length != expected else ""
    return Cause(
        id="signature.other_key",
        text=f"the signature{size} was made with another key or salt, or for another path; none of the usual mistakes"
        " explains it",
        remedy="Compare KEY and SALT of the signing site with those of the service (mememime keys show); with"
        f" --signer-env-file FILE, the site's variables, this command says which differs. {again}",
    )
