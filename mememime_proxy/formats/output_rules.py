"""What decides the form of a result besides its format: what clients accept, what of an original may be given out."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class FormatPreference:
    """The formats that the client's Accept header and the operator's AUTO_/ENFORCE_ settings allow together."""

    prefer_webp: bool = False
    prefer_avif: bool = False
    prefer_jxl: bool = False
    enforce_webp: bool = False
    enforce_avif: bool = False
    enforce_jxl: bool = False


NO_PREFERENCE = FormatPreference()
"""Of a client that accepts no modern format."""


class OriginalPolicy(enum.StrEnum):
    """Whether the bytes of an original may be given out: as they came, without private metadata, or not at all."""

    ALLOW = "allow"
    STRIP = "strip"
    FORBID = "forbid"


C2paMode = Literal["off", "keep", "always"]
SigningAlgorithm = Literal["es256", "es384", "es512", "ed25519"]


@dataclass(frozen=True, slots=True)
class SigningIdentity:
    """Who signs C2PA manifests, without the key."""

    certificates: str = ""
    """PEM, that of the signer first; '' = nobody signs."""
    algorithm: SigningAlgorithm = "es256"


NOBODY = SigningIdentity()
