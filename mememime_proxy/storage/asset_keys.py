"""Where the resource service keeps its objects: one layout, which the proxy reads and the service writes."""

from __future__ import annotations

import re

_DIGEST = re.compile(r"[0-9a-f]{64}")
_ID = re.compile(r"[0-9a-f]{32}")

ASSETS = "assets/"
CHUNKS = "chunks/"
INCOMING = "incoming/"


def asset_key(sha256: str) -> str:
    """The bytes of the asset with this digest. ValueError for what is no digest."""
    _check(_DIGEST, sha256)
    return f"{ASSETS}{sha256[:2]}/{sha256[2:4]}/{sha256}"


def asset_of(key: str) -> str:
    """The digest of an asset's key; '' for another key."""
    digest = key.rpartition("/")[2]
    return digest if _DIGEST.fullmatch(digest) and asset_key(digest) == key else ""


def chunk_key(upload: str, start: int, nonce: str) -> str:
    """A piece of an upload. ``nonce``: 32 hexadecimal letters, so that no two senders of a piece share an object."""
    _check(_ID, upload)
    _check(_ID, nonce)
    return f"{CHUNKS}{upload}/{start:020d}-{nonce}"


def upload_of(key: str) -> str:
    """The upload's id of the key of a piece, or of an object that a client sends past the service; '' for others."""
    place, _, rest = key.partition("/")
    upload = rest.partition("/")[0]
    return upload if f"{place}/" in {CHUNKS, INCOMING} and _ID.fullmatch(upload) else ""


def incoming_key(upload: str) -> str:
    """What a client sends straight to the storage, before it is verified."""
    _check(_ID, upload)
    return f"{INCOMING}{upload}"


def _check(pattern: re.Pattern[str], text: str) -> None:
    if not pattern.fullmatch(text):
        raise ValueError(f"found {text[:80]!r}, expected {pattern.pattern}")
