"""The configuration of the workers that render pictures, with the key that signs their results."""

from __future__ import annotations

from dataclasses import replace

from mememime_proxy.settings import sections
from mememime_proxy.settings.settings import Settings
from mememime_proxy.workers.config import PoolConfig
from mememime_proxy.workers.parent.signing import SigningKey, load_key


def signing_key(settings: Settings) -> SigningKey | None:
    """Return the key for C2PA manifests, None where results get none. Reads files. Raises SettingsError."""
    if settings.c2pa == "off":
        return None
    return load_key(settings.c2pa_certificate, settings.c2pa_private_key, settings.c2pa_algorithm)


def picture_pool_config(settings: Settings, key: SigningKey | None) -> PoolConfig:
    """Return the configuration of a pool whose results are signed with ``key``."""
    config = sections.pool_config(settings)
    return config if key is None else replace(config, identity=key.identity, sign=key.sign)
