"""Keys of the resource service's objects: the layout that the proxy reads and the service writes."""

from __future__ import annotations

import re

_DIGEST = re.compile(r"[0-9a-f]{64}")
_ID = re.compile(r"[0-9a-f]{32}")

ASSETS = "assets/"
CHUNKS = "chunks/"
INCOMING = "incoming/"


def asset_key(sha256: str) -> str:
    """Return the key of the asset with this digest. ValueError for another text."""
    _check(_DIGEST, sha256)
    return f"{ASSETS}{sha256[:2]}/{sha256[2:4]}/{sha256}"


def asset_of(key: str) -> str:
    """Return the digest in the key of an asset; '' for another key."""
    digest = key.rpartition("/")[2]
    return digest if _DIGEST.fullmatch(digest) and asset_key(digest) == key else ""


def chunk_key(upload: str, start: int, nonce: str) -> str:
    """Return the key of a chunk. ``nonce``: 32 hexadecimal digits, so that two senders never share an object."""
    _check(_ID, upload)
    _check(_ID, nonce)
    return f"{CHUNKS}{upload}/{start:020d}-{nonce}"


def upload_of(key: str) -> str:
    """Return the upload id in the key of a chunk or of an incoming object; '' for another key."""
    folder, _, rest = key.partition("/")
    upload = rest.partition("/")[0]
    return upload if f"{folder}/" in {CHUNKS, INCOMING} and _ID.fullmatch(upload) else ""


def incoming_key(upload: str) -> str:
    """Return the key of an object that a client sends directly to the storage, before it is verified."""
    _check(_ID, upload)
    return f"{INCOMING}{upload}"


def _check(pattern: re.Pattern[str], text: str) -> None:
    if not pattern.fullmatch(text):
        raise ValueError(f"found {text[:80]!r}, expected {pattern.pattern}")
