"""Configuration of storages."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from mememime_proxy.errors import SettingsError
from mememime_proxy.storage.s3.accounts import S3Account


@dataclass(frozen=True, slots=True)
class BucketRule:
    """Patterns (``*`` for anything) of allowed and denied buckets. An empty list of allowed ones allows all."""

    allowed: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raise SettingsError for a rule that permits no bucket, or that allows and denies the same pattern."""
        for pattern in self.allowed:
            for other in self.denied:
                if other in {pattern, "*"}:
                    raise SettingsError(
                        f"found the bucket {pattern!r} allowed and {other!r} denied, expected one of both"
                    )
        if "*" in self.denied:
            raise SettingsError("found every bucket denied, expected the storage to be off")

    def permits(self, bucket: str) -> bool:
        """Return whether objects of ``bucket`` may be read."""
        return (not self.allowed or _matches(bucket, self.allowed)) and not _matches(bucket, self.denied)


def _matches(bucket: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(bucket, pattern) for pattern in patterns)


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleAccount:
    """Google Cloud Storage. Without a key: the default Google credentials."""

    key: str = field(default="", repr=False)
    """A service account's key, as JSON."""
    endpoint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureAccount:
    """Azure Blob Storage. Without a key: the default Azure credentials."""

    name: str = ""
    key: str = field(default="", repr=False)
    endpoint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Config:
    """``s3://``: the accounts of the file, and the default one for all other buckets."""

    default: S3Account | None = None
    named: tuple[S3Account, ...] = ()
    rule: BucketRule = BucketRule()


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleConfig:
    """``gs://``."""

    account: GoogleAccount = GoogleAccount()
    rule: BucketRule = BucketRule()


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureConfig:
    """``abs://``."""

    account: AzureAccount = AzureAccount()
    rule: BucketRule = BucketRule()


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheConfig:
    """Storage of rendered variants: ``place`` is a bucket of ``account``, or a folder without one."""

    place: str
    account: S3Account | GoogleAccount | AzureAccount | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetsConfig:
    """Storage of assets: ``place`` as in CacheConfig; ``prefix`` begins each key."""

    place: str
    prefix: str = ""
    writes: bool = True
    """Whether it is opened for writing; a folder may be read-only otherwise."""
    account: S3Account | GoogleAccount | AzureAccount | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoragesConfig:
    """All storages; None = not configured."""

    s3: S3Config | None = None
    google: GoogleConfig | None = None
    azure: AzureConfig | None = None
    cache: CacheConfig | None = None
    assets: AssetsConfig | None = None
