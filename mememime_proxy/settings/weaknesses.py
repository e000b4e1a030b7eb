"""Weak settings: keys and signatures that can be guessed. A service starts with them, as imgproxy does, and warns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from mememime_proxy.settings.settings import Settings

MIN_KEY: Final = 16
"""Bytes below which a key can be guessed from one signature, without a request."""
MIN_SIGNATURE: Final = 8
"""Bytes below which a signature can be guessed by requests."""
_PROXY_KEYS: Final = ("key", "purge_key", "source_url_encryption_key")
_RESOURCE_KEYS: Final = ("token_key", "purge_key", "webhook_key")
_PROXY_TEXTS: Final = ("secret", "trusted_signatures")
_PUBLISHED: Final = frozenset({bytes.fromhex("943b421c9eb07c830af81030552c86009268de4e532ba2ee2eab8247c6da0881")})
"""Keys of examples in public documentation, which are the first that anyone tries: imgproxy's."""


@dataclass(frozen=True, slots=True)
class Weakness:
    """A setting that makes a service open to guessing. ``variable``: as it was set."""

    variable: str
    detail: str


def weaknesses(settings: Settings, *, proxy: bool = False, resources: bool = False) -> Iterator[Weakness]:
    """Yield the weak keys, signatures and secrets that the proxy or the resource service would use."""
    for name in dict.fromkeys(_PROXY_KEYS * proxy + _RESOURCE_KEYS * resources):
        value = getattr(settings, name)
        yield from _weak_keys(settings.variable(name), value if isinstance(value, tuple) else (value,))
    if not proxy:
        return
    if settings.key and settings.signature_size < MIN_SIGNATURE:
        detail = f"signatures of {settings.signature_size} bytes can be guessed; {MIN_SIGNATURE} or more cannot"
        yield Weakness(settings.variable("signature_size"), detail)
    for name in _PROXY_TEXTS:
        value = getattr(settings, name)
        if any(0 < len(text) < MIN_KEY for text in (value if isinstance(value, tuple) else (value,))):
            yield Weakness(settings.variable(name), f"a text shorter than {MIN_KEY} characters can be guessed")


def _weak_keys(variable: str, keys: Sequence[bytes]) -> Iterator[Weakness]:
    for number, key in enumerate(keys, 1):
        if key and (reason := weakness_of_key(key)):
            which = f"key {number} of {len(keys)}" if len(keys) > 1 else "the key"
            yield Weakness(variable, f"{which} {reason}")


def weakness_of_key(key: bytes) -> str:
    """Return why a key can be guessed, as the end of a sentence; '' where it cannot."""
    if len(key) < MIN_KEY:
        return f"has {len(key)} bytes and can be guessed; {MIN_KEY} or more cannot"
    if key in _PUBLISHED:
        return "is that of an example in public documentation"
    if len({(after - before) % 256 for before, after in pairwise(key)}) == 1:
        return "is one byte repeated, or counts up or down, and can be guessed"
    period = (key + key).find(key, 1)
    if period < MIN_KEY:
        return f"repeats {period} bytes and can be guessed"
    return ""
