"""The operator's settings for URLs, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field

from mememime_proxy.plan import Plan
from mememime_proxy.urls.signature import MAX_SIZE, STRONG, KeyPair


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlConfig:
    """The settings that the URL parser needs. Each is explained at the setting of the same name."""

    key_pairs: tuple[KeyPair, ...] = field(default=(), repr=False)
    """Keys with their salts; a URL may be signed with any of the pairs."""
    signature_size: int = MAX_SIZE
    trusted_signatures: frozenset[str] = field(default=frozenset(), repr=False)
    allow_unsigned: bool = False

    path_prefix: str = ""
    arguments_separator: str = ":"
    allowed_options: frozenset[str] = frozenset()
    allow_security_options: bool = False
    presets: tuple[str, ...] = ()
    """Definitions, as ``presets.parse_presets`` reads them."""
    only_presets: bool = False

    base_url: str = ""
    url_replacements: str = ""
    """See ``rewriting.replacements``."""
    base64_url_includes_filename: bool = False
    source_url_query_separator: str = "?"
    source_url_encryption_key: bytes = field(default=b"", repr=False)
    allowed_sources: tuple[str, ...] = ()

    base_plan: Plan = field(default_factory=Plan)
    """The operator's defaults for every request."""

    def weaknesses(self) -> tuple[str, ...]:
        """Return the weak settings, which are accepted for compatibility with imgproxy, as sentences."""
        weaknesses = []
        if any(min(len(key), len(salt)) < STRONG for key, salt in self.key_pairs):
            weaknesses.append(f"a signing key or salt is shorter than {STRONG} bytes and can be guessed")
        if self.key_pairs and self.signature_size < STRONG:
            weaknesses.append(f"signatures of {self.signature_size} bytes can be guessed; {STRONG} or more cannot")
        if self.allow_unsigned:
            weaknesses.append("URLs without a signature are served")
        return tuple(weaknesses)
