"""Admission: who may upload what, how much of it, and how many bodies at once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from mememime_proxy.errors import DigestError, OverloadError, UploadTooLargeError, UploadTypeError
from mememime_proxy.resources.aliases.model import UNCONDITIONAL, AliasCondition
from mememime_proxy.resources.aliases.names import normalised
from mememime_proxy.resources.auth.principal import Caller
from mememime_proxy.resources.uploads.model import UploadIntent


class UploadSlots:
    """The bodies that this process receives at the same time."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken = 0

    @contextlib.contextmanager
    def take(self) -> Iterator[None]:
        """Take a slot for one body; OverloadError where all are taken."""
        if self._taken >= self._limit:
            raise OverloadError(f"{self._taken} uploads are under way")
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1


def size_limit(caller: Caller, max_size: int) -> int:
    """Return how many bytes one upload may have, where the service takes ``max_size``."""
    return min(max_size, (caller.scope and caller.scope.max_size) or max_size)


def check_size(size: int, limit: int) -> None:
    """Raise UploadTooLargeError for more than ``limit`` bytes."""
    if size > limit:
        raise UploadTooLargeError(f"found {size} bytes, at most {limit} are allowed")


def check_type(caller: Caller, media_type: str) -> None:
    """Raise UploadTypeError for a media type that the caller's token does not allow."""
    if caller.scope and caller.scope.types and media_type not in caller.scope.types:
        raise UploadTypeError(f"found {media_type}, the token allows {', '.join(caller.scope.types)}")


def upload_intent(
    caller: Caller, *, sha256: str = "", alias: str = "", condition: AliasCondition = UNCONDITIONAL
) -> UploadIntent:
    """Return the intent of an upload, as far as it can be checked before a byte has come.

    AliasNameError, RoleError; DigestError where the token is for other bytes.
    """
    if caller.scope and caller.scope.sha256 and sha256 and sha256 != caller.scope.sha256:
        raise DigestError(f"the token is good for {caller.scope.sha256}")
    name = normalised(alias) if alias else ""
    if name:
        caller.may_name(name)
    return UploadIntent(sha256=sha256, alias=name, condition=condition)
