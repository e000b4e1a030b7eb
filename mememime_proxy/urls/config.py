"""The operator's settings for URLs, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field

from mememime_proxy.color.profile_files import BUILT_IN
from mememime_proxy.plan import Plan
from mememime_proxy.urls.signature import MAX_SIZE, KeyPair


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
    permissions: frozenset[str] = frozenset()
    """Settings that single options need, as far as they are on: ``Option.permission``."""
    max_chained_pipelines: int = 8
    """Pipelines that a URL may write; 0 = no limit but that of all."""
    presets: tuple[str, ...] = ()
    """Definitions, as ``presets.parse_presets`` reads them."""
    only_presets: bool = False

    base_url: str = ""
    url_replacements: str = ""
    """See ``rewriting.replacements``."""
    color_profiles: frozenset[str] = BUILT_IN
    """Names of colour profiles that results may have."""
    watermark_preprocess_url: bool = False
    fallback_image_preprocess_url: bool = False
    """Whether ``base_url`` and ``url_replacements`` are for the URLs of watermarks and masks, too."""
    base64_url_includes_filename: bool = False
    source_url_query_separator: str = "?"
    source_url_encryption_key: bytes = field(default=b"", repr=False)
    allowed_sources: tuple[str, ...] = ()

    base_plan: Plan = field(default_factory=Plan)
    """The operator's defaults for every request."""
