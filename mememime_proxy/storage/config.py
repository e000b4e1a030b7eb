"""What an operator decides about storages."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from mememime_proxy.errors import SettingsError
from mememime_proxy.storage.s3.accounts import S3Account


@dataclass(frozen=True, slots=True)
class BucketRule:
    """Patterns of buckets, ``*`` for anything: one has to be allowed, where any are, and may not be denied."""

    allowed: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises SettingsError for a rule that nothing can satisfy, or whose halves say opposite things of one text."""
        for pattern in self.allowed:
            for other in self.denied:
                if other in {pattern, "*"}:
                    raise SettingsError(
                        f"found the bucket {pattern!r} allowed and {other!r} denied, expected one of it"
                    )
        if "*" in self.denied:
            raise SettingsError("found every bucket denied, expected the storage to be off")

    def permits(self, bucket: str) -> bool:
        """Whether objects of this bucket may be read."""
        return (not self.allowed or _fits(bucket, self.allowed)) and not _fits(bucket, self.denied)


def _fits(bucket: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(bucket, pattern) for pattern in patterns)


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleAccount:
    """Google Cloud Storage. Without a key: the usual Google credentials."""

    key: str = field(default="", repr=False)
    """A service account's key, as JSON."""
    endpoint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureAccount:
    """Azure Blob Storage. Without a key: the usual Azure credentials."""

    name: str = ""
    key: str = field(default="", repr=False)
    endpoint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Config:
    """``s3://``: the accounts of the file, and the one that answers for all other buckets."""

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
    """Where results are kept: ``place`` is a bucket of ``account``, or a folder where there is none."""

    place: str
    account: S3Account | GoogleAccount | AzureAccount | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetsConfig:
    """Where originals of assets are kept: ``place`` as in CacheConfig, and what their keys begin with there."""

    place: str
    prefix: str = ""
    writes: bool = True
    """Whether whoever opens it may write; a folder need not be writable otherwise."""
    account: S3Account | GoogleAccount | AzureAccount | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoragesConfig:
    """All of it; None = not there."""

    s3: S3Config | None = None
    google: GoogleConfig | None = None
    azure: AzureConfig | None = None
    cache: CacheConfig | None = None
    assets: AssetsConfig | None = None
