"""Admission of uploads: permissions, size limits, and the number of concurrent bodies."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from mememime_proxy.errors import DigestError, OverloadError, UploadTooLargeError, UploadTypeError
from mememime_proxy.resources.aliases.model import UNCONDITIONAL, AliasCondition
from mememime_proxy.resources.auth.principal import Principal
from mememime_proxy.resources.uploads.model import UploadIntent, file_name
from mememime_proxy.service.alias_names import normalise


class UploadSlots:
    """The bodies that this process receives at the same time."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._count = 0

    @property
    def in_use(self) -> int:
        """The number of slots that are taken."""
        return self._count

    @contextlib.contextmanager
    def take(self) -> Iterator[None]:
        """Take a slot for one body; OverloadError where none is free."""
        if self._count >= self.limit:
            raise OverloadError(f"{self._count} uploads are in progress")
        self._count += 1
        try:
            yield
        finally:
            self._count -= 1


def size_limit(principal: Principal, max_size: int) -> int:
    """Return how many bytes one upload may have, where the service takes ``max_size``."""
    return min(max_size, (principal.claims and principal.claims.max_size) or max_size)


def check_size(size: int, limit: int) -> None:
    """Raise UploadTooLargeError for more than ``limit`` bytes."""
    if size > limit:
        raise UploadTooLargeError(f"found {size} bytes, at most {limit} are allowed")


def check_type(principal: Principal, media_type: str) -> None:
    """Raise UploadTypeError for a media type that the principal's token does not allow."""
    if principal.claims and principal.claims.types and media_type not in principal.claims.types:
        raise UploadTypeError(f"found {media_type}, the token allows {', '.join(principal.claims.types)}")


def upload_intent(
    principal: Principal,
    *,
    sha256: str = "",
    alias: str = "",
    condition: AliasCondition = UNCONDITIONAL,
    filename: str = "",
) -> UploadIntent:
    """Return the intent of an upload, as far as it can be checked before a byte has come.

    AliasNameError, RoleError; DigestError where the token is for other bytes.
    """
    principal.check_creation()
    if principal.claims and principal.claims.sha256 and sha256 and sha256 != principal.claims.sha256:
        raise DigestError(f"the token is valid for {principal.claims.sha256} only")
    name = normalise(alias) if alias else ""
    if name:
        principal.check_alias(name)
    return UploadIntent(sha256=sha256, alias=name, condition=condition, filename=file_name(filename))
